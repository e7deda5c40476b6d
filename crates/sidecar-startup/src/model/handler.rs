//! What the kubelet asks for a probe or a hook over the network.

use k8s_openapi::api::core::v1::{LifecycleHandler, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::container_fields::ContainerFields;

/// Where the kubelet asks.
#[derive(Debug)]
pub struct Target<'h> {
    /// The host; empty for the Pod's address.
    pub host: &'h str,
    /// The port.
    pub port: IntOrString,
}

impl<'h> Target<'h> {
    fn new(host: Option<&'h String>, port: &IntOrString) -> Self {
        Self { host: host.map(String::as_str).unwrap_or_default(), port: port.clone() }
    }

    /// Where the kubelet asks for a probe; none if it runs a command.
    #[must_use]
    pub fn of_probe(probe: &'h Probe) -> Option<Self> {
        let http = probe.http_get.as_ref().map(|http| Self::new(http.host.as_ref(), &http.port));
        let socket = || probe.tcp_socket.as_ref().map(|socket| Self::new(socket.host.as_ref(), &socket.port));
        let grpc = || probe.grpc.as_ref().map(|grpc| Self::new(None, &IntOrString::Int(grpc.port)));
        http.or_else(socket).or_else(grpc)
    }

    /// Where the kubelet asks for a hook; none if it does not. It supports no `tcpSocket` there.
    #[must_use]
    pub fn of_hook(hook: &'h LifecycleHandler) -> Option<Self> {
        hook.http_get.as_ref().map(|http| Self::new(http.host.as_ref(), &http.port))
    }

    /// Whether that is the Pod. The kubelet asks from the node, so `127.0.0.1` is the node's own, which is the Pod's only on the node's
    /// network, `is_of_node` (`NewRequestForHTTPGetAction` in `pkg/probe/http/request.go`).
    #[must_use]
    pub fn is_own(&self, is_of_node: bool) -> bool {
        self.host.is_empty() || is_of_node && matches!(self.host, "localhost" | "127.0.0.1" | "::1")
    }

    /// The number of the port. The container must declare a named port; a number in quotes is a number, too (`pkg/probe/util.go`).
    #[must_use]
    pub fn number(&self, fields: &ContainerFields<'_>) -> Option<i32> {
        match &self.port {
            IntOrString::Int(number) => Some(*number),
            IntOrString::String(name) => {
                let named = fields.ports.iter().find(|port| port.name.as_ref() == Some(name));
                named.map(|port| port.container_port).or_else(|| name.parse().ok())
            }
        }
    }
}
