//! A Pod asks a mesh for its proxy, but not to be held until the proxy is ready.
//!
//! # Why
//! The injector adds the proxy after the manifest was written, so nothing of it is to be seen there; but annotations decide how. Istio
//! holds an application only where it is told to (`holdApplicationUntilProxyStarts` in `proxy.istio.io/config`) or where the proxy is
//! native (`sidecar.istio.io/nativeSidecar`). Linkerd holds it unless `config.linkerd.io/proxy-await` is disabled. The setting `mesh`
//! says what is wanted; a mesh that is left out is not judged, since the mesh itself may be configured so.
//!
//! # Settings
//! ```yaml
//! mesh: {istio: Hold}
//! ```
//!
//! # Denied
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: shop, labels: {sidecar.istio.io/inject: "true"}}
//! spec:
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # Allowed
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: shop
//!   labels: {sidecar.istio.io/inject: "true"}
//!   annotations: {proxy.istio.io/config: "holdApplicationUntilProxyStarts: true"}
//! spec:
//!   containers:
//!     - {name: shop, image: "shop:1"}
//! ```
//!
//! # How to mend it
//! Set the annotation on the Pod template, so that the Pods are born with it.

use crate::field::FieldPath;
use crate::mesh::{self, Hold};
use crate::native_only;
use crate::object::Text;
use crate::pod::Pod;
use crate::rules::Rule;
use crate::settings::{Action, MeshHold, Settings};
use crate::violation::{ErrorKind, Finding};

pub(super) const RULE: Rule = Rule {
    id: "unheld-mesh-injection",
    default: Action::Deny,
    source: native_only(include_str!("unheld_mesh_injection.rs")),
    check,
};

fn check(pod: &Pod<'_>, settings: &Settings, findings: &mut Vec<Finding>) {
    if pod.spec().host_network {
        return;
    }
    if let Some(wanted) = settings.mesh.istio.filter(|_| asks_for_istio(pod)) {
        let native = pod.annotations().get("sidecar.istio.io/nativeSidecar") == Some("true");
        let config = mesh::hold_of(pod.annotations());
        let (path, problem) = match (wanted, config) {
            _ if native => return,
            (MeshHold::Native, _) => ("sidecar.istio.io/nativeSidecar", "set it to \"true\""),
            (MeshHold::Hold, Hold::Asked) => return,
            (MeshHold::Hold, Hold::NotAsked) => (mesh::CONFIG, "add holdApplicationUntilProxyStarts: true"),
            (MeshHold::Hold, Hold::Unreadable) => {
                (mesh::CONFIG, "it is neither YAML nor JSON; write it anew")
            }
        };
        findings.push(finding(pod, "istio-proxy", path, problem));
    }
    let awaits = pod.annotations().get("config.linkerd.io/proxy-await") != Some("disabled");
    if settings.mesh.linkerd.is_some() && asks_for_linkerd(pod) && !awaits {
        findings.push(finding(
            pod,
            "linkerd-proxy",
            "config.linkerd.io/proxy-await",
            "take it away, or set it to enabled",
        ));
    }
}

fn asks_for_istio(pod: &Pod<'_>) -> bool {
    let key = "sidecar.istio.io/inject";
    let asks = pod.labels().get(key).or_else(|| pod.annotations().get(key));
    asks == Some("true") && !has_container(pod, "istio-proxy")
}

fn asks_for_linkerd(pod: &Pod<'_>) -> bool {
    matches!(pod.annotations().get("linkerd.io/inject"), Some("enabled" | "ingress"))
        && !has_container(pod, "linkerd-proxy")
}

/// Whether the proxy is there already, and the annotations have had their effect.
fn has_container(pod: &Pod<'_>, name: &str) -> bool {
    pod.containers.iter().map(|container| &container.fields.name).any(|other: &Text<'_>| **other == *name)
}

fn finding(pod: &Pod<'_>, proxy: &str, annotation: &str, remedy: &str) -> Finding {
    let application = pod.application();
    let path: FieldPath = pod.metadata_path().child("annotations").child(annotation);
    Finding {
        path,
        kind: ErrorKind::Required,
        detail: format!(
            "{proxy} will be injected without holding back {application} until it is ready; {remedy}"
        ),
        short: format!("{proxy} would not hold back {application}; {remedy}"),
        ceiling: Action::Deny,
        suggestion: None,
    }
}
