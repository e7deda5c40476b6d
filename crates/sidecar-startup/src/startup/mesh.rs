//! What a Pod asks mesh injectors for, and which containers have a network before the mesh's proxy is up.

use crate::catalogue::belongs_to_mesh;
use crate::catalogue::row::ISTIO_PROXY;
use crate::finding::Refusal;
use crate::model::container_id::ContainerId;
use crate::model::gate::hook_is_gate;
use crate::pod::Pod;
use crate::pod::container::{Container, ContainerKind};

/// The annotation that decides whether Istio's proxy becomes a sidecar container.
pub(crate) const NATIVE_ISTIO: &str = "sidecar.istio.io/nativeSidecar";

/// The annotation that Istio's injector adds.
pub(crate) const STATUS: &str = "sidecar.istio.io/status";

/// The annotations that make Linkerd's proxy a sidecar container: the current one, then older ones.
const NATIVE_LINKERD: [&str; 3] = [
    "config.linkerd.io/proxy-enable-native-sidecar",
    "config.beta.linkerd.io/proxy-enable-native-sidecar",
    "config.alpha.linkerd.io/proxy-enable-native-sidecar",
];

/// Whether a Pod asks for Istio's proxy and does not have it yet.
#[must_use]
pub(crate) fn asks_for_istio(pod: &Pod<'_>) -> bool {
    let key = "sidecar.istio.io/inject";
    let asks = pod.labels().get(key).or_else(|| pod.annotations().get(key));
    asks == Some("true") && !pod.has_container(ISTIO_PROXY)
}

/// Whether a Pod asks for Linkerd's proxy and does not have it yet.
#[must_use]
pub(crate) fn asks_for_linkerd(pod: &Pod<'_>) -> bool {
    matches!(pod.annotations().get("linkerd.io/inject"), Some("enabled" | "ingress"))
        && !pod.has_container("linkerd-proxy")
}

/// The proxy that will be injected into `containers` and get all traffic redirected to it, going by what the Pod says.
#[must_use]
pub(crate) fn injected_classic(pod: &Pod<'_>) -> Option<&'static str> {
    let is_on = |key: &str| matches!(pod.annotations().get(key), Some("true" | "enabled"));
    if pod.spec().host_network {
        None
    } else if asks_for_istio(pod) && pod.annotations().get(NATIVE_ISTIO) != Some("true") {
        Some(ISTIO_PROXY)
    } else if asks_for_linkerd(pod) && !NATIVE_LINKERD.into_iter().any(is_on) {
        Some("linkerd-proxy")
    } else {
        None
    }
}

/// Whether a container is the proxy of a mesh, or prepares for it.
pub(crate) fn is_of_mesh(container: &Container<'_>) -> bool {
    match container.kind {
        ContainerKind::Init(_) => belongs_to_mesh(&container.fields.name),
        _ => container.redirects_traffic(),
    }
}

/// The proxy in `containers` that all traffic of the Pod goes through, going by what the Pod says.
fn classic_proxy(pod: &Pod<'_>) -> Option<String> {
    let is_classic = |container: &&Container<'_>| match container.kind {
        ContainerKind::ClassicSidecar(_) => container.redirects_traffic(),
        // Istio's placeholder, if the proxy stays in containers.
        ContainerKind::InjectorPlaceholder => !container.is_init() && *container.fields.name == *ISTIO_PROXY,
        _ => false,
    };
    let present = pod.containers.iter().find(is_classic).map(|container| container.name().to_string());
    present.or_else(|| injected_classic(pod).map(|name| format!("{name:?}")))
}

/// Checks that a sidecar container has a network before the application is up, with the init containers `later` starting after it. It
/// has none if the Pod's traffic goes through a proxy that starts later: the kubelet's probes do not reach it, and it cannot reach
/// anything itself.
///
/// # Errors
/// Which proxy starts later.
pub(crate) fn has_network(
    pod: &Pod<'_>,
    container: &Container<'_>,
    later: &[ContainerId],
) -> Result<(), Refusal> {
    if container.redirects_traffic() {
        return Ok(());
    }
    let mut later = later.iter().filter_map(|id| pod.get(*id));
    let later = later.find(|other| other.is_native_sidecar() && other.redirects_traffic());
    no_network(classic_proxy(pod).or(later.map(|proxy| proxy.name().to_string())))
}

/// Checks that a classic sidecar has a network while its hook keeps the containers after it from starting. It has none if a mesh's proxy
/// is one of them, or does not hold back the sidecar itself.
///
/// # Errors
/// Which proxy starts later.
pub(crate) fn has_network_when_held(pod: &Pod<'_>, container: &Container<'_>) -> Result<(), Refusal> {
    if container.redirects_traffic() {
        return Ok(());
    }
    let first_app = pod.app_list().find(|other| other.is_app());
    let holds = |proxy: &Container<'_>| {
        first_app.is_none_or(|first| proxy.is_before(first))
            && proxy.fields.post_start().is_some_and(hook_is_gate)
    };
    let mut late = pod.app_list().filter(|other| {
        matches!(other.kind, ContainerKind::ClassicSidecar(_)) && other.redirects_traffic() && !holds(other)
    });
    let late = late.next().map(|proxy| proxy.name().to_string());
    no_network(late.or_else(|| injected_classic(pod).map(|name| format!("{name:?}"))))
}

fn no_network(proxy: Option<String>) -> Result<(), Refusal> {
    match proxy {
        Some(proxy) => Err(format!("it has no network until {proxy} starts, which gets all traffic").into()),
        None => Ok(()),
    }
}
