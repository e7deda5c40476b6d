//! Who creates whom: Pods are folded into the workloads that people write.

use std::collections::BTreeMap;

use super::workload::Id;
use crate::object::Head;

/// The controllers of the objects that were seen.
#[derive(Debug, Default)]
pub(super) struct Owners {
    controllers: BTreeMap<Id, Controller>,
}

#[derive(Debug)]
struct Controller {
    kind: String,
    name: String,
    /// What a Deployment adds to the name of a `ReplicaSet`.
    hash: Option<String>,
}

impl Owners {
    /// Remembers the controller of an object.
    pub(super) fn add(&mut self, head: &Head, namespace: &str) {
        let Some((kind, name)) = head.controller() else { return };
        let hash = head.label("pod-template-hash").map(str::to_owned);
        let controller = Controller { kind: kind.to_owned(), name: name.to_owned(), hash };
        let id = Id {
            namespace: namespace.to_owned(),
            kind: head.kind().to_owned(),
            name: head.name().to_owned(),
        };
        self.controllers.insert(id, controller);
    }

    /// The workload at the top: the controller of the controller and so on.
    pub(super) fn top(&self, id: &Id) -> Id {
        let mut top = id.clone();
        // A Pod has at most three owners above it; more would be a circle.
        for _ in 0..4 {
            let Some(controller) = self.controllers.get(&top) else { return top };
            let owner = |kind: &str, name: &str| Id {
                namespace: id.namespace.clone(),
                kind: kind.to_owned(),
                name: name.to_owned(),
            };
            top = owner(&controller.kind, &controller.name);
            if self.controllers.contains_key(&top) {
                continue;
            }
            // The owner is not among what was read, so its own owner is taken from its name.
            if let Some((kind, name)) = parent(controller) {
                return owner(kind, name);
            }
        }
        top
    }
}

/// The Deployment of a `ReplicaSet`, or the CronJob of a Job, by the names that Kubernetes gives them.
fn parent(controller: &Controller) -> Option<(&'static str, &str)> {
    let (name, suffix) = controller.name.rsplit_once('-')?;
    match controller.kind.as_str() {
        "ReplicaSet" if controller.hash.as_deref() == Some(suffix) => Some(("Deployment", name)),
        // Minutes since 1970 (`pkg/controller/cronjob/utils.go`).
        "Job" if 8 <= suffix.len() && suffix.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(("CronJob", name))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn head(kind: &str, name: &str, owner: (&str, &str), hash: Option<&str>) -> Head {
        let (owner_kind, owner) = owner;
        Head::of_value(&json!({"apiVersion": "v1", "kind": kind, "metadata": {
            "name": name, "labels": {"pod-template-hash": hash},
            "ownerReferences": [{"kind": "Other", "name": "x"}, {"kind": owner_kind, "name": owner, "controller": true}],
        }}))
        .unwrap()
    }

    fn top(owners: &Owners, kind: &str, name: &str) -> String {
        let id = Id { namespace: "shop".into(), kind: kind.into(), name: name.into() };
        let Id { kind, name, .. } = owners.top(&id);
        format!("{kind}/{name}")
    }

    #[test]
    fn pods_are_folded() {
        let mut owners = Owners::default();
        owners.add(&head("Pod", "web-5d4-x", ("ReplicaSet", "web-5d4"), Some("5d4")), "shop");
        owners.add(&head("Pod", "canary-5d4-x", ("ReplicaSet", "canary-5d4"), Some("5d4")), "shop");
        owners.add(&head("ReplicaSet", "canary-5d4", ("Rollout", "canary"), None), "shop");
        owners.add(&head("Pod", "own-set-x", ("ReplicaSet", "own-set"), None), "shop");
        owners.add(&head("Pod", "backup-29000000-x", ("Job", "backup-29000000"), None), "shop");
        owners.add(&head("Pod", "db-0", ("StatefulSet", "db"), None), "shop");
        for (name, expected) in [
            ("web-5d4-x", "Deployment/web"),
            ("canary-5d4-x", "Rollout/canary"),
            ("own-set-x", "ReplicaSet/own-set"),
            ("backup-29000000-x", "CronJob/backup"),
            ("db-0", "StatefulSet/db"),
            ("bare", "Pod/bare"),
        ] {
            assert_eq!(top(&owners, "Pod", name), expected);
        }
    }
}
