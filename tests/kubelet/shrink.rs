//! Makes a failing case smaller: takes away containers, fields and entries as long as the same sort of fault stays.

use serde_json::Value;

use crate::generator::Case;
use crate::properties::{Fault, check, has_application};

/// The smallest case that is found, with its fault.
pub(crate) fn shrink(case: &Case, seed: u64, fault: &Fault) -> (Case, Fault) {
    let mut smallest = (case.clone(), fault.clone());
    let mut is_smaller = true;
    while is_smaller {
        is_smaller = false;
        for place in places(&smallest.0.pod, "") {
            let mut candidate = smallest.0.clone();
            // Where all would be sidecars, none is.
            if !remove(&mut candidate.pod, &place) || !has_application(&candidate.pod) {
                continue;
            }
            if let Some(fault) = same(&candidate, seed, fault) {
                smallest = (candidate, fault);
                is_smaller = true;
                break;
            }
        }
        for key in ["gates", "mesh", "rules"] {
            let mut candidate = smallest.0.clone();
            let is_there = candidate
                .settings
                .as_object_mut()
                .is_some_and(|settings| settings.shift_remove(key).is_some());
            if let Some(fault) = is_there.then(|| same(&candidate, seed, fault)).flatten() {
                smallest = (candidate, fault);
                is_smaller = true;
            }
        }
    }
    smallest
}

fn same(case: &Case, seed: u64, fault: &Fault) -> Option<Fault> {
    let is_same = |other: &Fault| other.property == fault.property && other.kind == fault.kind;
    check(case, seed).faults.into_iter().find(is_same)
}

/// The paths of what may be taken away, the largest first.
fn places(value: &Value, path: &str) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            fields.iter().map(|(key, field)| (key.replace('~', "~0").replace('/', "~1"), field)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(place, item)| (place.to_string(), item)).collect()
        }
        _ => Vec::new(),
    };
    // Commands and handlers mean something as a whole only.
    let is_whole =
        |key: &str| ["command", "exec", "httpGet", "tcpSocket", "grpc", "sleep", "postStart"].contains(&key);
    let is_kept = |key: &str| {
        is_whole(key)
            || ["name", "image", "mountPath", "containerPort", "emptyDir", "configMap"].contains(&key)
    };
    let is_top = path.is_empty();
    let own = children.iter().filter(|(key, _)| !is_top && (key == "command" || !is_kept(key)));
    let mut all: Vec<String> = own.map(|(key, _)| format!("{path}/{key}")).collect();
    let below = children.iter().filter(|(key, _)| !is_whole(key));
    all.extend(below.flat_map(|(key, child)| places(child, &format!("{path}/{key}"))));
    all.retain(|path| path != "/spec/containers" && !path.ends_with("exec/command"));
    all
}

fn remove(value: &mut Value, path: &str) -> bool {
    let Some((parent, key)) = path.rsplit_once('/') else { return false };
    let key = key.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(fields)) => fields.shift_remove(&key).is_some(),
        Some(Value::Array(items)) => key.parse().is_ok_and(|place: usize| {
            let is_there = place < items.len();
            if is_there {
                items.remove(place);
            }
            is_there
        }),
        _ => false,
    }
}
