//! The containers that injectors will add, as far as the Pod shows, and where they put them.
//!
//! A proxy goes to `containers` unless the Pod's annotation or the setting `mesh` asks for the native form. Sources:
//! Istio `pkg/kube/inject/webhook.go` (reorderPod), Linkerd `charts/patch/templates/patch.json`, consul-k8s `connect-inject/webhook`,
//! Kuma `pkg/plugins/runtime/k8s/webhooks/injector`, Dapr `pkg/injector/patcher`, vault-k8s `agent-inject/agent/agent.go` (Patch).

use std::borrow::Cow;

use super::mesh::{self, MeshOfNamespace, asks_for_istio, asks_for_linkerd};
use crate::model::istio_config::{Hold, hold_of};
use crate::pod::Pod;
use crate::settings::Settings;
use crate::settings::mesh::MeshHold;

/// A container that an injector will add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Injected {
    /// Its name; [`UNKNOWN_PROXY`] and [`UNKNOWN_REDIRECT`] describe those of a mesh that is not known.
    pub(crate) name: Cow<'static, str>,
    /// What it does.
    pub(crate) part: Part,
    /// Where it goes.
    pub(crate) spot: Spot,
}

/// What an injected container does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// It redirects the traffic of the Pod to the proxy.
    Redirect,
    /// The proxy that receives the redirected traffic.
    Proxy {
        /// Whether it is a sidecar container.
        is_native: bool,
    },
    /// It writes files below this path.
    Writer(String),
    /// Anything else.
    Other,
}

/// Where an injector puts a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot {
    /// Before the other init containers.
    FirstInit,
    /// After the other init containers.
    LastInit,
    /// Before the other entries of `containers`.
    FirstApp,
    /// After the other entries of `containers`.
    LastApp,
}

/// The proxy that an unknown mesh injects because of the namespace. The blank keeps it apart from the names of containers.
const UNKNOWN_PROXY: &str = "the injected proxy";

/// What redirects the traffic to it.
const UNKNOWN_REDIRECT: &str = "the injected init container";

impl Injected {
    /// Its name, for messages.
    pub(crate) fn quoted(&self) -> String {
        match &*self.name {
            unknown @ (UNKNOWN_PROXY | UNKNOWN_REDIRECT) => unknown.to_owned(),
            name => format!("\"{}\"", name.escape_debug()),
        }
    }
}

/// The containers that injectors will add, in the order in which they start.
pub(crate) fn injected(pod: &Pod<'_>, settings: &Settings) -> Vec<Injected> {
    let mut all = Vec::new();
    if !pod.spec().host_network {
        all.extend(proxy_of_mesh(pod, settings));
    }
    all.extend(dapr(pod));
    all.extend(vault(pod));
    all
}

/// The proxy of the mesh that the Pod asks for, and what redirects its traffic.
fn proxy_of_mesh(pod: &Pod<'_>, settings: &Settings) -> Vec<Injected> {
    let on = |key: &str| matches!(pod.annotations().get(key), Some("true" | "enabled"));
    if asks_for_istio(pod, settings) {
        let is_native = match pod.annotations().get(mesh::NATIVE_ISTIO) {
            Some(native) => native == "true",
            None => settings.mesh.istio == Some(MeshHold::Native),
        };
        let holds = settings.mesh.istio.is_some() || hold_of(pod.annotations()) == Hold::Asked;
        let spot = if holds { Spot::FirstApp } else { Spot::LastApp };
        return proxy("istio-init", "istio-proxy", is_native, Spot::LastInit, spot);
    }
    if asks_for_linkerd(pod, settings) {
        let is_native = mesh::asks_for_native_linkerd(pod) || settings.mesh.linkerd == Some(MeshHold::Native);
        return proxy("linkerd-init", "linkerd-proxy", is_native, Spot::LastInit, Spot::FirstApp);
    }
    let kuma = mesh::INJECT_KUMA;
    let asks_for_kuma = on(kuma) || matches!(pod.labels().get(kuma), Some("true" | "enabled"));
    if asks_for_kuma && !pod.has_container("kuma-sidecar") {
        return proxy("kuma-init", "kuma-sidecar", false, Spot::LastInit, Spot::FirstApp);
    }
    if on(mesh::INJECT_CONSUL) && !pod.has_container("consul-dataplane") {
        return proxy("consul-connect-inject-init", "consul-dataplane", false, Spot::LastInit, Spot::LastApp);
    }
    if mesh::of_namespace(pod, settings) == Some(MeshOfNamespace::Any) {
        // The latest that any mesh puts it.
        return proxy(UNKNOWN_REDIRECT, UNKNOWN_PROXY, false, Spot::LastInit, Spot::LastApp);
    }
    Vec::new()
}

fn proxy(
    init: &'static str,
    name: &'static str,
    is_native: bool,
    redirect: Spot,
    classic: Spot,
) -> Vec<Injected> {
    let (redirect, spot) = if is_native { (Spot::FirstInit, Spot::FirstInit) } else { (redirect, classic) };
    vec![
        Injected { name: init.into(), part: Part::Redirect, spot: redirect },
        Injected { name: name.into(), part: Part::Proxy { is_native }, spot },
    ]
}

fn dapr(pod: &Pod<'_>) -> Option<Injected> {
    let is_asked = pod.annotations().get("dapr.io/enabled") == Some("true") && !pod.has_container("daprd");
    is_asked.then_some(Injected { name: "daprd".into(), part: Part::Other, spot: Spot::LastApp })
}

/// Where Vault's agent writes by default.
const VAULT_SECRETS: &str = "/vault/secrets";

fn vault(pod: &Pod<'_>) -> Vec<Injected> {
    let says = |key: &str| pod.annotations().get(&format!("vault.hashicorp.com/{key}"));
    let has_agent = pod.has_container("vault-agent-init") || pod.has_container("vault-agent");
    if says("agent-inject") != Some("true") || has_agent {
        return Vec::new();
    }
    let path = says("secret-volume-path").unwrap_or(VAULT_SECRETS).trim_end_matches('/').to_owned();
    let first = says("agent-init-first") == Some("true");
    let init = Injected {
        name: "vault-agent-init".into(),
        part: Part::Writer(path.clone()),
        spot: if first { Spot::FirstInit } else { Spot::LastInit },
    };
    let agent = Injected { name: "vault-agent".into(), part: Part::Writer(path), spot: Spot::LastApp };
    let with_init = (says("agent-pre-populate") != Some("false")).then_some(init);
    let with_agent = (says("agent-pre-populate-only") != Some("true")).then_some(agent);
    with_init.into_iter().chain(with_agent).collect()
}
