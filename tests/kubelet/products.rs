//! What is known of the products that the generator puts into Pods, from their sources and documentation.

use crate::pod::Container;

/// Who may be recognised as a sidecar in `containers` without a word from the operator.
pub(crate) fn is_known_sidecar(container: &Container<'_>) -> bool {
    match container.name {
        "istio-proxy" | "linkerd-proxy" | "kuma-sidecar" | "consul-dataplane" | "daprd" => true,
        "vault-agent" => container.image.contains("vault"),
        "fluent-bit" => container.image.contains("fluent-bit"),
        _ => ["cloud-sql-proxy:", "spiffe-helper:", "oauth2-proxy:"]
            .iter()
            .any(|image| container.image.contains(image)),
    }
}

/// Helpers and those of which no start-up rule speaks: the application loses little without them.
pub(crate) fn is_helper(container: &Container<'_>) -> bool {
    container.image.contains("fluent-bit") || container.image.contains("oauth2-proxy")
}

/// Whether it writes files that others read: secrets, certificates, checkouts.
pub(crate) fn writes(container: &Container<'_>) -> bool {
    ["vault:", "spiffe-helper:", "git-sync:"].iter().any(|image| container.image.contains(image))
}

/// Whether it runs for ever, wherever somebody puts it.
pub(crate) fn is_server(container: &Container<'_>) -> bool {
    let images = ["cloud-sql-proxy:", "oauth2-proxy:", "fluent-bit:", "envoy:", "nginx:", "spiffe-helper:"];
    is_mesh_proxy(container.name)
        || matches!(container.name, "daprd" | "vault-agent")
        || images.iter().any(|image| container.image.contains(image))
}

/// The init container that redirects traffic, and the proxy that it is redirected to.
pub(crate) const REDIRECTS: [(&str, &str); 4] = [
    // istio: files/injection-template.yaml
    ("istio-init", "istio-proxy"),
    // linkerd: charts/partials/templates/_proxy-init.tpl
    ("linkerd-init", "linkerd-proxy"),
    // kuma: plugins/runtime/k8s/webhooks/injector/injector.go
    ("kuma-init", "kuma-sidecar"),
    // consul-k8s: connect-inject/webhook/redirect_traffic.go
    ("consul-connect-inject-init", "consul-dataplane"),
];

pub(crate) fn is_mesh_proxy(name: &str) -> bool {
    REDIRECTS.iter().any(|(_, proxy)| *proxy == name)
}

/// Ports that a mesh leaves alone by itself: its own.
pub(crate) fn is_excluded(port: u64) -> bool {
    // istio: -d 15090,15021,15020; linkerd: 4190, 4191; kuma: 9901; consul: 20000.
    matches!(port, 15_020 | 15_021 | 15_090 | 4190 | 4191 | 9901 | 20_000)
}

/// The ports on which a product listens unless told otherwise.
pub(crate) fn default_ports(container: &Container<'_>) -> Vec<u64> {
    let is = |image: &str| container.image.contains(image);
    match container.name {
        "istio-proxy" => vec![15_020, 15_021, 15_090],
        "linkerd-proxy" => vec![4143, 4191],
        "kuma-sidecar" => vec![9901],
        "consul-dataplane" => vec![20_000, 19_000],
        "daprd" => vec![3500, 3501],
        _ if is("cloud-sql-proxy") => {
            health_port(container).filter(|_| has_health_server(container)).into_iter().collect()
        }
        _ if is("oauth2-proxy") => vec![4180],
        _ if is("fluent-bit") => vec![2020],
        _ => Vec::new(),
    }
}

/// Whether a product answers the kubelet, or a command in its own container, on one of its ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listens {
    Everywhere,
    /// On localhost only: the kubelet asks the Pod's address (prober/prober.go `runProbe`).
    OnLocalhost,
    Nowhere,
    /// A file may say otherwise than the flags.
    AsAFileSays,
}

/// How cloud-sql-proxy's health server listens (cmd/root.go: off by default, on localhost, port 9090; of a flag given twice the last
/// counts).
pub(crate) fn health_server(container: &Container<'_>, port: u64) -> Listens {
    if !container.image.contains("cloud-sql-proxy") || health_port(container) != Some(port) {
        return Listens::Everywhere;
    }
    let flag = |name: &str| last_flag(container, name);
    if flag("--config-file").is_some() {
        Listens::AsAFileSays
    } else if !has_health_server(container) {
        Listens::Nowhere
    } else if flag("--http-address").is_some_and(|address| address == "0.0.0.0") {
        Listens::Everywhere
    } else {
        Listens::OnLocalhost
    }
}

fn has_health_server(container: &Container<'_>) -> bool {
    last_flag(container, "--health-check").is_some_and(|value| value != "false")
}

fn health_port(container: &Container<'_>) -> Option<u64> {
    last_flag(container, "--http-port").map_or(Some(9090), |port| port.parse().ok())
}

/// The value of a flag that is given with `=`, or nothing in it; the last one.
fn last_flag<'a>(container: &Container<'a>, name: &str) -> Option<&'a str> {
    let values = container.words.iter().filter_map(|word| word.strip_prefix(name));
    values.filter_map(|rest| if rest.is_empty() { Some("") } else { rest.strip_prefix('=') }).next_back()
}

/// Whether the answer on a path comes only once the application answers, too: daprd's general health waits for the port of
/// `--app-port` (dapr/pkg/runtime/runtime.go); `/v1.0/healthz/outbound` does not.
pub(crate) fn waits_for_the_application(container: &Container<'_>, path: &str) -> bool {
    container.name == "daprd" && path == "/v1.0/healthz" && container.words.contains(&"--app-port")
}
