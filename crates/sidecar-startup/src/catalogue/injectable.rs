//! Probes and commands that a repair may add to a sidecar if their conditions are proven.

use super::candidate::Candidate;
use super::condition::Condition;
use super::flags;

/// A probe, command or path, and the conditions under which the sidecar supports it.
#[derive(Debug)]
pub struct Injectable<T> {
    /// The probe as JSON, the words of the command, or the path.
    pub what: T,
    /// Where its port comes from; `None` if the port in `what` is fixed.
    pub port: Option<PortSource>,
    /// Conditions that must all hold.
    pub when: &'static [Condition],
}

/// Where a sidecar's port comes from: the first of these that is set.
#[derive(Debug)]
pub struct PortSource {
    /// A flag, without leading dashes.
    pub arg: Option<&'static str>,
    /// An environment variable.
    pub env: Option<&'static str>,
    /// The name of a container port.
    pub named: Option<&'static str>,
    /// The default port of the sidecar.
    pub default: Option<u16>,
}

impl<T> Injectable<T> {
    /// What may be added to a container, and the port to use instead of the one in it, if any. `None` if a condition is not proven
    /// or the port is unknown.
    pub(super) fn proven(&self, candidate: Candidate<'_>) -> Option<(&T, Option<u16>)> {
        if !candidate.fulfils(self.when) {
            return None;
        }
        match &self.port {
            None => Some((&self.what, None)),
            Some(source) => source.port(candidate).map(|port| (&self.what, Some(port))),
        }
    }
}

impl PortSource {
    /// The port, whatever address it is bound to; nothing where a value cannot be read.
    pub(super) fn number(&self, candidate: Candidate<'_>) -> Option<u16> {
        let arg = self.arg.and_then(|flag| flags::value_of_arg(candidate.fields, flag)).map(str::to_owned);
        let value = arg.or_else(|| self.env.and_then(|name| candidate.fields.variable(name)));
        match value {
            Some(value) => value.rsplit(':').next()?.parse().ok(),
            None => self.default,
        }
    }

    /// The port of a container, as far as the kubelet reaches it; `None` if it cannot be determined.
    fn port(&self, candidate: Candidate<'_>) -> Option<u16> {
        if let Some(value) = self.arg.and_then(|flag| flags::value_of_arg(candidate.fields, flag)) {
            return port_of(value);
        }
        // A shell script or variable may still set the flag.
        if self.arg.is_some() && flags::is_opaque(candidate.fields) {
            return None;
        }
        if let Some(name) = self.env {
            if let Some(value) = candidate.fields.variable(name) {
                return port_of(&value);
            }
            if !candidate.fields.lacks_variable(name) {
                return None;
            }
        }
        let mut ports = candidate.fields.ports.iter();
        let named = self.named.and_then(|name| ports.find(|port| port.name.as_deref() == Some(name)));
        named.and_then(|port| u16::try_from(port.container_port).ok()).or(self.default)
    }
}

/// The port in `8080`, `:8080` or `0.0.0.0:8080`; `None` if it is bound to an address that the kubelet cannot reach.
fn port_of(value: &str) -> Option<u16> {
    let (address, port) = value.rsplit_once(':').unwrap_or(("", value));
    let is_open = matches!(address, "" | "0.0.0.0" | "[::]" | "::");
    port.parse().ok().filter(|port| is_open && *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports() {
        for (value, expected) in [
            ("8080", Some(8080)),
            (":8080", Some(8080)),
            ("0.0.0.0:8080", Some(8080)),
            ("[::]:4191", Some(4191)),
            ("127.0.0.1:8080", None),
            ("localhost:8080", None),
            ("$(PORT)", None),
            ("65536", None),
            ("0", None),
            ("", None),
        ] {
            assert_eq!(port_of(value), expected, "{value}");
        }
    }
}
