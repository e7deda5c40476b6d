//! The text of `deploy/late-injectors/policy.yaml`.

use std::path::Path;

use acceptance::kustomize;
use acceptance::library::catalogue::row::Row;
use anyhow::Context as _;
use serde_json::Value;

use crate::patterns as re;
use crate::rows::{Planned, planned, proxies};

/// The labels and annotations by which a Pod or its namespace asks for a mesh's proxy, and the words that ask.
const ASKING: &str = "['sidecar.istio.io/inject', 'istio-injection', 'linkerd.io/inject', 'kuma.io/sidecar-injection', \
     'consul.hashicorp.com/connect-inject']";
const WORDS: &str = "['true', 'enabled', 'ingress']";

/// The policy and its binding.
pub(crate) fn text(root: &Path) -> anyhow::Result<String> {
    let rows: Vec<_> = planned().collect();
    let entries = || rows.iter().filter_map(|planned| planned.entry.as_ref().ok());
    let mut lines = header(&rows);
    lines.extend(lines_of(TOP));
    for namespace in namespaces(root)? {
        lines.push(format!("            - {namespace}"));
    }
    lines.extend(lines_of(RULES));

    let known = rows.iter().filter(|planned| planned.entry.is_ok()).map(|planned| planned.row);
    let names: Vec<_> = known.flat_map(|row| row.container_names.iter().copied()).collect();
    lines.extend(lines_of(CONDITIONS));
    push(
        &mut lines,
        "      expression: >-",
        8,
        &[
            "has(object.spec.initContainers) && object.spec.initContainers.exists(c,".to_owned(),
            "has(c.restartPolicy) && c.restartPolicy == 'Always' && !has(c.startupProbe)".to_owned(),
            format!("&& c.name.matches(r'{}'))", re::names(&names)),
        ],
    );
    lines.extend(lines_of(VARIABLES).map(|line| {
        line.replace("{OPAQUE}", re::OPAQUE).replace("{ASKING}", ASKING).replace("{WORDS}", WORDS)
    }));
    push(&mut lines, "    - name: meshed\n      expression: >-", 8, &meshed());
    for entry in entries() {
        let mut condition = vec!["variables.candidates.filter(i,".to_owned()];
        let last = entry.conditions.len().saturating_sub(1);
        for (number, part) in entry.conditions.iter().enumerate() {
            let start = if number == 0 { "" } else { "&& " };
            condition.push(format!("{start}{part}{}", if number == last { ")" } else { "" }));
        }
        push(&mut lines, &format!("    - name: {}\n      expression: >-", entry.variable), 8, &condition);
    }
    lines.extend(lines_of(MUTATION));
    for (number, entry) in entries().enumerate() {
        let start = if number == 0 { "" } else { "+ " };
        let of_row = [
            format!("{start}variables.{}.map(i, JSONPatch{{op: \"add\",", entry.variable),
            "path: \"/spec/initContainers/\" + string(i) + \"/startupProbe\",".to_owned(),
            format!("value: {}}})", entry.probe),
        ];
        lines.extend(of_row.map(|line| format!("          {line}")));
    }
    lines.extend(lines_of(BINDING));
    Ok(lines.join("\n") + "\n")
}

/// What is in the file, and what is not.
fn header(rows: &[Planned]) -> Vec<String> {
    let mut lines: Vec<_> = lines_of(HEADER).collect();
    for Planned { row, entry } in rows {
        if let Err(reason) = entry {
            lines.push(format!("#   {}: {reason}", row.name));
        }
    }
    lines
}

fn lines_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().map(str::to_owned)
}

/// A field, and its text below it. A folded text is one line for CEL.
fn push(lines: &mut Vec<String>, field: &str, indent: usize, text: &[String]) {
    lines.extend(lines_of(field));
    lines.extend(text.iter().map(|line| format!("{}{line}", " ".repeat(indent))));
}

/// A mesh's proxy is there, or was asked for.
fn meshed() -> Vec<String> {
    let of_proxies = |globs: fn(&Row) -> &'static [&'static str]| -> Vec<_> {
        proxies().flat_map(globs).copied().collect()
    };
    let mut names = of_proxies(|row| row.container_names);
    names.extend(of_proxies(|row| row.related_init_containers));
    vec![
        "(variables.containers + object.spec.containers).exists(c,".to_owned(),
        format!("c.name.matches(r'{}')", re::names(&names)),
        format!(
            "|| (has(c.image) && c.image.matches(r'{}')))",
            re::repositories(&of_proxies(|row| row.images))
        ),
        "|| variables.marks.exists(m, m.exists(key, (key == 'istio.io/rev' && m[key] != '')".to_owned(),
        format!("|| (key in {ASKING} && m[key] in {WORDS})))"),
    ]
}

/// The namespaces that all policies leave out.
fn namespaces(root: &Path) -> anyhow::Result<Vec<String>> {
    let report = kustomize::render(&root.join("deploy/report"))?.pop().context("no report")?;
    let values = &report["spec"]["namespaceSelector"]["matchExpressions"][0]["values"];
    let values = values.as_array().context("no namespaces")?.iter().filter_map(Value::as_str);
    Ok(values.map(str::to_owned).collect())
}

const HEADER: &str = "\
# Adds the startupProbe of well-known sidecar containers that have none, even where they are injected after Kubewarden's webhook.
# Generated by `make late-injectors` from the catalogue, crates/sidecar-startup/src/catalogue.yaml. See README.md.
#
# A container gets a probe if its name and its image are those of a row, and CEL can tell that the conditions of the row hold. CEL tells
# less than the policy does: mirrors that fold names, addresses in flags that set a port, and the like leave a container as it is.
#
# Rows with a startupProbe that are left out:";

const TOP: &str = "\
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata:
  name: sidecar-startup-late-injectors
  labels:
    app.kubernetes.io/name: sidecar-startup
spec:
  # What goes wrong in CEL changes nothing, and denies nothing.
  failurePolicy: Ignore
  # The API server asks again after webhooks have changed the Pod.
  reinvocationPolicy: IfNeeded
  matchConstraints:
    # Those that all policies leave out: ../base/kustomization.yaml.
    namespaceSelector:
      matchExpressions:
        - key: kubernetes.io/metadata.name
          operator: NotIn
          values:";

const RULES: &str = r#"    resourceRules:
      - apiGroups: [""]
        apiVersions: [v1]
        resources: [pods]
        operations: [CREATE]"#;

const CONDITIONS: &str = r#"  matchConditions:
    # The kubelet runs what its own file says.
    - name: no-mirror-pod
      expression: "!has(object.metadata.annotations) || !('kubernetes.io/config.mirror' in object.metadata.annotations)"
    # Paths and commands are those of Linux.
    - name: not-windows
      expression: "!has(object.spec.os) || object.spec.os.name != 'windows'"
    - name: has-a-known-sidecar-without-a-startup-probe"#;

const VARIABLES: &str = r#"  variables:
    - name: containers
      expression: object.spec.initContainers
    - name: images
      expression: "variables.containers.map(c, has(c.image) ? c.image : '')"
    # The words of command and args, a line each, and the environment variables with their literal values.
    - name: words
      expression: >-
        variables.containers.map(c, '\n' + ((has(c.command) ? c.command : []) + (has(c.args) ? c.args : []))
        .map(word, word.replace('\n', ' ')).join('\n') + '\n')
    - name: env
      expression: >-
        variables.containers.map(c, '\n' + (has(c.env) ? c.env : [])
        .map(e, e.name + (has(e.value) ? '=' + e.value.replace('\n', ' ') : '')).join('\n') + '\n')
    # Volumes that containers can write.
    - name: shared
      expression: >-
        (has(object.spec.volumes) ? object.spec.volumes : [])
        .filter(v, !has(v.configMap) && !has(v.secret) && !has(v.projected) && !has(v.downwardAPI)).map(v, v.name)
    # The sidecar containers without a startupProbe whose arguments can be read, and which share no volume with a container that
    # starts later: they may wait for a file in it.
    - name: candidates
      expression: >-
        lists.range(variables.containers.size()).filter(i,
        has(variables.containers[i].restartPolicy) && variables.containers[i].restartPolicy == 'Always'
        && !has(variables.containers[i].startupProbe)
        && !variables.words[i].matches(r'{OPAQUE}')
        && !(has(variables.containers[i].volumeMounts) && variables.containers[i].volumeMounts.exists(m, m.name in variables.shared
        && (object.spec.containers + lists.range(variables.containers.size()).filter(j, j > i).map(j, variables.containers[j]))
        .exists(c, has(c.volumeMounts) && c.volumeMounts.exists(n, n.name == m.name)))))
    # The labels and annotations of the Pod and of its namespace.
    - name: marks
      expression: >-
        [has(object.metadata.labels) ? dyn(object.metadata.labels) : dyn({}),
        has(object.metadata.annotations) ? dyn(object.metadata.annotations) : dyn({}),
        has(namespaceObject.metadata.labels) ? dyn(namespaceObject.metadata.labels) : dyn({}),
        has(namespaceObject.metadata.annotations) ? dyn(namespaceObject.metadata.annotations) : dyn({})]
    # A mesh's proxy is there, or asked for. It stands between the kubelet and a probe by HTTP, and may not be up yet; injectors rewrite
    # probes only while they inject. Probes that run in the container do not ask for this."#;

const MUTATION: &str = "  mutations:
    # Only one: the API server evaluates the variables anew for each.
    - patchType: JSONPatch
      jsonPatch:
        expression: >-";

const BINDING: &str = "\
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata:
  name: sidecar-startup-late-injectors
  labels:
    app.kubernetes.io/name: sidecar-startup
spec:
  policyName: sidecar-startup-late-injectors";
