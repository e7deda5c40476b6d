//! The `startupProbe` that a sidecar could have. Nothing is invented: it is the operator's, the catalogue's, or asks what
//! another probe of the sidecar asks.

use k8s_openapi::api::core::v1::Probe;
use serde_json::{Map, Value, json};

use crate::catalogue::{Candidate, Row};
use crate::command::{Ends, outcome};
use crate::dead_gate::DeadGates;
use crate::gate::probe_is_gate;
use crate::image;
use crate::mesh;
use crate::pod::{Container, ContainerKind, Pod};
use crate::repair::Refusal;
use crate::settings::{Need, Settings};

/// Where a `startupProbe` comes from.
#[derive(Debug)]
pub enum Source<'a> {
    /// The setting `sidecars`.
    Setting(&'a Value),
    /// The catalogue.
    Catalogue(Value),
    /// The container's own probe in this field.
    Own(&'static str),
}

/// The annotation by which Istio's agent serves no health checks.
const ISTIO_STATUS_PORT: &str = "status.sidecar.istio.io/port";

impl<'a> Source<'a> {
    /// Finds a `startupProbe` for a sidecar that is, or becomes, a sidecar container.
    ///
    /// # Errors
    /// Why there is none to be had.
    pub fn find(pod: &Pod<'_>, container: &Container<'_>, settings: &'a Settings) -> Result<Self, Refusal> {
        let source = Self::derive(pod, container, settings)?;
        let typed = match &source {
            Self::Setting(probe) => serde_json::from_str(&probe.to_string()).ok(),
            Self::Catalogue(probe) => serde_json::from_str(&probe.to_string()).ok(),
            Self::Own(field) => container.fields.probe(field).cloned(),
        };
        let probe: Probe = typed.unwrap_or_default();
        if let Some(reason) = DeadGates::of(pod).dead_probe(container, &probe) {
            return Err(format!("a startupProbe from {source} would never succeed: {reason}").into());
        }
        if probe.exec.is_none() {
            is_reached(pod, container)?;
        }
        Ok(source)
    }

    fn derive(pod: &Pod<'_>, container: &Container<'_>, settings: &'a Settings) -> Result<Self, Refusal> {
        let Some(facts) = container.sidecar() else { return Err("it is no sidecar".into()) };
        let repository = image::repository(&container.fields.image);
        let declaration = settings.declaration(&container.fields.name, &repository);
        if let Some(probe) = declaration.and_then(|sidecar| sidecar.startup_probe.as_ref()) {
            return Ok(Self::Setting(probe));
        }
        if facts.need == Need::Helper {
            return Err("the application does without it, and should not wait for it".into());
        }
        if let Some(row) = facts.row {
            if let Some(probe) = from_row(row, pod.candidate(container, &repository)) {
                return Ok(Self::Catalogue(probe));
            }
            if row.needs_app {
                return Err("its readiness depends on the application".into());
            }
            if row.name == "istio-proxy" && pod.annotations().get(ISTIO_STATUS_PORT) == Some("0") {
                return Err(format!("{ISTIO_STATUS_PORT} is 0, so that nothing answers a probe").into());
            }
        }
        let own = ["readinessProbe", "livenessProbe"].into_iter();
        let own = own.filter_map(|field| Some((field, container.fields.probe(field)?)));
        let Some((field, probe)) = own.into_iter().next() else {
            return Err("no startupProbe can be derived".into());
        };
        may_be_copied(probe).map_err(|reason| Refusal::from(format!("its {field} is no gate: {reason}")))?;
        Ok(Self::Own(field))
    }

    /// The probe. What the container itself says is asked of `own`, so that a field that is not known here is kept.
    #[must_use]
    pub fn probe(
        self,
        own: impl FnOnce(&'static str) -> Option<Value>,
        settings: &Settings,
    ) -> Option<Value> {
        match self {
            Self::Setting(probe) => Some(probe.clone()),
            Self::Catalogue(probe) => Some(probe),
            Self::Own(field) => asking_as(own(field)?, settings),
        }
    }
}

impl std::fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Setting(_) => f.write_str("the setting sidecars"),
            Self::Catalogue(_) => f.write_str("upstream"),
            Self::Own(field) => write!(f, "its {field}"),
        }
    }
}

/// Whether the kubelet reaches a sidecar before the application is up: not where the traffic of the Pod is redirected to a proxy
/// that starts later.
///
/// # Errors
/// Why it does not.
pub fn is_reached(pod: &Pod<'_>, container: &Container<'_>) -> Result<(), Refusal> {
    if container.redirects_traffic() {
        return Ok(());
    }
    let is_later = |other: &&Container<'_>| match other.kind {
        ContainerKind::ClassicSidecar(_) => true,
        ContainerKind::Sidecar(_) => container.is_init() && pod.is_before(container, other),
        _ => false,
    };
    let later = pod.containers.iter().filter(|other| other.redirects_traffic()).find(is_later);
    let later = later.map(|other| other.name().to_string());
    match later.or_else(|| mesh::injected_classic(pod).map(|name| format!("{name:?}"))) {
        Some(proxy) => {
            Err(format!("no probe reaches it while {proxy}, which gets all traffic, starts later").into())
        }
        None => Ok(()),
    }
}

fn from_row(row: &Row, candidate: Candidate<'_>) -> Option<Value> {
    let (probe, port) = row.startup_probe.as_ref()?.proven(row, candidate)?;
    let mut probe = serde_json::from_str(probe).ok()?;
    if let Some(port) = port {
        *Value::pointer_mut(&mut probe, "/httpGet/port")? = port.into();
    }
    Some(probe)
}

/// Whether a probe that was not meant as a gate may be one.
fn may_be_copied(probe: &Probe) -> Result<(), &'static str> {
    let path = probe.http_get.as_ref().and_then(|request| request.path.as_deref()).unwrap_or_default();
    if path.starts_with("/app-health/") {
        return Err("Istio has rewritten it");
    }
    let ends = probe.exec.as_ref().map(|exec| outcome(exec.command.as_deref().unwrap_or_default()).ends);
    if probe_is_gate(probe) && ends != Some(Ends::Success) { Ok(()) } else { Err("it always succeeds") }
}

/// A `startupProbe` with the handler of another probe. It asks every second, since each second between two attempts may be
/// one that the application waits in vain, and for as long as the setting `startupSeconds` allows.
fn asking_as(probe: Value, settings: &Settings) -> Option<Value> {
    let Value::Object(fields) = probe else { return None };
    let is_taken = |key: &str| matches!(key, "exec" | "httpGet" | "tcpSocket" | "grpc" | "timeoutSeconds");
    let fields = fields.into_iter().filter(|(key, value)| is_taken(key) && !value.is_null());
    let mut derived: Map<_, _> = fields.collect();
    let failures = settings.startup_seconds.maximum.saturating_add(1).min(i32::MAX.unsigned_abs());
    derived.insert("periodSeconds".to_owned(), json!(1));
    derived.insert("failureThreshold".to_owned(), json!(failures));
    Some(Value::Object(derived))
}
