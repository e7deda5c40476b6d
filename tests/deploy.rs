//! Checks the manifests under `deploy/` against Kubewarden's custom resources, the policy's metadata and the policy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::{fs, str};

use acceptance::{Case, Outcome, case};
use anyhow::{Context as _, ensure};
use kubewarden_policy_sdk::crd::policies::{AdmissionPolicy, ClusterAdmissionPolicy};
use libtest_mimic::Trial;
use policy_host::PolicyModule;
use serde_json::{Value, json};
use sidecar_startup::Answer;

use crate::{fail, kustomize};

/// A policy, rendered from an overlay.
#[derive(Debug, Clone)]
struct Policy(Value);

type Check = fn(&Path, &PolicyModule) -> anyhow::Result<()>;

/// One trial per overlay, and those about particular overlays.
pub(crate) fn trials(root: &Path, module: &Arc<PolicyModule>) -> anyhow::Result<Vec<Trial>> {
    let root = root.to_owned();
    let mut trials = Vec::new();
    for overlay in overlays(&root)? {
        let name = overlay.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let (root, module) = (root.clone(), Arc::clone(module));
        trials.push(Trial::test(format!("deploy::{name}"), move || {
            is_sound(&root, &Policy::of(&overlay).map_err(fail)?, &module).map_err(fail)
        }));
    }
    let checks: [(&str, Check); 7] = [
        ("README", |root, _| documented_policy_is_sound(root)),
        ("report_denies_nothing", |root, _| denies_nothing(root, "report")),
        ("mutate-pods_denies_nothing", |root, _| denies_nothing(root, "mutate-pods")),
        ("mutate-pods-all_denies_nothing", |root, _| denies_nothing(root, "mutate-pods-all")),
        ("mesh-annotations_does_nothing_else", |root, _| annotates_only(root)),
        ("judges_with_the_module", judges),
        ("repairs_with_the_module", repairs),
    ];
    for (name, check) in checks {
        let (root, module) = (root.clone(), Arc::clone(module));
        trials.push(Trial::test(format!("deploy::{name}"), move || check(&root, &module).map_err(fail)));
    }
    let no_kubectl = !has_kubectl();
    let comparison =
        Trial::test("deploy::renders_as_kubectl_does", move || renders_as_kubectl_does(&root).map_err(fail));
    trials.push(comparison.with_ignored_flag(no_kubectl));
    Ok(trials)
}

/// The folders to be applied.
fn overlays(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut overlays = Vec::new();
    for entry in fs::read_dir(root.join("deploy"))? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("base") {
            overlays.push(path);
        }
    }
    overlays.sort();
    Ok(overlays)
}

impl Policy {
    /// The single policy of an overlay.
    fn of(overlay: &Path) -> anyhow::Result<Self> {
        let (mut policies, others): (Vec<_>, Vec<_>) = kustomize::render(overlay)?
            .into_iter()
            .partition(|object| object["apiVersion"] == "policies.kubewarden.io/v1");
        ensure!(policies.len() == 1, "expected one policy, but found {}", policies.len());
        let policy = policies.pop().map(Self).context("there is none")?;
        policy.has_least_permissions(&others)?;
        Ok(policy)
    }

    /// Only policies that check nodes get access to the cluster.
    fn has_least_permissions(&self, others: &[Value]) -> anyhow::Result<()> {
        let checks_nodes = self.settings()["nodes"]["sidecarSupport"] == "Checked";
        let resources =
            if checks_nodes { json!([{"apiVersion": "v1", "kind": "Node"}]) } else { Value::Null };
        ensure!(*self.spec("contextAwareResources") == resources, "contextAwareResources");
        if !checks_nodes {
            ensure!(others.is_empty(), "{others:?}");
            return Ok(());
        }
        let of_kind =
            |kind: &str| others.iter().find(|object| object["kind"] == kind).cloned().unwrap_or_default();
        let (role, binding) = (of_kind("ClusterRole"), of_kind("ClusterRoleBinding"));
        ensure!(
            role["rules"]
                == json!([
                    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "watch"]},
                    {"apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"]},
                ]),
            "{role:#}"
        );
        let subject = &binding["subjects"][0];
        let text = |field: &str| subject[field].as_str().unwrap_or_default();
        let user = format!("system:serviceaccount:{}:{}", text("namespace"), text("name"));
        ensure!(self.settings()["nodes"]["user"] == user, "nodes.user is not {user}");
        ensure!(binding["roleRef"]["name"] == role["metadata"]["name"], "{binding:#}");
        Ok(())
    }

    fn named(root: &Path, name: &str) -> anyhow::Result<Self> {
        Self::of(&root.join("deploy").join(name))
    }

    fn spec(&self, field: &str) -> &Value {
        &self.0["spec"][field]
    }

    fn settings(&self) -> &Value {
        self.spec("settings")
    }

    fn is_cluster_wide(&self) -> bool {
        self.0["kind"] == "ClusterAdmissionPolicy"
    }

    /// All pairs of group/resource and operation.
    fn subscriptions(&self) -> Vec<(String, String)> {
        subscriptions(self.spec("rules"))
    }

    /// The policy is a valid custom resource without unknown fields.
    fn read_as_custom_resource(&self) -> anyhow::Result<()> {
        if self.is_cluster_wide() {
            serde_json::from_value::<ClusterAdmissionPolicy>(self.0.clone())?;
        } else {
            serde_json::from_value::<AdmissionPolicy>(self.0.clone())?;
        }
        Ok(())
    }

    /// The case with the settings of this policy.
    fn case(&self, case: &Case) -> Case {
        case.under(self.settings().clone())
    }
}

fn subscriptions(rules: &Value) -> Vec<(String, String)> {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut all = Vec::new();
    for rule in rules.as_array().into_iter().flatten() {
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                let resource = format!("{group}/{resource}");
                all.extend(
                    texts(&rule["operations"]).into_iter().map(|operation| (resource.clone(), operation)),
                );
            }
        }
    }
    all
}

/// What must hold for every overlay.
fn is_sound(root: &Path, policy: &Policy, module: &PolicyModule) -> anyhow::Result<()> {
    policy.read_as_custom_resource()?;
    let verdict = module.validate_settings(policy.settings())?;
    ensure!(verdict.valid && verdict.message.is_none(), "settings: {:?}", verdict.message);

    let mutates = policy.settings()["fix"].as_str().is_some_and(|fix| fix != "None");
    ensure!(*policy.spec("mutating") == json!(mutates), "mutating and fix do not agree");
    ensure!(!mutates || *policy.spec("backgroundAudit") == json!(false), "a scan has nothing to repair");
    let metadata = manifest::parse_one(&fs::read_to_string(root.join("metadata.yml"))?)?;
    let known = subscriptions(&metadata["rules"]);
    let subscriptions = policy.subscriptions();
    ensure!(!subscriptions.is_empty(), "no rules");
    for (resource, operation) in &subscriptions {
        ensure!(!resource.contains('*') && !operation.contains('*'), "{resource}: a scan skips wildcards");
        ensure!(resource.matches('/').count() == 1, "{resource}: a scan fails on subresources");
        ensure!(
            operation == "CREATE"
                || (operation == "UPDATE" && !matches!(resource.as_str(), "/pods" | "batch/jobs")),
            "{operation} of {resource} does not change containers"
        );
        ensure!(
            known.contains(&(resource.clone(), operation.clone())),
            "{operation} of {resource} is none of the module's rules"
        );
        // The audit scanner only evaluates CREATE.
        ensure!(subscriptions.contains(&(resource.clone(), "CREATE".to_owned())), "{resource}: no CREATE");
    }

    let selector = policy.spec("namespaceSelector");
    ensure!(policy.is_cluster_wide() != selector.is_null(), "the namespaces of {}", policy.0["kind"]);
    if policy.is_cluster_wide() {
        ensure!(selector["matchLabels"].is_null(), "Kubewarden passes over matchLabels");
        let expression = &selector["matchExpressions"][0];
        ensure!(
            expression["key"] == "kubernetes.io/metadata.name" && expression["operator"] == "NotIn",
            "{expression}"
        );
        for namespace in ["kube-system", "kube-public", "kube-node-lease", "kubewarden"] {
            let values = expression["values"].as_array().context("no values")?;
            ensure!(values.iter().any(|value| value == namespace), "{namespace} is not left out");
        }
    }
    if *policy.spec("failurePolicy") == json!("Fail") {
        let conditions = policy.spec("matchConditions").as_array().context("no matchConditions")?;
        for name in ["without-controller", "not-being-deleted"] {
            ensure!(conditions.iter().any(|condition| condition["name"] == name), "controllers would wait");
        }
    }
    is_of_this_module(policy, &metadata["annotations"])
}

/// The policy uses the module of this version and repeats its annotations for reports.
fn is_of_this_module(policy: &Policy, module: &Value) -> anyhow::Result<()> {
    let annotation = |name: &str| &module[format!("io.kubewarden.policy.{name}")];
    let reference = policy.spec("module").as_str().unwrap_or_default();
    let (repository, version) = reference.rsplit_once(':').context("the module has no tag")?;
    ensure!(Some(version.trim_start_matches('v')) == annotation("version").as_str(), "tag {version}");
    ensure!(version.starts_with('v') && version.ends_with(env!("CARGO_PKG_VERSION")), "tag {version}");
    ensure!(
        repository.starts_with("registry://") && repository.ends_with("/sidecar-startup"),
        "{repository}"
    );
    if let Some(uri) = annotation("ociUrl").as_str() {
        ensure!(repository == format!("registry://{uri}"), "metadata.yml says {uri}");
    }
    for name in ["title", "severity", "category"] {
        let name = format!("io.kubewarden.policy.{name}");
        ensure!(policy.0["metadata"]["annotations"][&name] == module[&name], "{name}");
    }
    let description = &policy.0["metadata"]["annotations"]["io.kubewarden.policy.description"];
    ensure!(description.as_str().is_some_and(|text| !text.is_empty()), "no description");
    Ok(())
}

/// The policy in the README is a valid custom resource with the same module and valid settings.
fn documented_policy_is_sound(root: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(root.join("README.md"))?;
    let blocks = text.split("```yaml\n").skip(1).filter_map(|block| block.split_once("```"));
    let mut policies =
        blocks.map(|(block, _)| block).filter(|block| block.contains("\nkind: ClusterAdmissionPolicy"));
    let policy = Policy(manifest::parse_one(policies.next().context("it shows none")?)?);
    ensure!(policies.next().is_none(), "it shows more than one");
    policy.read_as_custom_resource()?;
    ensure!(policy.spec("module") == Policy::named(root, "report")?.spec("module"), "another module");
    let outcome = Outcome::of_library(&Case::with_settings(json!({}), policy.settings().clone()));
    ensure!(!matches!(outcome, Outcome::BadSettings(_)), "{}", outcome.message());
    Ok(())
}

/// The overlay denies nothing except what the API server would reject as well.
fn denies_nothing(root: &Path, name: &str) -> anyhow::Result<()> {
    let policy = Policy::named(root, name)?;
    let mut warned = 0;
    for case in case::discover(&root.join("tests/cases"))? {
        let case = policy.case(&case);
        let outcome = Outcome::of_library(&case);
        if matches!(outcome, Outcome::Answered(Answer::Unreadable(_))) {
            continue;
        }
        ensure!(outcome.is_allowed(), "{}: {}", case.name, outcome.message());
        warned += usize::from(!outcome.violations().is_empty() || outcome.object().is_some());
    }
    ensure!(warned > 20, "only {warned} cases are warned about");
    Ok(())
}

/// The overlay changes only annotations of Pod templates, denies nothing, and no other rule reports anything.
fn annotates_only(root: &Path) -> anyhow::Result<()> {
    let policy = Policy::named(root, "mesh-annotations")?;
    let mut repaired = 0;
    for case in case::discover(&root.join("tests/cases"))? {
        let case = policy.case(&case);
        let outcome = Outcome::of_library(&case);
        if matches!(outcome, Outcome::Answered(Answer::Unreadable(_))) {
            continue;
        }
        ensure!(outcome.is_allowed(), "{}: {}", case.name, outcome.message());
        let others =
            outcome.violations().iter().find(|violation| violation.rule.name() != "unheld-mesh-injection");
        ensure!(others.is_none(), "{}: {others:?}", case.name);
        if let Some(object) = outcome.object() {
            let changes = json_patch::diff(&case.object, object);
            let outside =
                changes.iter().find(|change| !change.path().to_string().contains("/metadata/annotations"));
            ensure!(outside.is_none(), "{}: {outside:?}", case.name);
            repaired += 1;
        }
    }
    ensure!(repaired > 0, "no case is repaired");
    Ok(())
}

/// Each validating overlay allows and denies what it should.
fn judges(root: &Path, module: &PolicyModule) -> anyhow::Result<()> {
    let unheld = fs::read_to_string(root.join("tests/requests/readiness-probe-only.json"))?;
    let unheld: Value = serde_json::from_str::<Value>(&unheld)?["object"].clone();
    let pod = |name: &str| -> anyhow::Result<Value> {
        let path = root.join("tests/cases").join(name).join("object.yaml");
        Ok(manifest::parse_one(&fs::read_to_string(path)?)?)
    };
    let verdict = |overlay: &str, object: &Value| -> anyhow::Result<(bool, bool)> {
        let policy = Policy::named(root, overlay)?;
        let case = Case::with_settings(object.clone(), policy.settings().clone());
        let request = policy_host::AdmissionRequest::from_value(case.request())?;
        let response = module.validate(request, &case.settings)?;
        Ok((response.allowed, response.warnings.is_some()))
    };
    let (allowed, denied) = ((true, false), (false, false));
    let warned = (true, true);
    ensure!(verdict("report", &unheld)? == warned, "report");
    ensure!(verdict("validate-templates", &unheld)? == denied, "validate-templates");
    ensure!(verdict("namespaced", &unheld)? == denied, "namespaced");
    ensure!(verdict("mesh-annotations", &unheld)? == allowed, "mesh-annotations");
    ensure!(
        verdict("validate-pods", &pod("native-sidecar-with-only-a-readiness-probe")?)? == denied,
        "validate-pods lets in what is not held"
    );
    // The Pod after injection: a classic sidecar that holds the application.
    let held = pod("istio-proxy-held-with-pilot-agent-wait")?;
    ensure!(verdict("validate-pods", &held)? == warned, "validate-pods keeps out what an injector holds");
    let not_held = pod("classic-sidecar-without-a-hook")?;
    ensure!(!verdict("validate-pods", &not_held)?.0, "validate-pods lets in a proxy that holds nothing");
    Ok(())
}

/// The mutating overlays make the intended repairs, and the validating ones allow the result.
fn repairs(root: &Path, module: &PolicyModule) -> anyhow::Result<()> {
    let unheld = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "shop"},
        "spec": {
            "initContainers": [{
                "name": "cache",
                "image": "cache:1",
                "restartPolicy": "Always",
                "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
            }],
            "containers": [{"name": "shop", "image": "shop:1"}],
        },
    });
    let asking = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop"},
        "spec": {"template": {
            "metadata": {"labels": {"sidecar.istio.io/inject": "true"}},
            "spec": {"containers": [{"name": "shop", "image": "shop:1"}]},
        }},
    });
    let expectations = [
        ("mutate-pods", &unheld, "/spec/initContainers/0/startupProbe/httpGet/path", "/ready"),
        ("mutate-pods-all", &unheld, "/spec/initContainers/0/startupProbe/httpGet/path", "/ready"),
        (
            "mesh-annotations",
            &asking,
            "/spec/template/metadata/annotations/proxy.istio.io~1config",
            "holdApplicationUntilProxyStarts: true",
        ),
    ];
    for (name, object, pointer, expected) in expectations {
        let policy = Policy::named(root, name)?;
        let case = Case::with_settings(object.clone(), policy.settings().clone());
        let request = policy_host::AdmissionRequest::from_value(case.request())?;
        let response = module.validate(request, &case.settings)?;
        ensure!(response.allowed && response.patch.is_some(), "{name}: {response:?}");
        let warnings = response.warnings.clone().unwrap_or_default();
        ensure!(warnings.iter().any(|warning| warning.starts_with("fix: ")), "{name}: {warnings:?}");
        let patched = response.patched(object)?;
        let found = patched.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        ensure!(found.trim() == expected, "{name}: {patched:#}");
        for judge in ["validate-pods", "validate-templates"] {
            let settings = Policy::named(root, judge)?.settings().clone();
            let outcome = Outcome::of_library(&Case::with_settings(patched.clone(), settings));
            ensure!(outcome.is_allowed(), "{name}, then {judge}: {}", outcome.message());
        }
    }
    Ok(())
}

/// Whether `kubectl` prints its Kustomize version, as it does since 1.24. Older ones, as in Debian 12, have Kustomize 2.0, which
/// supports neither components nor folders as resources.
fn has_kubectl() -> bool {
    let output = Command::new("kubectl").args(["version", "--client", "--output", "json"]).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("kustomizeVersion"))
}

/// `kubectl kustomize` renders every overlay the same way, so the tests check what `kubectl apply -k` applies.
fn renders_as_kubectl_does(root: &Path) -> anyhow::Result<()> {
    let mut names = BTreeMap::new();
    for overlay in overlays(root)? {
        let output = Command::new("kubectl").arg("kustomize").arg(&overlay).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let rendered = manifest::parse(str::from_utf8(&output.stdout)?)?;
        let rendered: Vec<_> = rendered.into_iter().map(|document| document.value).collect();
        // kubectl sorts its output.
        let mut expected = kustomize::render(&overlay)?;
        expected.sort_by_key(|object| rendered.iter().position(|other| other["kind"] == object["kind"]));
        ensure!(rendered == expected, "kubectl makes {rendered:#?} instead of {expected:#?}");
        names.insert(Policy::of(&overlay)?.0["metadata"]["name"].to_string(), overlay);
    }
    ensure!(names.len() + 1 == overlays(root)?.len(), "only mutate-pods-all shares its name: {names:?}");
    Ok(())
}
