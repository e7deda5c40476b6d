//! Repairs an object for someone who pastes the result, and so may add arguments that no repair adds.

use serde_json::{Value, json};
use sidecar_startup::RuleId;

use crate::judge::{Judge, Remark};

/// As [`Judge::repair`], but with the arguments that sidecars lack for a repair, where those make it possible.
pub(crate) fn repair(
    judge: &Judge,
    request: &str,
    except: &[(RuleId, Option<String>)],
) -> (Option<Value>, Vec<Remark>) {
    let (mut object, mut left) = judge.repair(request, judge.settings(), except);
    let lacking: Vec<_> = left.iter().filter_map(|remark| remark.arguments.clone()).collect();
    let mut request = request.to_owned();
    for (pointer, words) in lacking {
        let Some(switched) = with_arguments(&request, &pointer, &words) else { continue };
        let (repaired, still) = judge.repair(&switched, judge.settings(), except);
        if still.len() < left.len() {
            (request, object, left) = (switched, repaired, still);
        }
    }
    (object, left)
}

/// A request in which a container of the object has these `args`, at this JSON pointer.
fn with_arguments(request: &str, pointer: &str, words: &[String]) -> Option<String> {
    let mut request: Value = serde_json::from_str(request).ok()?;
    let (container, key) = pointer.rsplit_once('/')?;
    let container = request.get_mut("object")?.pointer_mut(container)?.as_object_mut()?;
    container.insert(key.to_owned(), json!(words));
    Some(request.to_string())
}
