//! A Pod asks for the injection of a mesh proxy, but not to be held back until the proxy is ready.
//!
//! # Why
//! The injector adds the proxy later, so it is not in the manifest; but annotations decide how it is added. Istio holds back the
//! application only if `proxy.istio.io/config` says so (`holdApplicationUntilProxyStarts`) or if the proxy is a native sidecar
//! (`sidecar.istio.io/nativeSidecar`). Linkerd holds it back unless `config.linkerd.io/proxy-await` is `disabled`. The setting `mesh`
//! says what is required. A mesh that it leaves out is not judged, since the mesh itself may be configured to hold applications back.
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
//! # How to fix it
//! Set the annotation on the Pod template, so that Pods are created with it.

use super::rule::Rule;
use crate::finding::{ErrorKind, Finding, Refusal, Subject};
use crate::model::istio_config::{self, Hold, hold_of};
use crate::model::texts::texts;
use crate::repair::draft::Draft;
use crate::repair::edit::Edit;
use crate::repair::plan::{Phase, Plan, Repair, Task};
use crate::settings::action::{Action, Fix};
use crate::settings::mesh::MeshHold;
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;
use crate::startup::mesh::{NATIVE_ISTIO, asks_for_istio, asks_for_linkerd};

pub(super) const RULE: Rule = Rule {
    id: RuleId::UnheldMeshInjection,
    source: texts(include_str!("unheld_mesh_injection.rs")),
    check,
    repair: Some(Repair { needs: Fix::Safe, phase: Phase::Mesh, plan }),
};

/// The annotation that says whether Linkerd's proxy holds back the application.
const PROXY_AWAIT: &str = "config.linkerd.io/proxy-await";

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Context { pod, settings, .. } = context;
    if pod.spec().host_network {
        return;
    }
    if let Some(wanted) = settings.mesh.istio.filter(|_| asks_for_istio(pod)) {
        findings.extend(unheld_istio(context, wanted));
    }
    let awaits = pod.annotations().get(PROXY_AWAIT) != Some("disabled");
    if settings.mesh.linkerd.is_some() && asks_for_linkerd(pod) && !awaits {
        findings.push(finding(
            context,
            "linkerd-proxy",
            PROXY_AWAIT,
            "remove the annotation or set it to enabled",
        ));
    }
}

fn unheld_istio(context: &Context<'_>, wanted: MeshHold) -> Option<Finding> {
    let annotations = context.pod.annotations();
    if annotations.get(NATIVE_ISTIO) == Some("true") {
        return None;
    }
    let (annotation, remedy) = match (wanted, hold_of(annotations)) {
        (MeshHold::Native, _) => (NATIVE_ISTIO, "set the annotation to \"true\""),
        (MeshHold::Hold, Hold::Asked) => return None,
        (MeshHold::Hold, Hold::NotAsked) => {
            (istio_config::CONFIG, "add holdApplicationUntilProxyStarts: true at its top level")
        }
        (MeshHold::Hold, Hold::Unreadable) => {
            let remedy = "write it as YAML or JSON with holdApplicationUntilProxyStarts: true, without quotes, at its top level";
            (istio_config::CONFIG, remedy)
        }
    };
    Some(finding(context, "istio-proxy", annotation, remedy))
}

fn finding(context: &Context<'_>, proxy: &str, annotation: &'static str, remedy: &str) -> Finding {
    let application = context.pod.application();
    Finding {
        subject: Subject::Pod(annotation.into()),
        path: context.pod.annotation_path(annotation),
        kind: ErrorKind::Required,
        detail: format!(
            "{proxy} will be injected without holding back {application} until it is ready; {remedy}"
        ),
        short: format!("{proxy} would not hold back {application}"),
        ceiling: Action::Deny,
    }
}

fn plan(task: &Task<'_, '_>, _: &Draft<'_>) -> Result<Plan, Refusal> {
    let annotation = task.key()?.as_str();
    let value = match annotation {
        istio_config::CONFIG => {
            let config = task.context.pod.annotations().get(istio_config::CONFIG).unwrap_or_default();
            istio_config::with_hold(config).ok_or("it is unclear what the annotation says")?
        }
        PROXY_AWAIT => "enabled".to_owned(),
        _ => "true".to_owned(),
    };
    let what = format!("set the annotation {annotation}");
    Ok(Plan::new(what, vec![Edit::annotation(annotation, value)]))
}
