//! A Pod asks for the injection of a mesh proxy, but not to be held back until the proxy is ready.
//!
//! # Why
//! The injector adds the proxy later, so it is not in the manifest; but annotations decide how it is added. Istio holds back the
//! application only if `proxy.istio.io/config` says so (`holdApplicationUntilProxyStarts`) or if the proxy is a native sidecar
//! (`sidecar.istio.io/nativeSidecar`). Linkerd holds it back unless `config.linkerd.io/proxy-await` is `disabled`. The setting `mesh`
//! says what is required. A mesh that it leaves out is not judged, since the mesh itself may be configured to hold applications back.
//!
//! - `Hold`: the application must be held back. In a Pod that should complete, this takes a native proxy, since a hook does not end the
//!   proxy when the work is done; unless something else is known to end it (see `never-completing-job`).
//! - `Native`: the Pod must ask for a native proxy. For Linkerd, `config.beta.linkerd.io/proxy-enable-native-sidecar` counts, and its newer
//!   and older names with `config.linkerd.io` and `config.alpha.linkerd.io`. Linkerd 2.20 and later inject native proxies by default: there
//!   `Hold` is enough. Earlier ones reject a Pod that asks for a native proxy and has one wait before it exits
//!   (`config.alpha.linkerd.io/proxy-wait-before-exit-seconds`).
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
use crate::catalogue::row::{ISTIO_PROXY, LINKERD_PROXY};
use crate::finding::{ErrorKind, Finding, Refusal, Subject};
use crate::model::istio_config::{self, Hold, hold_of};
use crate::model::texts::texts;
use crate::pod::Pod;
use crate::pod::coordination::{Classic, is_awaited};
use crate::pod::ending::{is_ended, is_orchestrated};
use crate::repair::draft::Draft;
use crate::repair::edit::Edit;
use crate::repair::plan::{Phase, Plan, Repair, Task};
use crate::settings::action::{Action, Fix};
use crate::settings::mesh::MeshHold;
use crate::settings::rule_id::RuleId;
use crate::startup::context::Context;
use crate::startup::mesh::{
    NATIVE_ISTIO, WAIT_BEFORE_EXIT, asks_for_istio, asks_for_linkerd, asks_for_native_linkerd,
    native_linkerd, waits_before_exit,
};
use crate::startup::nodes::may_have_sidecars;

pub(super) const RULE: Rule = Rule {
    id: RuleId::UnheldMeshInjection,
    source: texts(include_str!("unheld_mesh_injection.rs")),
    check,
    repair: Some(Repair { needs: Fix::Safe, phase: Phase::Mesh, plan }),
};

/// What to do about an annotation that makes a proxy native.
const TURN_ON: &str = "set the annotation to \"true\"";

/// The same, where Linkerd's proxy is to sleep before it exits: until 2.20, the injector fails on both (`fail` in
/// `charts/partials/templates/_proxy.tpl`, from 1b37e1989 to 009a25fa3), and the API server with it.
const TURN_ON_ALONE: &str = "remove config.alpha.linkerd.io/proxy-wait-before-exit-seconds (Linkerd before 2.20 rejects a Pod with both), and set the annotation to \"true\"";

/// The annotation that says whether Linkerd's proxy holds back the application.
const PROXY_AWAIT: &str = "config.linkerd.io/proxy-await";

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Context { pod, settings, .. } = context;
    if pod.spec().host_network {
        return;
    }
    if let Some(wanted) = settings.mesh.istio.filter(|_| asks_for_istio(pod, settings)) {
        findings.extend(unheld_istio(context, wanted));
    }
    if let Some(wanted) = settings.mesh.linkerd.filter(|_| asks_for_linkerd(pod, settings)) {
        unheld_linkerd(context, wanted, findings);
    }
}

fn unheld_istio(context: &Context<'_>, wanted: MeshHold) -> Option<Finding> {
    let (pod, annotations) = (context.pod, context.pod.annotations());
    if annotations.get(NATIVE_ISTIO) == Some("true") {
        return None;
    }
    let (annotation, remedy) = match (wanted_in(pod, wanted, ISTIO_PROXY)?, hold_of(annotations)) {
        (MeshHold::Native, _) => (NATIVE_ISTIO, TURN_ON),
        (MeshHold::Hold, Hold::Asked) => return None,
        (MeshHold::Hold, Hold::NotAsked) => {
            (istio_config::CONFIG, "add holdApplicationUntilProxyStarts: true at its top level")
        }
        (MeshHold::Hold, Hold::Unreadable) => {
            let remedy = "write it as YAML or JSON with holdApplicationUntilProxyStarts: true, without quotes, at its top level";
            (istio_config::CONFIG, remedy)
        }
    };
    Some(unheld(context, ISTIO_PROXY, annotation, remedy))
}

fn unheld_linkerd(context: &Context<'_>, wanted: MeshHold, findings: &mut Vec<Finding>) {
    let pod = context.pod;
    let Some(wanted) = wanted_in(pod, wanted, LINKERD_PROXY) else { return };
    if wanted == MeshHold::Native && !asks_for_native_linkerd(pod) {
        let remedy = if waits_before_exit(pod) { TURN_ON_ALONE } else { TURN_ON };
        findings.push(unheld(context, LINKERD_PROXY, native_linkerd(pod), remedy));
    }
    // In either form, nothing else holds the application back: a native proxy has its startupProbe only then.
    if pod.annotations().get(PROXY_AWAIT) == Some("disabled") {
        findings.push(unheld(
            context,
            LINKERD_PROXY,
            PROXY_AWAIT,
            "remove the annotation or set it to enabled",
        ));
    }
}

/// How a proxy must hold back the application of a Pod; none if the Pod does that itself. Where the Pod should complete and nothing
/// is known to end the proxy, it has to be native: a hook does not end it.
fn wanted_in(pod: &Pod<'_>, wanted: MeshHold, proxy: &'static str) -> Option<MeshHold> {
    let proxy = Classic::Injected(proxy);
    if !pod.should_complete || wanted == MeshHold::Native {
        return Some(wanted);
    }
    if !is_ended(pod, proxy) {
        return Some(MeshHold::Native);
    }
    (!is_orchestrated(pod) && !is_awaited(pod, proxy)).then_some(wanted)
}

/// `annotation` must be set otherwise.
fn unheld(context: &Context<'_>, proxy: &str, annotation: &'static str, remedy: &str) -> Finding {
    let application = context.pod.application();
    let (consequence, short) = if !matches!(remedy, TURN_ON | TURN_ON_ALONE) {
        let consequence = format!("will be injected without holding back {application} until it is ready");
        (consequence, format!("{proxy} would not hold back {application}"))
    } else if context.pod.should_complete {
        let consequence =
            format!("may be injected as a classic sidecar, which does not exit with {application}");
        (consequence, format!("{proxy} may keep the Pod from completing"))
    } else {
        let consequence =
            format!("may be injected as a classic sidecar, which does not reliably hold back {application}");
        (consequence, format!("{proxy} may be injected as a classic sidecar"))
    };
    Finding {
        subject: Subject::Pod(annotation.into()),
        path: context.pod.annotation_path(annotation),
        kind: ErrorKind::Required,
        detail: format!("{proxy} {consequence}; {remedy}"),
        short,
        ceiling: Action::Deny,
    }
}

fn plan(task: &Task<'_, '_>, _: &Draft<'_>) -> Result<Plan, Refusal> {
    let annotation = task.key()?.as_str();
    let Context { pod, settings, reach, .. } = task.context;
    let value = match annotation {
        istio_config::CONFIG => {
            let config = pod.annotations().get(istio_config::CONFIG).unwrap_or_default();
            istio_config::with_hold(config).ok_or("it is unclear what the annotation says")?
        }
        PROXY_AWAIT => "enabled".to_owned(),
        _ => {
            may_have_sidecars(pod, reach, settings)?;
            if annotation != NATIVE_ISTIO && waits_before_exit(pod) {
                return Err(format!("{WAIT_BEFORE_EXIT} rules it out before Linkerd 2.20").into());
            }
            "true".to_owned()
        }
    };
    let what = format!("set the annotation {annotation}");
    Ok(Plan::new(what, vec![Edit::annotation(annotation, value)]))
}
