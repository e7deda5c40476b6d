//! Compares the start-up sequence with a real kubelet: twelve Pods as kubelet 1.36.2 started them, with containerd and runc.
//!
//! In each Pod, `side` takes some seconds to become ready. Times are in seconds after its first start. The sequence must allow
//! the observed start of the application, and little else.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says so where something is not there"
)]

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use sidecar_startup::model::object::Object;
use sidecar_startup::model::template::{Kind, PodTemplate};
use sidecar_startup::model::timing::Timing;
use sidecar_startup::pod::Pod;
use sidecar_startup::startup::sequence::{Gate, Sequence, WaitClass};
use sidecar_startup::{Settings, validate};

/// A Pod, and when its application was started; `None` if it was not within 75 s.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    what: String,
    spec: Value,
    /// When `side` becomes ready, unless its hook fails before.
    ready_after: u64,
    /// The hook of `side`, if it has one.
    hook: Option<Hook>,
    app_started: Option<u64>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
struct Hook {
    returns_after: u64,
    succeeds: bool,
}

/// The twelve Pods.
fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("../../../tests/kubelet/measured.json")).unwrap()
}

#[test]
fn the_model_agrees_with_every_pod() {
    for row in rows() {
        let text = json!({"spec": row.spec}).to_string();
        let object: Object<'_> = serde_json::from_str(&text).unwrap();
        let template = PodTemplate::of(Kind::Pod, &object).unwrap();
        let settings = Settings::default();
        let pod = Pod::new(Kind::Pod, &object, &template, &settings);
        let sequence = Sequence::of(&pod);
        let app = sequence.steps.iter().find(|step| step.name == "app").unwrap();

        let earliest_and_latest = match app.waits_for {
            None | Some((_, WaitClass::None)) => Some((0, 0)),
            Some((before, class)) => {
                let before = &sequence.steps[before];
                match (class, before.gate, row.hook) {
                    (_, Gate::Started, _) => Some((0, 0)),
                    (WaitClass::Hard, Gate::PostStart, Some(Hook { returns_after, succeeds: true })) => {
                        Some((returns_after, returns_after))
                    }
                    // `side` never exits, either.
                    (WaitClass::Hard, Gate::PostStart, _) | (_, Gate::Exited, _) => None,
                    // Killing a container after its hook has failed takes a few more seconds.
                    (WaitClass::Soft, _, Some(hook)) => Some((hook.returns_after, hook.returns_after + 5)),
                    (_, Gate::StartupProbe, _) if never_opens(&row.spec) => None,
                    (_, Gate::StartupProbe, _) => {
                        let probe = pod.containers[0].fields.startup_probe.as_ref().unwrap();
                        let ready = if row.hook.is_some_and(|hook| !hook.succeeds) {
                            u64::MAX
                        } else {
                            row.ready_after
                        };
                        Some((ready.max(before.opens.earliest), ready + Timing::of(probe).period))
                    }
                    (class, gate, _) => panic!("{}: nobody waits {class:?} for {gate:?} here", row.what),
                }
            }
        };
        match (earliest_and_latest, row.app_started) {
            (None, None) => {}
            (Some((earliest, latest)), Some(started)) => {
                assert!(
                    (earliest..=latest).contains(&started),
                    "{}: {earliest} to {latest}, seen at {started}",
                    row.what
                );
            }
            (model, seen) => panic!("{}: the model says {model:?}, seen was {seen:?}", row.what),
        }
    }
}

/// Whether the policy reports that a gate of the Pod never opens.
fn never_opens(spec: &Value) -> bool {
    let request =
        json!({"kind": {"group": "", "kind": "Pod"}, "operation": "CREATE", "object": {"spec": spec}});
    let answer = validate(&json!({"request": request}).to_string());
    answer.violations().iter().any(|violation| violation.rule.name() == "startup-gate-never-opens")
}

#[test]
fn what_hangs_is_denied() {
    assert_eq!(rows().len(), 12);
    let hanging: Vec<_> = rows().into_iter().filter(|row| row.app_started.is_none()).collect();
    assert_eq!(hanging.len(), 4);
    // Pod 12 is not detected: nothing but a well-known name shows that an ordinary init container never ends.
    for row in hanging.iter().filter(|row| !row.what.starts_with("12")) {
        assert!(never_opens(&row.spec), "{}", row.what);
    }
}

#[test]
fn sequences_print_on_one_line() {
    let text = json!({"spec": {
        "initContainers": [
            {"name": "istio-init", "image": "istio/proxyv2"},
            {"name": "istio-proxy", "image": "istio/proxyv2", "restartPolicy": "Always",
             "startupProbe": {"httpGet": {"port": 15021}, "periodSeconds": 1, "failureThreshold": 600}},
            {"name": "cache", "image": "c", "restartPolicy": "Always", "lifecycle": {"postStart": {"sleep": {"seconds": 3}}}},
            {"name": "logs", "image": "l", "restartPolicy": "Always"},
            {"name": "migrate", "image": "m"},
        ],
        "containers": [
            {"name": "hold", "image": "h", "lifecycle": {"postStart": {"exec": {"command": ["wait"]}}}},
            {"name": "app", "image": "a"},
            {"name": "metrics", "image": "b"},
        ],
    }})
    .to_string();
    let object: Object<'_> = serde_json::from_str(&text).unwrap();
    let template = PodTemplate::of(Kind::Pod, &object).unwrap();
    let settings = Settings::default();
    let pod = Pod::new(Kind::Pod, &object, &template, &settings);
    assert_eq!(
        Sequence::of(&pod).to_string(),
        "istio-init > istio-proxy[startupProbe<=599s] > cache[postStart<=3s] > logs > migrate > hold[postStart] ~> app,metrics"
    );
}

#[test]
fn budgets_have_the_defaults_of_the_api() {
    for (probe, budget) in [
        (json!({}), 20),
        (json!({"periodSeconds": 0, "failureThreshold": 0}), 20),
        (json!({"initialDelaySeconds": 5, "periodSeconds": 30, "failureThreshold": 10}), 275),
        (json!({"periodSeconds": 1, "failureThreshold": 1}), 0),
        (json!({"periodSeconds": i32::MAX, "failureThreshold": i32::MAX}), 4_611_686_011_984_936_962),
        (json!({"periodSeconds": -1}), 20),
    ] {
        let probe = serde_json::from_value(probe).unwrap();
        assert_eq!(Timing::of(&probe).budget(), budget, "{probe:?}");
    }
}

/// A container of a random Pod, and its behaviour.
#[derive(Debug, Clone, Copy)]
struct Random {
    is_init: bool,
    is_sidecar: bool,
    /// The time until it exits or becomes ready.
    takes: u64,
    has_probe: bool,
    /// The time until its hook returns, and whether the hook succeeds.
    hook: Option<(u64, bool)>,
}

impl Random {
    fn fields(self, index: usize) -> Value {
        let mut fields = json!({"name": format!("c{index}"), "image": "i"});
        if self.is_init && self.is_sidecar {
            fields["restartPolicy"] = json!("Always");
        }
        if self.has_probe {
            fields["startupProbe"] = json!({"exec": {"command": ["ready"]}, "periodSeconds": 1});
        }
        if self.hook.is_some() {
            fields["lifecycle"] = json!({"postStart": {"exec": {"command": ["wait"]}}});
        }
        fields
    }
}

/// When each container is first started, modelled on the kubelet's own loop: init containers one by one, then the others in one
/// pass, in which a `postStart` hook delays the containers after it.
fn simulate(containers: &[Random]) -> Vec<Option<u64>> {
    let mut now = Some(0);
    let mut starts = Vec::new();
    for container in containers {
        starts.push(now);
        now = now.and_then(|now| match (container.is_init, container.hook) {
            (true, _) if !container.is_sidecar => Some(now + container.takes),
            (true, Some((_, false))) => None,
            (true, hook) => {
                let hook = hook.map_or(0, |(returns, _)| returns);
                Some(now + if container.has_probe { hook.max(container.takes) } else { hook })
            }
            (false, hook) => Some(now + hook.map_or(0, |(returns, _)| returns)),
        });
    }
    starts
}

proptest! {
    #[test]
    fn the_model_agrees_with_a_naive_kubelet(
        init in proptest::collection::vec(random(true), 0..4),
        apps in proptest::collection::vec(random(false), 1..4),
    ) {
        let containers: Vec<_> = init.iter().chain(&apps).copied().collect();
        let fields = |list: &[Random], offset| -> Vec<_> {
            list.iter().enumerate().map(|(index, container)| container.fields(index + offset)).collect()
        };
        let spec = json!({"initContainers": fields(&init, 0), "containers": fields(&apps, init.len())});
        let text = json!({"spec": spec}).to_string();
        let object: Object<'_> = serde_json::from_str(&text).unwrap();
        let template = PodTemplate::of(Kind::Pod, &object).unwrap();
        let settings = Settings::default();
        let pod = Pod::new(Kind::Pod, &object, &template, &settings);
        let sequence = Sequence::of(&pod);

        let mut starts: Vec<Option<u64>> = Vec::new();
        for step in &sequence.steps {
            let start = step.waits_for.map_or(Some(0), |(before, class)| {
                let Random { takes, hook, .. } = containers[before];
                let after = match (class, sequence.steps[before].gate) {
                    (WaitClass::None, _) | (_, Gate::Started) => Some(0),
                    (_, Gate::Exited) => Some(takes),
                    (WaitClass::Soft, _) => hook.map(|(returns, _)| returns),
                    (WaitClass::Hard, Gate::PostStart) => hook.filter(|(_, well)| *well).map(|(returns, _)| returns),
                    (WaitClass::Hard, Gate::StartupProbe) => match hook {
                        Some((_, false)) => None,
                        hook => Some(takes.max(hook.map_or(0, |(returns, _)| returns))),
                    },
                };
                Some(starts[before]? + after?)
            });
            starts.push(start);
        }
        prop_assert_eq!(starts, simulate(&containers), "{}", sequence);
    }
}

fn random(is_init: bool) -> impl Strategy<Value = Random> {
    let hook = proptest::option::of((0_u64..9, any::<bool>()));
    (any::<bool>(), 0_u64..9, any::<bool>(), hook).prop_map(move |(is_sidecar, takes, has_probe, hook)| {
        // An ordinary init container may have neither probes nor hooks.
        let is_plain = is_init && !is_sidecar;
        Random {
            is_init,
            is_sidecar,
            takes,
            has_probe: has_probe && !is_plain,
            hook: hook.filter(|_| !is_plain),
        }
    })
}
