//! What a Pod asks mesh injectors for.

use k8s_openapi::api::core::v1::Probe;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::catalogue::belongs_to_mesh;
use crate::catalogue::row::{ISTIO_PROXY, LINKERD_PROXY};
use crate::model::container_fields::ContainerFields;
use crate::pod::Pod;
use crate::pod::container::{Container, ContainerKind};
use crate::settings::Settings;

/// The annotation that decides whether Istio's proxy becomes a sidecar container.
pub(crate) const NATIVE_ISTIO: &str = "sidecar.istio.io/nativeSidecar";

/// The annotation that Istio's injector adds.
pub(crate) const STATUS: &str = "sidecar.istio.io/status";

/// The annotation that makes Linkerd's proxy a sidecar container, for those who have none of them yet. Linkerd 2.20, which does so by
/// default, has a newer name for it and still reads this one; Linkerd 2.19 knows no newer one.
const NATIVE_LINKERD: &str = "config.beta.linkerd.io/proxy-enable-native-sidecar";

/// Its names, of which the first that is there counts (linkerd2 `pkg/inject`).
const NATIVE_LINKERD_NAMES: [&str; 3] = [
    "config.linkerd.io/proxy-enable-native-sidecar",
    NATIVE_LINKERD,
    "config.alpha.linkerd.io/proxy-enable-native-sidecar",
];

/// The annotation that has Linkerd's proxy sleep before it exits.
pub(crate) const WAIT_BEFORE_EXIT: &str = "config.alpha.linkerd.io/proxy-wait-before-exit-seconds";

/// The labels and annotations by which a Pod asks for the proxy of a mesh, or to be left alone.
const INJECT_ISTIO: &str = "sidecar.istio.io/inject";
const INJECT_LINKERD: &str = "linkerd.io/inject";
pub(crate) const INJECT_KUMA: &str = "kuma.io/sidecar-injection";
pub(crate) const INJECT_CONSUL: &str = "consul.hashicorp.com/connect-inject";

/// Whether a Pod, or its namespace, asks for Istio's proxy, and the Pod does not have it yet.
#[must_use]
pub(crate) fn asks_for_istio(pod: &Pod<'_>, settings: &Settings) -> bool {
    let asks = match pod.labels().get(INJECT_ISTIO).or_else(|| pod.annotations().get(INJECT_ISTIO)) {
        Some(inject) => inject == "true",
        None => has_revision(pod) || of_namespace(pod, settings) == Some(MeshOfNamespace::Istio),
    };
    asks && !pod.has_container(ISTIO_PROXY)
}

/// Whether a Pod, or its namespace, asks for Linkerd's proxy, and the Pod does not have it yet.
#[must_use]
pub(crate) fn asks_for_linkerd(pod: &Pod<'_>, settings: &Settings) -> bool {
    let asks = match pod.annotations().get(INJECT_LINKERD) {
        Some(inject) => matches!(inject, "enabled" | "ingress"),
        None => of_namespace(pod, settings) == Some(MeshOfNamespace::Linkerd),
    };
    asks && !pod.has_container(LINKERD_PROXY)
}

/// A revision asks for Istio's injection, too (`manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`).
fn has_revision(pod: &Pod<'_>) -> bool {
    pod.labels().get("istio.io/rev").is_some_and(|revision| !revision.is_empty())
}

/// The mesh that injects its proxy because of the Pod's namespace, as far as the settings tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MeshOfNamespace {
    /// The setting `mesh` names only Istio.
    Istio,
    /// The setting `mesh` names only Linkerd.
    Linkerd,
    /// The setting `mesh` names both, or none.
    Any,
}

/// The mesh that injects its proxy only because of the Pod's namespace. None where the Pod has a proxy, asks for another mesh, or says
/// itself whether this one should inject.
pub(crate) fn of_namespace(pod: &Pod<'_>, settings: &Settings) -> Option<MeshOfNamespace> {
    if !settings.is_injected() || has_revision(pod) || pod.containers.iter().any(Container::redirects_traffic)
    {
        return None;
    }
    let (mesh, own) = match (settings.mesh.istio, settings.mesh.linkerd) {
        (Some(_), None) => (MeshOfNamespace::Istio, Some(INJECT_ISTIO)),
        (None, Some(_)) => (MeshOfNamespace::Linkerd, Some(INJECT_LINKERD)),
        _ => (MeshOfNamespace::Any, None),
    };
    let says_so = |key: &&str| {
        let word = pod.labels().get(key).or_else(|| pod.annotations().get(key));
        let is_about_it = own.is_none_or(|own| own == *key);
        word.is_some_and(|word| is_about_it || matches!(word, "true" | "enabled" | "ingress"))
    };
    let keys = [INJECT_ISTIO, INJECT_LINKERD, INJECT_KUMA, INJECT_CONSUL];
    (!keys.iter().any(says_so)).then_some(mesh)
}

/// Whether the annotations of a Pod make Linkerd's proxy a sidecar container.
#[must_use]
pub(crate) fn asks_for_native_linkerd(pod: &Pod<'_>) -> bool {
    // As Go's `strconv.ParseBool` reads it. Linkerd passes over all other words.
    matches!(pod.annotations().get(native_linkerd(pod)), Some("1" | "t" | "T" | "true" | "True" | "TRUE"))
}

/// Whether Linkerd's proxy is to sleep before it exits. Linkerd reads a number without a sign, and passes over all else.
#[must_use]
pub(crate) fn waits_before_exit(pod: &Pod<'_>) -> bool {
    let seconds = pod.annotations().get(WAIT_BEFORE_EXIT).filter(|seconds| !seconds.starts_with('+'));
    seconds.and_then(|seconds| seconds.parse::<u64>().ok()).is_some_and(|seconds| seconds != 0)
}

/// The annotation of a Pod that decides whether Linkerd's proxy becomes a sidecar container; the one to set if it has none.
#[must_use]
pub(crate) fn native_linkerd(pod: &Pod<'_>) -> &'static str {
    let mut names = NATIVE_LINKERD_NAMES.into_iter();
    names.find(|name| pod.annotations().get(name).is_some()).unwrap_or(NATIVE_LINKERD)
}

/// Whether a container is the proxy of a mesh, or prepares for it.
pub(crate) fn is_of_mesh(container: &Container<'_>) -> bool {
    match container.kind {
        ContainerKind::Init(_) => belongs_to_mesh(&container.fields.name),
        _ => container.redirects_traffic(),
    }
}

/// The ports that consul-k8s rewrites probes to (`connect-inject/constants`).
const CONSUL_PORTS: std::ops::Range<i32> = 20300..20600;

/// Why nothing is moved in a Pod with such a probe: the ports go by the order of `containers` (consul-k8s `endpoints_controller.go`).
pub(crate) const ORDER_OF_CONSUL: &str =
    "Consul has rewritten probes of this Pod by the order of its containers";

/// Whether consul-k8s has rewritten a probe of a container.
pub(crate) fn has_probe_of_consul(pod: &Pod<'_>, fields: &ContainerFields<'_>) -> bool {
    let is_injected = || pod.annotations().iter().any(|(key, _)| key.starts_with("consul.hashicorp.com/"));
    let probes = [&fields.startup_probe, &fields.readiness_probe, &fields.liveness_probe];
    let is_rewritten = |probe: &Probe| {
        let http = probe.http_get.as_ref().map(|request| &request.port);
        let port = http.or(probe.tcp_socket.as_ref().map(|socket| &socket.port));
        matches!(port, Some(IntOrString::Int(number)) if CONSUL_PORTS.contains(number))
    };
    probes.into_iter().flatten().any(is_rewritten) && is_injected()
}
