//! Pods and what comes out of them: `examples.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::engine::Policy;
use crate::form;
use crate::rows::{Planned, is_exec, planned, proxies};

/// A Pod, and the rows whose probes its containers get.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Example {
    /// What it shows.
    pub(crate) name: String,
    /// Its metadata.
    #[serde(default)]
    metadata: Map<String, Value>,
    /// The metadata of its namespace.
    #[serde(default)]
    pub(crate) namespace: Map<String, Value>,
    /// Its spec. The application is added.
    spec: Map<String, Value>,
    /// The init containers that get a probe, with the row that it comes from and its port.
    #[serde(default)]
    adds: BTreeMap<String, (String, Option<u16>)>,
}

impl Example {
    pub(crate) fn all() -> anyhow::Result<Vec<Self>> {
        let text =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("late_injectors/examples.yaml"))?;
        Ok(serde_json::from_value(manifest::parse_one(&text)?)?)
    }

    /// The Pod with its application.
    pub(crate) fn pod(&self) -> Value {
        let mut pod =
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": self.metadata, "spec": self.spec});
        pod["metadata"]["name"] = json!("shop");
        if pod["spec"]["containers"].is_null() {
            pod["spec"]["containers"] = json!([]);
        }
        if let Some(containers) = pod["spec"]["containers"].as_array_mut() {
            containers.push(json!({"name": "shop", "image": "shop:1"}));
        }
        pod
    }
}

/// The policy as it is applied.
pub(crate) fn policy(root: &Path) -> anyhow::Result<Policy> {
    Policy::compile(&form::applied(root)?.0)
}

/// The startupProbes that a Pod has and another has not, by container; everything else must be equal.
pub(crate) fn added(before: &Value, after: &Value) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut rest = after.clone();
    let mut added = BTreeMap::new();
    let containers = rest.pointer_mut("/spec/initContainers").and_then(Value::as_array_mut);
    for (number, container) in containers.into_iter().flatten().enumerate() {
        if before["spec"]["initContainers"][number]["startupProbe"].is_null()
            && let Some(probe) =
                container.as_object_mut().and_then(|fields| fields.shift_remove("startupProbe"))
        {
            added.insert(container["name"].as_str().unwrap_or_default().to_owned(), probe);
        }
    }
    ensure!(rest == *before, "more than probes is changed: {after:#}");
    Ok(added)
}

/// The probe of a row, with a port.
fn probe(row: &str, port: Option<u16>) -> anyhow::Result<Value> {
    let planned =
        planned().find(|planned| planned.row.name == row).with_context(|| format!("no row {row}"))?;
    let mut probe: Value =
        serde_json::from_str(planned.row.startup_probe.as_ref().context("no probe")?.what)?;
    if let Some(port) = port {
        probe["httpGet"]["port"] = json!(port);
    }
    Ok(probe)
}

/// Each example comes out as it says, and comes out of a second time unchanged.
pub(crate) fn come_out_as_they_say(root: &Path) -> anyhow::Result<()> {
    let policy = policy(root)?;
    for example in Example::all()? {
        let namespace = Value::Object(example.namespace.clone());
        let pod = example.pod();
        let once = policy.mutate(&pod, &namespace).with_context(|| example.name.clone())?;
        let added = added(&pod, &once)?;
        let expected = example.adds.iter().map(|(name, (row, port))| Ok((name.clone(), probe(row, *port)?)));
        let expected = expected.collect::<anyhow::Result<BTreeMap<_, _>>>()?;
        ensure!(added == expected, "{}: adds {added:#?} instead of {expected:#?}", example.name);
        ensure!(policy.mutate(&once, &namespace)? == once, "{}: not the same the second time", example.name);
    }
    Ok(())
}

/// Each comes out the same if a webhook has added the init containers, or only the last of them.
pub(crate) fn come_out_the_same_late(root: &Path) -> anyhow::Result<()> {
    let policy = policy(root)?;
    for example in Example::all()? {
        let namespace = Value::Object(example.namespace.clone());
        let pod = example.pod();
        let at_once = policy.mutate(&pod, &namespace)?;
        let mut sent = pod.clone();
        while let Some(containers) = sent["spec"]["initContainers"].as_array_mut() {
            if containers.pop().is_none() {
                sent["spec"].as_object_mut().context("no spec")?.shift_remove("initContainers");
            }
            let late = policy.mutate_late(&sent, &pod, &namespace)?;
            ensure!(late == at_once, "{}: {late:#} instead of {at_once:#}", example.name);
        }
    }
    Ok(())
}

/// The dry run that the README shows comes out as it shows.
pub(crate) fn sample_comes_out_as_shown(root: &Path) -> anyhow::Result<()> {
    let folder = root.join("deploy/late-injectors");
    let sample = manifest::parse_one(&fs::read_to_string(folder.join("sample.yaml"))?)?;
    let added = added(&sample, &policy(root)?.mutate(&sample, &json!({}))?)?;
    let port = &added.get("daprd").context("no probe")?["httpGet"]["port"];
    let shown = format!("-o jsonpath='{{.spec.initContainers[0].startupProbe.httpGet.port}}'\n{port}\n");
    ensure!(
        fs::read_to_string(folder.join("README.md"))?.contains(&shown),
        "the README does not show {port}"
    );
    Ok(())
}

/// Each row of the policy has an example in which it acts, and one in which it does not.
pub(crate) fn get_the_probes_of_the_rows(_: &Path) -> anyhow::Result<()> {
    let examples = Example::all()?;
    let used: BTreeSet<_> =
        examples.iter().flat_map(|example| example.adds.values()).map(|(row, _)| row.as_str()).collect();
    for Planned { row, entry } in planned() {
        ensure!(entry.is_ok() == used.contains(row.name), "{}: no example adds its probe", row.name);
        let is_near = |example: &Example| {
            let containers = example.spec.get("initContainers").map(Value::to_string).unwrap_or_default();
            example.adds.is_empty()
                && row.container_names.iter().any(|name| containers.contains(&format!("\"{name}\"")))
        };
        ensure!(entry.is_err() || examples.iter().any(is_near), "{}: no near miss", row.name);
    }
    Ok(())
}

/// With any mesh's proxy in it, in either form, or one of its init containers, a Pod gets no probe but those that run in the container.
pub(crate) fn are_left_alone_in_a_mesh(root: &Path) -> anyhow::Result<()> {
    let policy = policy(root)?;
    let mut kept = 0;
    for example in Example::all()?.into_iter().filter(|example| !example.adds.is_empty()) {
        for proxy in proxies() {
            let image =
                proxy.images.first().copied().unwrap_or_default().replace('*', "registry.example.com");
            let native = json!({"restartPolicy": "Always", "startupProbe": {"tcpSocket": {"port": 1}}});
            for (globs, list, fields) in [
                (proxy.container_names, "containers", json!({})),
                (proxy.container_names, "initContainers", native),
                (proxy.related_init_containers, "initContainers", json!({})),
            ] {
                for name in globs.iter().map(|glob| glob.replace('*', "x")) {
                    let mut pod = example.pod();
                    let mut container = fields.clone();
                    container["name"] = json!(name);
                    container["image"] = json!(image);
                    let containers = pod["spec"][list].as_array_mut().context("no containers")?;
                    containers.push(container);
                    let added =
                        added(&pod, &policy.mutate(&pod, &Value::Object(example.namespace.clone()))?)?;
                    ensure!(added.values().all(is_exec), "{} with {name}: adds {added:#?}", example.name);
                    kept += usize::from(!added.is_empty());
                }
            }
        }
    }
    ensure!(kept > 0, "no exec probe is added in a mesh");
    Ok(())
}
