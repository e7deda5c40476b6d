//! Where a sidecar can get a `startupProbe` from. Nothing is invented: it comes from the settings, the catalogue, or another probe of
//! the same sidecar.

use k8s_openapi::api::core::v1::Probe;
use serde_json::{Map, Value, json};

use super::{derived, safety};
use crate::catalogue::candidate::Candidate;
use crate::catalogue::row::Row;
use crate::command::{Ends, outcome};
use crate::finding::Refusal;
use crate::model::container_id::ContainerId;
use crate::model::gate::probe_is_gate;
use crate::model::handler::Target;
use crate::pod::container::Container;
use crate::settings::action::{Action, Fix, Need};
use crate::settings::rule_id::RuleId;
use crate::startup::broken::Broken;
use crate::startup::check;
use crate::startup::context::Context;
use crate::startup::lineup::{Lineup, Place};

/// Where a `startupProbe` comes from.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    /// The setting `sidecars`.
    Setting(&'a Value),
    /// The catalogue.
    Catalogue(Value),
    /// The container's own probe, derived from.
    Own {
        /// Its field.
        field: &'static str,
        /// How many attempts, one second apart, the derived probe makes.
        attempts: u32,
    },
}

/// Where neither the settings nor the catalogue nor another probe gives a sidecar a `startupProbe`.
pub(crate) const NO_PROBE: &str =
    "no startupProbe is known for it; write one, or ask the operator to declare one in the setting sidecars";

/// The same for a sidecar that would answer one if it were started otherwise, as the violation says.
const SWITCHED_OFF: &str = "it is not configured to answer probes";

/// The annotation that turns off the health checks of Istio's agent if it is `"0"`.
const ISTIO_STATUS_PORT: &str = "status.sidecar.istio.io/port";

impl<'a> Source<'a> {
    /// Finds a `startupProbe` for a sidecar that is, or becomes, a sidecar container at a place among the init containers.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn find(
        context: &Context<'_>,
        container: &Container<'a>,
        place: Place<'_>,
    ) -> Result<Self, Refusal> {
        let source = Self::choose(context, container)?;
        opens(Some(&source), context, container, place)?;
        Ok(source)
    }

    /// As [`Source::find`], for a sidecar container that stays where it is, and without a look at who would wait for whom.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn untried(context: &Context<'_>, container: &Container<'a>) -> Result<Self, Refusal> {
        let source = Self::choose(context, container)?;
        source.asks_itself(context.sent().lineup(), container)?;
        Ok(source)
    }

    /// The least value of the setting `fix` with which it is used: a failing startupProbe keeps the application from starting, which
    /// the probe that it is derived from was not written for.
    pub(crate) const fn needs(&self) -> Fix {
        match self {
            Self::Setting(_) | Self::Catalogue(_) => Fix::Safe,
            Self::Own { .. } => Fix::All,
        }
    }

    /// The probe, with the fields that the type knows.
    #[must_use]
    pub(crate) fn typed(&self, container: &Container<'_>) -> Probe {
        let given = |probe: &Value| serde_json::from_str(&probe.to_string()).unwrap_or_default();
        match self {
            Self::Setting(probe) => given(probe),
            Self::Catalogue(probe) => given(probe),
            Self::Own { field, attempts } => {
                let own = container.fields.probe(field).cloned().unwrap_or_default();
                Probe {
                    exec: own.exec,
                    grpc: own.grpc,
                    http_get: own.http_get,
                    tcp_socket: own.tcp_socket,
                    timeout_seconds: own.timeout_seconds,
                    period_seconds: Some(1),
                    failure_threshold: i32::try_from(*attempts).ok(),
                    ..Probe::default()
                }
            }
        }
    }

    /// Chooses a probe, whoever may wait for whom.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn choose(context: &Context<'_>, container: &Container<'a>) -> Result<Self, Refusal> {
        let Some(facts) = container.sidecar() else { return Err("it is not a sidecar".into()) };
        if let Some(probe) = container.declaration.and_then(|sidecar| sidecar.startup_probe.as_ref()) {
            return Ok(Self::Setting(probe));
        }
        if facts.need == Need::Helper {
            return Err("only its author can say whether the application should wait for this helper".into());
        }
        if let Some(row) = facts.row {
            if let Some(probe) = from_row(row, context.pod.candidate(container)) {
                return Ok(Self::Catalogue(probe));
            }
            if row.needs_app {
                return Err("its readiness depends on the application".into());
            }
            if row.is_istio_proxy() && context.pod.annotations().get(ISTIO_STATUS_PORT) == Some("0") {
                return Err(format!("{ISTIO_STATUS_PORT} is 0, so nothing answers probes").into());
            }
        }
        let (field, probe) = own_probe(container)
            .ok_or_else(|| if hint(context, container).is_some() { SWITCHED_OFF } else { NO_PROBE })?;
        may_be_copied(context, probe).map_err(|reason| {
            Refusal::from(format!("its {field} cannot serve as a startupProbe: {reason}"))
        })?;
        let is_derived = |other: &Container<'_>| is_derived(context, other);
        Ok(Self::Own { field, attempts: derived::attempts(context, container, &is_derived)? })
    }

    /// Checks that a probe which is the container's own asks for nothing of another one, once the container is at a place.
    ///
    /// # Errors
    /// What it asks.
    pub(crate) fn asks_itself_at(
        &self,
        context: &Context<'_>,
        container: &Container<'_>,
        place: Place<'_>,
    ) -> Result<(), Refusal> {
        let Self::Own { .. } = self else { return Ok(()) };
        let Context { pod, settings, .. } = context;
        let after = Lineup::with_sidecar(pod, settings, container, place, Some(self.typed(container)));
        self.asks_itself(&after, container)
    }

    /// Checks that a probe which is the container's own asks for nothing of another one.
    ///
    /// # Errors
    /// What it asks.
    fn asks_itself(&self, lineup: &Lineup<'_>, container: &Container<'_>) -> Result<(), Refusal> {
        let Self::Own { .. } = self else { return Ok(()) };
        match check::asks_another(lineup, container, Some(self.typed(container))) {
            None => Ok(()),
            Some(asked) => {
                Err(format!("a startupProbe from {self} would not check this sidecar: it {asked}").into())
            }
        }
    }

    /// The probe. `own` returns the raw JSON of the container's own probe, so that unknown fields are kept.
    #[must_use]
    pub(crate) fn probe(self, own: impl FnOnce(&'static str) -> Option<Value>) -> Option<Value> {
        match self {
            Self::Setting(probe) => Some(probe.clone()),
            Self::Catalogue(probe) => Some(probe),
            Self::Own { field, attempts } => asking_as(own(field)?, attempts),
        }
    }
}

/// What the user of a sidecar has to switch on so that it can have a `startupProbe`, as text to follow that word. Empty where it can have
/// one already, or nothing is known.
pub(crate) fn advice(context: &Context<'_>, container: &Container<'_>) -> String {
    let is_needed = container.sidecar().is_some_and(|facts| facts.need == Need::AtStart)
        && container.fields.startup_probe.is_none()
        && Source::choose(context, container).is_err();
    let hint = is_needed.then(|| hint(context, container)).flatten();
    hint.map(|hint| format!(": {hint}")).unwrap_or_default()
}

/// How to start a sidecar so that it answers a probe, if that is known and it is not started like that.
fn hint(context: &Context<'_>, container: &Container<'_>) -> Option<String> {
    container.row()?.hint_for(context.pod.candidate(container))
}

/// Checks that the gates of a container open once it is a sidecar container at a place, with a `startupProbe` from this source, or with its
/// own where there is none, and that it keeps no other container from starting.
///
/// # Errors
/// Who would wait for whom, or whom else the probe asks.
pub(crate) fn opens(
    source: Option<&Source<'_>>,
    context: &Context<'_>,
    container: &Container<'_>,
    place: Place<'_>,
) -> Result<(), Refusal> {
    let Context { pod, settings, .. } = context;
    let probe = source.map(|source| source.typed(container));
    let after = Lineup::with_sidecar(pod, settings, container, place, probe);
    if let Some(source) = source {
        source.asks_itself(&after, container)?;
    }
    context.sent().opens(&after, container).map_err(|Broken { field, is_proven, reason, .. }| match source {
        Some(source) if field == ["startupProbe"] => {
            let would = if is_proven { "would" } else { "might" };
            format!("a startupProbe from {source} {would} never succeed: {reason}").into()
        }
        _ => reason.into(),
    })
}

impl std::fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Setting(_) => f.write_str("the setting sidecars"),
            Self::Catalogue(_) => f.write_str("the built-in catalogue"),
            Self::Own { field, .. } => write!(f, "its {field}"),
        }
    }
}

fn from_row(row: &Row, candidate: Candidate<'_>) -> Option<Value> {
    let (probe, port) = row.proven(row.startup_probe.as_ref()?, candidate)?;
    let mut probe = serde_json::from_str(probe).ok()?;
    if let Some(port) = port {
        *Value::pointer_mut(&mut probe, "/httpGet/port")? = port.into();
    }
    Some(probe)
}

/// Checks that a readiness or liveness probe also works as a gate.
fn may_be_copied(context: &Context<'_>, probe: &Probe) -> Result<(), &'static str> {
    let is_of_node = context.pod.spec().host_network;
    if Target::of_probe(probe).is_some_and(|target| !target.is_own(is_of_node)) {
        return Err("it asks another host");
    }
    let path = probe.http_get.as_ref().and_then(|request| request.path.as_deref()).unwrap_or_default();
    if path.starts_with("/app-health/") {
        return Err("Istio has rewritten it");
    }
    let ends = probe.exec.as_ref().map(|exec| outcome(exec.command.as_deref().unwrap_or_default()).ends);
    if probe_is_gate(probe) && ends != Some(Ends::Success) { Ok(()) } else { Err("it always succeeds") }
}

/// A `startupProbe` with the handler of another probe. It runs every second, since the application may wait for nothing between two
/// attempts, and for as long as the setting `startupSeconds` allows.
fn asking_as(probe: Value, attempts: u32) -> Option<Value> {
    let Value::Object(fields) = probe else { return None };
    let is_taken = |key: &str| matches!(key, "exec" | "httpGet" | "tcpSocket" | "grpc" | "timeoutSeconds");
    let fields = fields.into_iter().filter(|(key, value)| is_taken(key) && !value.is_null());
    let mut derived: Map<_, _> = fields.collect();
    derived.insert("periodSeconds".to_owned(), json!(1));
    derived.insert("failureThreshold".to_owned(), json!(attempts));
    Some(Value::Object(derived))
}

/// The probe that a `startupProbe` may be derived from, and its field.
fn own_probe<'c>(container: &'c Container<'_>) -> Option<(&'static str, &'c Probe)> {
    let mut fields = ["readinessProbe", "livenessProbe"].into_iter();
    fields.find_map(|field| Some((field, container.fields.probe(field)?)))
}

/// Whether a sidecar without a `startupProbe` can only get a derived one.
fn is_derived(context: &Context<'_>, container: &Container<'_>) -> bool {
    let is_declared = container.declaration.is_some_and(|declaration| declaration.startup_probe.is_some());
    let row = container.row();
    let is_known =
        || row.is_some_and(|row| row.needs_app || from_row(row, context.pod.candidate(container)).is_some());
    container.sidecar().is_some_and(|facts| facts.need == Need::AtStart)
        && !is_declared
        && !is_known()
        && own_probe(container).is_some_and(|(_, probe)| may_be_copied(context, probe).is_ok())
}

/// The sidecar containers whose `startupProbe` an earlier repair copied from another probe that has changed since: its author does not
/// know about the copy.
#[must_use]
pub(crate) fn outdated(context: &Context<'_>, old: &Context<'_>) -> Vec<ContainerId> {
    let is_outdated = |container: &&Container<'_>| {
        // Only with `fix: All` is anything derived.
        if context.settings.fix != Fix::All
            || !container.is_native_sidecar()
            || context.action_on(RuleId::SidecarWithoutStartupProbe, container) == Action::Ignore
        {
            return false;
        }
        let mut same = old.pod.named(&container.fields.name).iter().filter_map(|id| old.pod.get(*id));
        let Some(before) = same.find(|before| before.is_native_sidecar()) else { return false };
        let (Some(probe), Some(old_probe)) = (&container.fields.startup_probe, &before.fields.startup_probe)
        else {
            return false;
        };
        let (Some(was), Some(is)) = (own(old, before), own(context, container)) else { return false };
        // Who would wait for whom takes a graph each.
        safety::is_alike(old_probe, probe)
            && safety::is_alike(&was.typed(before), probe)
            && !safety::is_alike(&is.typed(container), probe)
            && opens_in_place(&was, old, before)
            && opens_in_place(&is, context, container)
    };
    context.pod.containers.iter().filter(is_outdated).map(|container| container.id).collect()
}

/// The other probe of a sidecar container, if a repair would copy that.
fn own<'a>(context: &Context<'_>, container: &Container<'a>) -> Option<Source<'a>> {
    Source::choose(context, container).ok().filter(|source| matches!(source, Source::Own { .. }))
}

/// As [`opens`], for a sidecar container that stays where it is.
fn opens_in_place(source: &Source<'_>, context: &Context<'_>, container: &Container<'_>) -> bool {
    let init: Vec<_> = context.pod.init_containers().map(|container| container.id).collect();
    opens(Some(source), context, container, Place::of(&init, container.id)).is_ok()
}
