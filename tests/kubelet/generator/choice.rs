//! The same Pods, whose parts are not drawn but chosen: for a fuzzer, which changes one choice and looks at what that changes.

use serde_json::{Value, json};

use super::identities::{Identity, applications, init_containers, sidecars};
use super::meshes::{Mesh, asking};
use super::{Case, container_of, fields, parts_of_settings, required, settings_with, spec_of};

/// Chooses one of so many, by its place. Zero is nothing more, or the plainest.
type Choose<'c> = &'c mut dyn FnMut(usize) -> usize;

/// A case of chosen parts.
pub(crate) fn chosen(choose: Choose<'_>) -> Case {
    let init: Vec<_> = (0..choose(4)).map(|_| init_container(choose)).collect();
    let mut apps: Vec<_> = (0..choose(4))
        .map(|_| match choose(3) {
            0 => container(applications(), &["readinessProbe", "lifecycle", "ports"], choose),
            _ => container(sidecars(), &FIELDS, choose),
        })
        .collect();
    let shop = container(
        applications().into_iter().take(1).collect(),
        &["readinessProbe", "lifecycle", "ports"],
        choose,
    );
    let place = if choose(2) == 0 { apps.len() } else { 0 };
    apps.insert(place, shop);
    let policy = if choose(9) == 8 { json!("Never") } else { Value::Null };
    let spec = spec_of(&init, &apps, policy);
    let mesh = Mesh::chosen(choose);
    let mut metadata = if choose(2) == 0 { json!({}) } else { pick(asking(), choose) };
    metadata["name"] = json!("shop");
    let parts = parts_of_settings().into_iter().filter(|_| choose(4) == 3).collect();
    let required = if choose(4) == 3 { Some(pick(required(), choose)) } else { None };
    Case::of(spec, mesh, metadata, settings_with(parts, required))
}

const FIELDS: [&str; 5] = ["startupProbe", "readinessProbe", "livenessProbe", "lifecycle", "ports"];

fn init_container(choose: Choose<'_>) -> Value {
    match choose(16) {
        // An outdated client may have dropped the restartPolicy.
        0 => container(sidecars(), &[], choose),
        1..=5 => container(init_containers(), &[], choose),
        _ => {
            let mut container = container(sidecars(), &FIELDS, choose);
            container["restartPolicy"] = json!("Always");
            container
        }
    }
}

fn container(identities: Vec<Identity>, more: &[&str], choose: Choose<'_>) -> Value {
    let (name, image, own) = pick(identities, choose);
    let own = pick(own, choose);
    let mounts = fields::all_mounts().into_iter().filter(|_| choose(5) == 4).take(2).collect();
    let mut chosen = json!({});
    for field in more {
        if choose(2) == 0 {
            continue;
        }
        chosen[field] = match *field {
            "ports" => pick(fields::ports(), choose),
            "lifecycle" => json!({"postStart": pick(fields::hooks(), choose)}),
            _ => {
                let handler = pick(fields::handlers(), choose);
                if choose(5) == 4 { handler } else { fields::quick(&handler) }
            }
        };
    }
    container_of((name, image), own, fields::mounts_of(mounts), chosen)
}

fn pick<T>(mut all: Vec<T>, choose: Choose<'_>) -> T {
    let place = choose(all.len());
    all.swap_remove(place)
}
