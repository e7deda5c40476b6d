//! Settings with every field.

use acceptance::generators::payloads;
use serde_json::{Value, json};
use sidecar_startup::RuleId;

use super::probes::{lifecycle, probe};
use crate::draw::Draw;

const ACTIONS: &[&str] = &["Deny", "Warn", "Ignore"];
const NEEDS: &[&str] = &["AtStart", "Helper", "None"];
const GLOBS: &[&str] =
    &["agent", "*-shipper", "istio-proxy", "migrate", "worker", "*", "a?ent*", "log-shipper"];
const IMAGES: &[&str] = &[
    "agent",
    "*/istio/proxyv2",
    "shipper",
    "*",
    "*/fluent-bit",
    "registry.example.com:5000/*",
    "docker.io/library/docker",
];
const SELECTORS: &[&str] = &[
    "{}",
    r#"{"matchLabels":{"team":"payments"}}"#,
    r#"{"matchExpressions":[{"key":"app","operator":"In","values":["webapp","other"]}]}"#,
    r#"{"matchExpressions":[{"key":"team","operator":"DoesNotExist"},{"key":"app","operator":"Exists"}]}"#,
    r#"{"matchLabels":{"app":"webapp"},"matchExpressions":[{"key":"team","operator":"NotIn","values":["payments"]}]}"#,
];
const NAMESPACES: &[&str] = &["legacy-*", "default", "shop-*", "*"];
/// Values that no setting has.
const WRONG: &[&str] =
    &["null", "7", r#""deny""#, "[]", "{}", r#"[{"match":{}}]"#, r#"{"a":"b"}"#, "true", r#"["x"]"#];

const CONTAINERS: &[&str] = &[
    r#"{"name":"shipper","image":"shipper:1","command":["sh","/start.sh"],"volumeMounts":[{"name":"work","mountPath":"/work"}]}"#,
    r#"{"name":"agent","image":"agent:1","ports":[{"containerPort":8080}],"restartPolicy":"Always"}"#,
    r#"{"name":"log-shipper","image":"fluent/fluent-bit:3","volumeMounts":[{"name":"other","mountPath":"/a"}],"readinessProbe":{"tcpSocket":{"port":2020}}}"#,
    r#"{"name":"worker","image":"worker:1","args":["--x"],"fromElsewhere":1}"#,
];

const WAITS: &[&str] = &[
    r#"{"image":"busybox:1","command":["wait"]}"#,
    r#"{"image":"postgres:16","command":["sh","-c","until pg_isready -h postgres -p 5432; do sleep 2; done"],"resources":{"requests":{"cpu":"10m"}}}"#,
    r#"{"image":"busybox","args":["sh","-c","until nc -z localhost 8080; do sleep 1; done"],"env":[{"name":"A","value":"b"}],"volumeMounts":[{"name":"work","mountPath":"/work"}]}"#,
];

/// Any settings. Most are valid.
pub(crate) fn settings(draw: &mut Draw<'_>) -> Value {
    let mut settings = json!({});
    // What decides most comes first, so that few bytes lead to much.
    settings["fix"] = json!(draw.one_of(&["All", "Safe", "None"]));
    if draw.once_in(2) {
        settings["defaultAction"] = json!(draw.one_of(&["Warn", "Deny", "Ignore"]));
    }
    for (field, make) in FIELDS {
        if draw.once_in(3) {
            settings[*field] = make(draw);
        }
    }
    if draw.once_in(32) {
        settings[draw.one_of(payloads::SETTINGS)] = draw.json(WRONG);
    }
    settings
}

type Make = fn(&mut Draw<'_>) -> Value;

/// Every field but the first two.
const FIELDS: &[(&str, Make)] = &[
    ("rules", rules),
    ("sidecars", sidecars),
    ("otherSidecars", |draw| json!(draw.one_of(&["AtStart", "Inferred", "Helper", "None"]))),
    ("oldestKubernetes", |draw| {
        json!(draw.one_of(&["1.32", "1.33.5", "1.28", "v1.33.6-gke.100", "", "1.30"]))
    }),
    ("annotations", |draw| json!({"helpers": draw.one_of(&["Honoured", "Ignored"])})),
    ("help", |draw| {
        json!(draw.one_of(&["Questions: #platform", "", "Hilfe: https://wiki.example.com/\u{e4}"]))
    }),
    ("exempt", exempt),
    ("gates", |draw| {
        draw.json(&[r#"["StartupProbe","PostStart"]"#, r#"["StartupProbe"]"#, r#"["PostStart"]"#])
    }),
    ("startupSeconds", |draw| {
        draw.json(&[
            r#"{"minimum":5,"maximum":60}"#,
            r#"{"minimum":0}"#,
            r#"{"maximum":1}"#,
            r#"{"minimum":9,"maximum":2}"#,
        ])
    }),
    ("holdApplication", |draw| {
        draw.json(&[
            r#"{"scope":"Annotated","timeoutSeconds":5}"#,
            r#"{"scope":"All"}"#,
            r#"{"timeoutSeconds":0}"#,
        ])
    }),
    ("waitFor", wait_for),
    ("nodes", nodes),
    ("mesh", |draw| {
        draw.json(&[
            r#"{"istio":"Hold","linkerd":"Hold"}"#,
            r#"{"istio":"Native"}"#,
            r#"{"linkerd":"Native"}"#,
            r#"{"linkerd":"Hold"}"#,
        ])
    }),
    ("injectedNamespaces", |draw| json!(draw.some(NAMESPACES, 2))),
    ("podTemplates", pod_templates),
];

fn rules(draw: &mut Draw<'_>) -> Value {
    let mut rules = json!({});
    for _ in 0..draw.below(4) {
        let rule = RuleId::ALL.get(draw.below(RuleId::ALL.len())).map_or("", |rule| rule.name());
        rules[rule] = json!(draw.one_of(ACTIONS));
    }
    rules
}

fn matching(draw: &mut Draw<'_>) -> Value {
    let mut globs = json!({});
    let kind = draw.below(3);
    if kind != 1 {
        globs["containerNames"] = json!([draw.one_of(GLOBS)]);
    }
    if kind != 0 {
        globs["images"] = json!([draw.one_of(IMAGES)]);
    }
    globs
}

fn sidecars(draw: &mut Draw<'_>) -> Value {
    let entries = (0..=draw.below(3)).map(|_| {
        let mut entry = json!({"match": matching(draw)});
        if draw.once_in(4) {
            entry["name"] = json!("a sidecar");
        }
        if draw.once_in(3) {
            entry["need"] = json!(draw.one_of(NEEDS));
        }
        if draw.once_in(2) {
            entry["startupProbe"] = probe(draw);
        }
        if draw.once_in(3) {
            entry["waitCommand"] = draw.json(&[
                r#"["shipper","wait"]"#,
                r#"["sh","-c","until nc -z localhost 2020; do sleep 1; done"]"#,
                "[]",
            ]);
        }
        if draw.once_in(3) {
            entry["position"] = json!(draw.one_of(&["First", "Last"]));
        }
        if draw.once_in(3) {
            entry["startsBefore"] = json!([draw.one_of(GLOBS)]);
        }
        if draw.once_in(3) {
            entry["requiredIn"] = json!({"podSelector": draw.json(SELECTORS)});
            let mut container = draw.json(CONTAINERS);
            entry["match"] = json!({"containerNames": [container["name"]]});
            if draw.once_in(3) {
                container["startupProbe"] = probe(draw);
            }
            if draw.once_in(8) {
                container["lifecycle"] = lifecycle(draw);
            }
            entry["container"] = container;
        }
        entry
    });
    Value::Array(entries.collect())
}

fn exempt(draw: &mut Draw<'_>) -> Value {
    let entries = (0..=draw.below(2)).map(|_| {
        let mut entry = json!({"reason": "waits for the mesh upgrade"});
        if !draw.once_in(3) {
            entry["match"] = matching(draw);
        }
        if draw.once_in(3) {
            entry["namespaces"] = json!([draw.one_of(NAMESPACES)]);
        }
        if draw.once_in(3) {
            entry["podSelector"] = draw.json(SELECTORS);
        }
        if draw.once_in(2) {
            let rule = RuleId::ALL.get(draw.below(RuleId::ALL.len())).map_or("", |rule| rule.name());
            entry["rules"] = json!([rule]);
        }
        entry
    });
    Value::Array(entries.collect())
}

fn wait_for(draw: &mut Draw<'_>) -> Value {
    let names = draw.some(&["wait", "wait-for-db", "migrate", "agent"], 2);
    let entries = names.into_iter().map(
        |name| json!({"name": name, "podSelector": draw.json(SELECTORS), "container": draw.json(WAITS)}),
    );
    Value::Array(entries.collect())
}

fn nodes(draw: &mut Draw<'_>) -> Value {
    draw.json(&[
        r#"{"sidecarSupport":"Checked","oldNodes":"Universal"}"#,
        r#"{"sidecarSupport":"Checked","oldNodes":"Hold"}"#,
        r#"{"sidecarSupport":"Checked","label":{"disk":"ssd"}}"#,
        r#"{"sidecarSupport":"Checked","oldNodes":"Universal","label":{"sidecars":"yes"},"user":"someone"}"#,
        r#"{"sidecarSupport":"Labelled","label":{"sidecars":"yes"}}"#,
        r#"{"sidecarSupport":"Assumed"}"#,
        r#"{"oldNodes":"Hold"}"#,
    ])
}

fn pod_templates(draw: &mut Draw<'_>) -> Value {
    const ENTRIES: &[&str] = &[
        r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","path":"/spec/template"}"#,
        r#"{"apiVersion":"jobset.x-k8s.io/v1alpha2","kind":"JobSet","path":"/spec/replicatedJobs/*/template/spec/template"}"#,
        r#"{"apiVersion":"example.com/v1","kind":"Fleet","path":"/spec/pods/*"}"#,
        r#"{"apiVersion":"example.com/v2","kind":"Fleet","path":"/spec/pods/a~1b"}"#,
        r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","path":"/*/*"}"#,
        r#"{"apiVersion":"apps/v1","kind":"Deployment","path":"/spec/template"}"#,
    ];
    json!((0..=draw.below(3)).map(|_| draw.json(ENTRIES)).collect::<Vec<_>>())
}
