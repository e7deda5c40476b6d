//! Pods at random, put together from what stands in real ones, with whatever tells who needs whom: volumes, ports, commands, probes,
//! hooks, meshes that are there and injectors to come.

pub(crate) mod choice;
mod fields;
mod identities;
mod meshes;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::needs::Declared;
use identities::{Identity, applications, init_containers, sidecars};
use meshes::Mesh;

/// A Pod, and the settings under which it is judged.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) pod: Value,
    pub(crate) settings: Value,
}

/// The sidecars that the settings of every case declare, those whose probe the operator gives among them.
pub(crate) const DECLARED: [Declared; 5] = [
    Declared { name: "envoy", has_probe: false },
    Declared { name: "nginx", has_probe: false },
    Declared { name: "agent", has_probe: false },
    Declared { name: "git-sync", has_probe: false },
    Declared { name: REQUIRED, has_probe: true },
];

/// The sidecar that the settings of some cases require in every Pod.
const REQUIRED: &str = "log-shipper";

impl Case {
    fn of(mut spec: Value, mesh: Mesh, metadata: Value, settings: Value) -> Self {
        mesh.add_to(&mut spec);
        keep_first_of_each_name(&mut spec);
        let metadata = if mesh.is_there() { json!({"name": "shop"}) } else { metadata };
        Self { pod: json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}), settings }
    }

    /// The name of the container that a repair has to insert, and the Pod with it.
    pub(crate) fn with_required(&self) -> Option<(String, Value)> {
        let entry =
            self.settings["sidecars"].as_array()?.iter().find(|entry| entry["container"].is_object())?;
        let mut container = entry["container"].clone();
        let name = container["name"].as_str()?.to_owned();
        let is_there = ["initContainers", "containers"]
            .into_iter()
            .filter_map(|list| self.pod["spec"][list].as_array())
            .flatten()
            .any(|other| other["name"] == *name);
        container["restartPolicy"] = json!("Always");
        if container["startupProbe"].is_null() {
            container["startupProbe"] = entry["startupProbe"].clone();
        }
        let mut pod = self.pod.clone();
        match &mut pod["spec"]["initContainers"] {
            Value::Array(init) => init.push(container),
            none => *none = json!([container]),
        }
        (!is_there).then_some((name, pod))
    }
}

/// One container out of a list, with one of its sets of fields, mounts and whatever its place allows.
fn container(
    identities: Vec<Identity>,
    more: impl Strategy<Value = Value> + Clone + 'static,
) -> impl Strategy<Value = Value> {
    select(identities).prop_flat_map(move |(name, image, fields)| {
        (select(fields), fields::mounts(), more.clone())
            .prop_map(move |(own, mounts, more)| container_of((name, image), own, mounts, more))
    })
}

fn container_of((name, image): (&str, &str), own: Value, mounts: Value, more: Value) -> Value {
    let mut container = json!({"name": name, "image": image});
    // What a container is run with stands above what is drawn for any.
    for part in [more, mounts, own].into_iter().filter_map(|part| part.as_object().cloned()) {
        container.as_object_mut().into_iter().for_each(|fields| fields.extend(part.clone()));
    }
    container
}

fn spec() -> impl Strategy<Value = Value> {
    let native = container(sidecars(), fields::of_sidecar()).prop_map(|mut container| {
        container["restartPolicy"] = json!("Always");
        container
    });
    let stripped = container(sidecars(), Just(json!({})));
    // An outdated client may have dropped the restartPolicy.
    let init = prop_oneof![10 => native, 5 => container(init_containers(), Just(json!({}))), 1 => stripped];
    let classic = prop_oneof![2 => container(sidecars(), fields::of_classic()), 1 => container(applications(), fields::of_application())];
    let shop = container(applications().into_iter().take(1).collect(), fields::of_application());
    let policies = prop_oneof![8 => Just(json!(null)), 1 => Just(json!("Never"))];
    (vec(init, 0..3), shop, any::<bool>(), vec(classic, 0..3), policies).prop_map(
        |(init, shop, is_first, mut apps, policy)| {
            apps.insert(if is_first { 0 } else { apps.len() }, shop);
            spec_of(&init, &apps, policy)
        },
    )
}

fn spec_of(init: &[Value], apps: &[Value], policy: Value) -> Value {
    let mut spec = json!({"initContainers": init, "containers": apps, "volumes": fields::volumes()});
    if !policy.is_null() {
        spec["restartPolicy"] = policy;
    }
    spec
}

/// What the operator has a repair insert into Pods without a log shipper.
fn required() -> Vec<Value> {
    let with = |more: Value| {
        let mut container = json!({"name": REQUIRED, "image": "fluent/fluent-bit:3.1"});
        container
            .as_object_mut()
            .into_iter()
            .for_each(|fields| fields.extend(more.as_object().cloned().unwrap_or_default()));
        container
    };
    let file = fields::quick(&json!({"exec": {"command": ["test", "-f", "/certs/tls.crt"]}}));
    let command = fields::quick(&json!({"exec": {"command": ["agent", "ready"]}}));
    let work = json!([{"name": "work", "mountPath": "/work", "readOnly": true}]);
    vec![
        with(json!({"ports": [{"containerPort": 2020}]})),
        with(json!({"ports": [{"containerPort": 8080}]})),
        with(json!({"volumeMounts": work})),
        with(json!({"volumeMounts": work, "startupProbe": command})),
        with(json!({"volumeMounts": [{"name": "certs", "mountPath": "/certs"}], "startupProbe": file})),
        with(json!({"startupProbe": fields::quick(&fields::http("/ready", 8080))})),
    ]
}

fn settings() -> impl Strategy<Value = Value> {
    // Most operators leave most settings alone.
    let parts = prop_oneof![Just(Vec::new()), subsequence(parts_of_settings(), 1..3)];
    let required = prop_oneof![3 => Just(None), 1 => select(required()).prop_map(Some)];
    (parts, required).prop_map(move |(parts, required)| settings_with(parts, required))
}

fn parts_of_settings() -> Vec<(&'static str, Value)> {
    vec![
        ("gates", json!(["StartupProbe", "PostStart"])),
        ("mesh", json!({"istio": "Native", "linkerd": "Native"})),
        ("mesh", json!({"istio": "Hold", "linkerd": "Hold"})),
        ("rules", json!({"classic-sidecar": "Ignore"})),
    ]
}

/// Settings that declare the sidecars of all cases, and perhaps require a container.
fn settings_with(parts: Vec<(&'static str, Value)>, required: Option<Value>) -> Value {
    let mut sidecars: Vec<_> = DECLARED
        .iter()
        .map(|declared| {
            let mut sidecar = json!({"match": {"containerNames": [declared.name]}});
            if declared.has_probe {
                sidecar["startupProbe"] = fields::quick(&fields::http("/health", 2020));
            }
            sidecar
        })
        .collect();
    let entry = sidecars.iter_mut().find(|entry| entry["match"]["containerNames"][0] == REQUIRED);
    if let (Some(container), Some(entry)) = (required, entry) {
        entry["requiredIn"] = json!({"podSelector": {}});
        entry["container"] = container;
    }
    let mut settings = json!({"sidecars": sidecars});
    for (key, value) in parts {
        settings[key] = value;
    }
    settings
}

/// Any case.
pub(crate) fn case() -> impl Strategy<Value = Case> {
    (spec(), meshes::injected(), meshes::metadata(), settings())
        .prop_map(|(spec, mesh, metadata, settings)| Case::of(spec, mesh, metadata, settings))
}

/// Leaves out containers whose name another one has.
pub fn keep_first_of_each_name(spec: &mut Value) {
    let mut seen = Vec::new();
    // The application stays whatever else there is.
    for key in ["containers", "initContainers"] {
        if let Some(list) = spec[key].as_array_mut() {
            list.retain(|container| {
                let name = container["name"].clone();
                let is_new = !seen.contains(&name);
                seen.push(name);
                is_new
            });
        }
    }
}
