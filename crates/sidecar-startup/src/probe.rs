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
use crate::repair::{Refusal, safety};
use crate::rules::sidecar_without_startup_probe;
use crate::settings::{Action, Need, Settings};

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
    /// Finds a `startupProbe` for a sidecar that is, or becomes, a sidecar container at `place` among the init containers.
    ///
    /// # Errors
    /// Why there is none to be had.
    pub fn find(
        pod: &Pod<'_>,
        container: &Container<'_>,
        settings: &'a Settings,
        place: usize,
    ) -> Result<Self, Refusal> {
        let source = Self::derive(pod, container, settings)?;
        if let Some(reason) = DeadGates::of(pod).dead_probe(container, &source.typed(container, settings)) {
            return Err(format!("a startupProbe from {source} would never succeed: {reason}").into());
        }
        safety::has_network(pod, container, place)?;
        Ok(source)
    }

    /// The probe, as far as this program knows its fields.
    #[must_use]
    pub fn typed(&self, container: &Container<'_>, settings: &Settings) -> Probe {
        let given = |probe: &Value| serde_json::from_str(&probe.to_string()).unwrap_or_default();
        match self {
            Self::Setting(probe) => given(probe),
            Self::Catalogue(probe) => given(probe),
            Self::Own(field) => {
                let own = container.fields.probe(field).cloned().unwrap_or_default();
                Probe {
                    exec: own.exec,
                    grpc: own.grpc,
                    http_get: own.http_get,
                    tcp_socket: own.tcp_socket,
                    timeout_seconds: own.timeout_seconds,
                    period_seconds: Some(1),
                    failure_threshold: i32::try_from(attempts(settings)).ok(),
                    ..Probe::default()
                }
            }
        }
    }

    fn derive(pod: &Pod<'_>, container: &Container<'_>, settings: &'a Settings) -> Result<Self, Refusal> {
        let Some(facts) = container.sidecar() else { return Err("it is no sidecar".into()) };
        let repository = image::repository(&container.fields.image);
        let declaration = settings.declaration(&container.fields.name, &repository);
        if let Some(probe) = declaration.and_then(|sidecar| sidecar.startup_probe.as_ref()) {
            return Ok(Self::Setting(probe));
        }
        if facts.need == Need::Helper {
            return Err("whether the application should wait for a helper is for its author to say".into());
        }
        if let Some(row) = facts.row {
            if let Some(probe) = from_row(row, pod.candidate(container, &repository)) {
                return Ok(Self::Catalogue(probe));
            }
            if row.needs_app {
                return Err("its readiness depends on the application".into());
            }
            if row.name == mesh::ISTIO_PROXY && pod.annotations().get(ISTIO_STATUS_PORT) == Some("0") {
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
    derived.insert("periodSeconds".to_owned(), json!(1));
    derived.insert("failureThreshold".to_owned(), json!(attempts(settings)));
    Some(Value::Object(derived))
}

/// How many attempts a second apart fill the longest time that a start may take.
fn attempts(settings: &Settings) -> u32 {
    settings.startup_seconds.maximum.saturating_add(1).min(i32::MAX.unsigned_abs())
}

/// The places of the sidecar containers whose `startupProbe` an earlier repair has copied from another probe, which has been changed
/// since: whoever wrote that knows nothing of the copy.
#[must_use]
pub fn outdated(pod: &Pod<'_>, old: &Pod<'_>, settings: &Settings) -> Vec<usize> {
    let copied = |pod: &Pod<'_>, container: &Container<'_>, place: usize| {
        let source = Source::find(pod, container, settings, place).ok()?;
        matches!(source, Source::Own(_)).then(|| source.typed(container, settings))
    };
    let is_outdated = |(place, container): &(usize, &Container<'_>)| {
        let is_asked_for =
            settings.action_on(&sidecar_without_startup_probe::RULE, container.fields) != Action::Ignore;
        if !(is_asked_for && matches!(container.kind, ContainerKind::Sidecar(_))) {
            return false;
        }
        let is_same = |old: &&Container<'_>| {
            matches!(old.kind, ContainerKind::Sidecar(_)) && old.fields.name == container.fields.name
        };
        let (Some(probe), Some(before)) =
            (&container.fields.startup_probe, old.containers.iter().find(is_same))
        else {
            return false;
        };
        before.fields.startup_probe.as_ref().is_some_and(|before| safety::is_alike(before, probe))
            && copied(old, before, *place).is_some_and(|copy| safety::is_alike(&copy, probe))
            && copied(pod, container, *place).is_some_and(|copy| !safety::is_alike(&copy, probe))
    };
    pod.containers.iter().enumerate().filter(is_outdated).map(|(place, _)| place).collect()
}
