//! Pods of which it is known who may need whom, and what becomes of them: what the generator's Pods are judged by is judged here.

mod files;
mod parts;

use anyhow::ensure;
use serde_json::{Value, json};

use crate::generator::DECLARED;
use crate::injectors::{Cluster, inject};
use crate::needs::{Evidence, Need};
use crate::startup::simulate;
use parts::{Known, exec, native, pod, shop};

/// The evidence is what the design says that it is, and the simulator makes of it what must come of it.
pub(crate) fn pods_are_understood() -> anyhow::Result<()> {
    for known in ports().into_iter().chain(files::shared()).chain(files::read()).chain(meshes()) {
        let what = known.what;
        let (injected, added) = inject(&known.pod, Cluster { is_native: false });
        let evidence = Evidence::of(&injected, &added, &DECLARED);
        let needs: Vec<_> = evidence.needs.iter().filter(|need| need.asker != "shop").map(told).collect();
        ensure!(needs == known.needs, "{what}: needs {needs:?}");
        let outcome = simulate(&injected, &known.pod, &evidence.extreme(true));
        ensure!(outcome.stuck() == known.stuck, "{what}: {}", outcome.to_text());
    }
    Ok(())
}

fn told(need: &Need) -> String {
    let strength = if need.is_proven { "proven" } else { "possible" };
    format!("{} {:?} {} {strength}", need.asker, need.about, need.providers.join(","))
}

fn ports() -> Vec<Known> {
    let asks = json!({"startupProbe": exec(&["curl", "-f", "http://localhost:8080/"])});
    let with = |more: Value| {
        let mut fields = asks.clone();
        fields
            .as_object_mut()
            .into_iter()
            .for_each(|fields| fields.extend(more.as_object().cloned().unwrap_or_default()));
        fields
    };
    let serving = shop(json!({"ports": [{"containerPort": 8080}]}));
    let of = |more: Value| pod(&[native("agent", with(more))], std::slice::from_ref(&serving));
    let config = json!([{"name": "config", "mountPath": "/etc/config"}]);
    let wait = json!({"name": "wait", "image": "i:1", "command": ["sh", "-c", "until nc -z localhost 8080; do sleep 1; done"]});
    vec![
        Known {
            what: "a gate on a port that only the application declares",
            pod: of(json!({})),
            needs: &["agent Port(8080) shop proven"],
            stuck: &["agent", "shop"],
        },
        Known {
            what: "the same, where a ConfigMap could name the port",
            pod: of(json!({"volumeMounts": config})),
            needs: &["agent Port(8080) shop possible"],
            stuck: &["agent", "shop"],
        },
        Known {
            what: "the same, where arguments show who listens",
            pod: of(json!({"args": ["--listen=:8080"]})),
            needs: &[],
            stuck: &[],
        },
        Known {
            what: "a gate on a port that nobody declares",
            pod: pod(&[native("agent", asks.clone())], &[shop(json!({}))]),
            needs: &[],
            stuck: &[],
        },
        Known {
            what: "an init container that waits for the application",
            pod: pod(&[wait], std::slice::from_ref(&serving)),
            needs: &["wait Wait(8080) shop proven"],
            stuck: &["wait", "shop"],
        },
    ]
}

fn meshes() -> Vec<Known> {
    let annotated = |key: &str, value: &str, mut pod: Value| {
        pod["metadata"]["annotations"] = json!({key: value});
        pod
    };
    let labelled = |mut pod: Value| {
        pod["metadata"]["labels"] = json!({"istio.io/rev": "1-27"});
        pod
    };
    let network =
        json!({"startupProbe": {"httpGet": {"port": 9090}, "periodSeconds": 1, "failureThreshold": 60}});
    let with = |args: &[&str]| json!({"args": args, "startupProbe": exec(&["agent", "ready"])});
    let of = |fields: Value| pod(&[native("agent", fields)], &[shop(json!({}))]);
    let istio_init = json!({"name": "istio-init", "image": "istio/proxyv2:1.27.0"});
    let istio_proxy = json!({"name": "istio-proxy", "image": "istio/proxyv2:1.27.0"});
    let vault = "vault.hashicorp.com/agent-inject";
    vec![
        Known {
            what: "Vault's init container comes behind a gate that reads its file",
            pod: annotated(vault, "true", of(with(&["--key=/vault/secrets/key.json"]))),
            needs: &["agent Volume(\"vault-secrets\") vault-agent-init,vault-agent possible"],
            stuck: &["agent", "vault-agent-init", "shop", "vault-agent"],
        },
        Known {
            what: "Vault beside a sidecar that names no secret",
            pod: annotated(vault, "true", of(with(&[]))),
            needs: &[],
            stuck: &[],
        },
        Known {
            what: "a network gate before a classic proxy to come, which answers for it",
            pod: labelled(of(network.clone())),
            needs: &[],
            stuck: &["agent", "istio-init", "shop", "istio-proxy"],
        },
        Known { what: "an exec gate there", pod: labelled(of(with(&[]))), needs: &[], stuck: &[] },
        Known {
            what: "a port of the application, asked by way of a proxy to come",
            pod: labelled(pod(
                &[native("agent", network.clone())],
                &[shop(json!({"ports": [{"containerPort": 9090}]}))],
            )),
            needs: &["agent Port(9090) shop proven"],
            stuck: &["agent", "istio-init", "shop", "istio-proxy"],
        },
        Known {
            what: "a network gate between the redirect and the proxy",
            pod: pod(&[istio_init, native("agent", network)], &[istio_proxy, shop(json!({}))]),
            needs: &["agent MutualTls  possible"],
            stuck: &["agent", "istio-proxy", "shop"],
        },
        Known {
            what: "Linkerd's redirect comes last of all init containers",
            pod: annotated("linkerd.io/inject", "enabled", of(with(&[]))),
            needs: &[],
            stuck: &[],
        },
    ]
}
