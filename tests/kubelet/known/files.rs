//! What containers on one volume may read of each other.

use serde_json::{Value, json};

use super::parts::{Known, exec, init, native, pod, shop};

fn mount(is_read_only: bool) -> Value {
    json!([{"name": "work", "mountPath": "/work", "readOnly": is_read_only}])
}

fn writes() -> Value {
    json!({"volumeMounts": mount(false)})
}

/// A gate that asks the container itself, beside the mount.
fn gated(is_read_only: bool) -> Value {
    json!({"volumeMounts": mount(is_read_only), "startupProbe": exec(&["agent", "ready"])})
}

/// Nobody waits for what is written, or waits no longer.
pub(super) fn shared() -> Vec<Known> {
    vec![
        Known {
            what: "a shipper of what the only application writes",
            pod: pod(&[native("agent", gated(true))], &[shop(writes())]),
            needs: &[],
            stuck: &[],
        },
        Known {
            what: "two sidecars that share a volume read-write",
            pod: pod(&[native("agent", gated(false)), native("nginx", gated(false))], &[shop(json!({}))]),
            needs: &[],
            stuck: &[],
        },
        Known {
            what: "a socket in a shared directory",
            pod: pod(&[native("agent", gated(false))], &[shop(writes())]),
            needs: &[],
            stuck: &[],
        },
        Known {
            what: "an init container in front, and one behind, of which only the first has written before",
            pod: pod(
                &[init("render", &writes()), native("agent", gated(false)), init("migrate", &json!({}))],
                &[shop(json!({}))],
            ),
            needs: &["agent Volume(\"work\") render possible"],
            stuck: &[],
        },
        Known {
            what: "an init container behind that shares the volume",
            pod: pod(&[native("agent", gated(false)), init("migrate", &writes())], &[shop(json!({}))]),
            needs: &[],
            stuck: &[],
        },
    ]
}

pub(super) fn read() -> Vec<Known> {
    let asks_file =
        json!({"volumeMounts": mount(false), "startupProbe": exec(&["test", "-f", "/work/ready"])});
    let web = json!({"name": "web", "image": "web:1"});
    vec![
        Known {
            what: "a reader before the writer of its certificates",
            pod: pod(
                &[native("envoy", gated(true)), native("spiffe-helper", gated(false))],
                &[shop(json!({}))],
            ),
            needs: &["envoy Volume(\"work\") spiffe-helper possible"],
            stuck: &["envoy", "spiffe-helper", "shop"],
        },
        Known {
            what: "a reader behind it",
            pod: pod(
                &[native("spiffe-helper", gated(false)), native("envoy", gated(true))],
                &[shop(json!({}))],
            ),
            needs: &["envoy Volume(\"work\") spiffe-helper possible"],
            stuck: &[],
        },
        Known {
            what: "a gate that looks for a file which the application may write",
            pod: pod(&[native("agent", asks_file)], &[shop(writes())]),
            needs: &["agent GateFile(\"work\") shop possible"],
            stuck: &["agent", "shop"],
        },
        Known {
            what: "a reader before a sidecar and an init container that may either write its file",
            pod: pod(
                &[
                    native("envoy", json!({"volumeMounts": mount(true)})),
                    init("render", &writes()),
                    native("nginx", writes()),
                ],
                &[shop(json!({}))],
            ),
            needs: &[
                "envoy Volume(\"work\") render,nginx possible",
                "nginx Volume(\"work\") render possible",
            ],
            stuck: &[],
        },
        Known {
            what: "one of several applications may be an agent",
            pod: pod(&[native("agent", gated(true))], &[shop(writes()), web]),
            needs: &["agent Volume(\"work\") shop possible"],
            stuck: &["agent", "shop", "web"],
        },
    ]
}
