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

use std::borrow::Cow;

use serde_json::json;

use crate::edit::Draft;
use crate::field::{FieldPath, Segment};
use crate::mesh::{self, Hold};
use crate::native_only;
use crate::pod::Pod;
use crate::repair::{Phase, Refusal, Repair, Task};
use crate::rules::Rule;
use crate::settings::{Action, Fix, MeshHold, Settings};
use crate::violation::{ErrorKind, Finding};

pub(super) const RULE: Rule = Rule {
    id: "unheld-mesh-injection",
    default: Action::Deny,
    source: native_only(include_str!("unheld_mesh_injection.rs")),
    check,
    repair: Some(Repair { needs: Fix::Safe, phase: Phase::Mesh, make }),
};

/// The annotation that says whether Linkerd's proxy holds the application.
const PROXY_AWAIT: &str = "config.linkerd.io/proxy-await";

fn check(pod: &Pod<'_>, settings: &Settings, findings: &mut Vec<Finding>) {
    if pod.spec().host_network {
        return;
    }
    if let Some(wanted) = settings.mesh.istio.filter(|_| mesh::asks_for_istio(pod)) {
        let native = pod.annotations().get(mesh::NATIVE_ISTIO) == Some("true");
        let config = mesh::hold_of(pod.annotations());
        let (path, problem) = match (wanted, config) {
            _ if native => return,
            (MeshHold::Native, _) => (mesh::NATIVE_ISTIO, "set it to \"true\""),
            (MeshHold::Hold, Hold::Asked) => return,
            (MeshHold::Hold, Hold::NotAsked) => (mesh::CONFIG, "add holdApplicationUntilProxyStarts: true"),
            (MeshHold::Hold, Hold::Unreadable) => {
                (mesh::CONFIG, "it is neither YAML nor JSON; write it anew")
            }
        };
        findings.push(finding(pod, "istio-proxy", path, problem));
    }
    let awaits = pod.annotations().get(PROXY_AWAIT) != Some("disabled");
    if settings.mesh.linkerd.is_some() && mesh::asks_for_linkerd(pod) && !awaits {
        findings.push(finding(pod, "linkerd-proxy", PROXY_AWAIT, "take it away, or set it to enabled"));
    }
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

fn make(task: &Task<'_>, draft: &mut Draft<'_>) -> Result<String, Refusal> {
    let Task { pod, finding, .. } = *task;
    let Some(Segment::Key(key)) = finding.path.segments().last() else {
        return Err("it names no annotation".into());
    };
    let value = match key.as_str() {
        mesh::CONFIG => {
            let config = pod.annotations().get(mesh::CONFIG).unwrap_or_default();
            Cow::Owned(mesh::with_hold(config).ok_or("it is not sure what the annotation says")?)
        }
        PROXY_AWAIT => Cow::Borrowed("enabled"),
        _ => Cow::Borrowed("true"),
    };
    draft.set_in_template(&["metadata", "annotations", key], json!(value));
    Ok(format!("set the annotation {key}"))
}
