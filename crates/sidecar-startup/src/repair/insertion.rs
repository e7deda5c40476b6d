//! Inserts a sidecar that a Pod lacks: as a sidecar container, or as a native and a classic copy for old and new nodes.

use serde_json::Value;

use super::draft::Draft;
use super::edit::Edit;
use super::pair;
use super::placement;
use super::plan::Plan;
use super::{budget, named_ports, probe_source, safety};
use crate::finding::Refusal;
use crate::model::container_fields::ContainerFields;
use crate::model::container_id::ContainerId;
use crate::pod::Pod;
use crate::pod::container::Container;
use crate::settings::action::Fix;
use crate::settings::sidecar::Sidecar;
use crate::startup::context::Context;
use crate::startup::lineup::{Lineup, Place};
use crate::startup::{check, nodes};

/// Plans the insertion of the container that an entry of the setting `sidecars` gives.
///
/// # Errors
/// Why it cannot be inserted.
pub(crate) fn plan(context: &Context<'_>, sidecar: &Sidecar, draft: &Draft<'_>) -> Result<Plan, Refusal> {
    let Context { pod, settings, reach, .. } = context;
    let inserted = sidecar.inserted().ok_or("the setting sidecars gives no container to insert")?;
    placement::is_open_to(pod, inserted.name)?;
    let value = inserted.as_sidecar();
    let json = value.to_string();
    let fields: ContainerFields<'_> =
        serde_json::from_str(&json).map_err(|_| "the container in the setting sidecars cannot be read")?;
    let newcomer = pod.newcomer(&fields, settings);
    placement::may_be_sidecar(pod, &newcomer, &settings.oldest_kubernetes)?;
    safety::has_volumes(pod, draft, &value)?;
    safety::has_user(pod, &value)?;
    safety::has_no_privileges(draft, &value)?;
    if pod.spec().host_network && safety::uses_ports(&newcomer) {
        return Err("the Pod uses the node's network, where its ports may be taken".into());
    }
    if let Some((port, other)) = safety::shared_port(pod, &newcomer) {
        return Err(format!("{} already listens on its port {port}", other.name()).into());
    }
    let place = place(pod, sidecar, &newcomer, draft)?;
    budget::fits_at(pod, &newcomer, place)?;
    probe_source::opens(None, context, &newcomer, place)?;
    let after = Lineup::with_sidecar(pod, settings, &newcomer, place, None);
    if let Some(asked) = check::asks_another(&after, &newcomer, None) {
        return Err(format!("its gate would not check this sidecar: it {asked}").into());
    }
    let name = newcomer.name();
    if context.wants_pair(&newcomer) {
        named_ports::stay_with_last_app(pod, &newcomer)?;
        let edits = pair::insertion(context, &newcomer, inserted, place, draft)?;
        return Ok(Plan::new(format!("inserted sidecar {name} as native and classic copies"), edits));
    }
    named_ports::stay_with_sidecar(pod, &newcomer, place)?;
    nodes::may_have_sidecars(pod, reach, settings)?;
    // A node label that the Pod has to require is another repair's work.
    let is_free = reach.old_node().is_none() && nodes::missing_label(pod, settings).is_none();
    let needs = if is_free { Fix::Safe } else { Fix::All };
    let edits = vec![Edit::AddInit { value, before: place.before() }];
    Ok(Plan { needs, ..Plan::new(format!("inserted sidecar {name}"), edits) })
}

/// The place among the init containers: that of any sidecar of its kind, but before those that need it and after the sidecars that it
/// needs itself.
///
/// # Errors
/// The settings ask for both at once.
fn place<'i>(
    pod: &Pod<'_>,
    sidecar: &Sidecar,
    newcomer: &Container<'_>,
    draft: &'i Draft<'_>,
) -> Result<Place<'i>, Refusal> {
    let init = draft.init();
    let usual = placement::place(pod, newcomer, init).earlier.len();
    // Those that were added by this repair are not in the Pod.
    let needs_it = |id: &ContainerId| {
        let name = draft.get(*id, "name");
        let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        sidecar.starts_before.iter().any(|glob| glob.matches(name))
    };
    let is_needed = |id: &ContainerId| {
        let other = pod.get(*id).filter(|other| other.is_native_sidecar());
        let dependents = other.and_then(|other| other.declaration).map(|declared| &declared.starts_before);
        dependents.is_some_and(|globs| globs.iter().any(|glob| glob.matches(&newcomer.fields.name)))
    };
    let earliest = init.iter().rposition(is_needed).map_or(0, |last| last + 1);
    let latest = init.iter().position(needs_it).unwrap_or(init.len());
    if latest < earliest {
        return Err("it would have to start both before and after another sidecar, by startsBefore".into());
    }
    Ok(Place::at(init, usual.min(latest).max(earliest)))
}
