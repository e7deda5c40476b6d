#!/usr/bin/env bats
# Runs the annotated module from the command line. KWCTL is kwctl or its stand-in policy-host.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME"
    : "${KWCTL:=target/debug/policy-host}"
    module=annotated-policy.wasm
}

# Runs the policy on a request, with its standard output in $output. If kwctl is installed, its output must be the same except for the
# order of fields, in the patch as well.
judge() {
    run --separate-stderr "$KWCTL" run "$module" "$@"
    [[ "$KWCTL" != *policy-host ]] || ! command -v kwctl >/dev/null || [[ " $* " == *" - "* ]] || [ "$status" -ne 0 ] ||
        diff <(readable <<<"$output") <(kwctl run "$module" "$@" 2>/dev/null | readable)
}

readable() {
    jq --sort-keys 'if .patch then .patch |= (@base64d | fromjson) else . end'
}

# Prints the path of a request to create an object of the given API version and kind, with the Pod template of the first argument at
# the given path.
request() {
    jq --arg version "$2" --arg kind "$3" --arg path "$4" '
        .object.spec.template as $template
        | ($version | split("/") | if length == 1 then ["", .[0]] else . end) as [$group, $v]
        | .kind = {group: $group, version: $v, kind: $kind}
        | .resource = {group: $group, version: $v, resource: ($kind | ascii_downcase + "s")}
        | .object = ({apiVersion: $version, kind: $kind, metadata: {name: "myapp"}}
            | if $path == "" then . * $template else setpath($path | split("."); $template) end)
        | if $kind == "Job" or $kind == "CronJob" then
            .object |= setpath(($path | split(".")) + ["spec", "restartPolicy"]; "Never") else . end' \
        "$1" >"$BATS_TEST_TMPDIR/$3.json"
    echo "$BATS_TEST_TMPDIR/$3.json"
}

KINDS=(
    "v1 Pod "
    "v1 PodTemplate template"
    "v1 ReplicationController spec.template"
    "apps/v1 Deployment spec.template"
    "apps/v1 ReplicaSet spec.template"
    "apps/v1 StatefulSet spec.template"
    "apps/v1 DaemonSet spec.template"
    "batch/v1 Job spec.template"
    "batch/v1 CronJob spec.jobTemplate.spec.template"
)

# Checks a jq condition on the response.
holds() {
    jq --exit-status "$1" <<<"$output" >/dev/null || {
        echo "not true: $1" >&2
        echo "$output" >&2
        return 1
    }
}

@test "denies a sidecar without a gate and exits 0" {
    judge --request-path tests/requests/readiness-probe-only.json
    [ "$status" -eq 0 ]
    holds '.allowed == false and .status.code == 400'
    holds '.uid == "705ab4f5-6393-11e8-b7cc-42010a800002"'
    holds '.status.message | startswith("spec.template.spec.initContainers[0].startupProbe: Required value: ")'
    holds '.status.message | endswith("add a startupProbe (sidecar-without-startup-probe)")'
    holds '.auditAnnotations.violations | startswith("Deny: spec.template.spec.initContainers[0]")'
}

@test "reads an AdmissionReview from standard input" {
    judge --request-path - < <(jq '{kind: "AdmissionReview", request: .}' tests/requests/readiness-probe-only.json)
    [ "$status" -eq 0 ]
    holds '.allowed == false'
}

@test "allows a sidecar with a startupProbe without warnings" {
    judge --request-path tests/requests/startup-probe.json
    [ "$status" -eq 0 ]
    holds '. == {uid: "705ab4f5-6393-11e8-b7cc-42010a800002", allowed: true, auditAnnotations: null, warnings: null}'
}

@test "accepts settings as JSON" {
    judge --request-path tests/requests/readiness-probe-only.json --settings-json '{"defaultAction": "Warn"}'
    [ "$status" -eq 0 ]
    holds '.allowed and (.warnings | length) == 1'
}

@test "accepts settings from a file" {
    printf 'rules:\n  sidecar-without-startup-probe: Ignore\n' >"$BATS_TEST_TMPDIR/settings.yaml"
    judge --request-path tests/requests/readiness-probe-only.json --settings-path "$BATS_TEST_TMPDIR/settings.yaml"
    [ "$status" -eq 0 ]
    holds '.allowed and .warnings == null'
}

@test "rejects unknown settings and exits 1" {
    judge --request-path tests/requests/startup-probe.json --settings-json '{"defaultAktion": "Warn"}'
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    [[ "$stderr" == *"Provided settings are not valid: settings.defaultAktion: Forbidden: unknown field"* ]]
    [[ "$stderr" == *'did you mean "defaultAction"?'* ]]
}

@test "repairs with a patch" {
    judge --request-path tests/requests/readiness-probe-only.json --settings-json '{"fix": "All"}'
    [ "$status" -eq 0 ]
    holds '.allowed and .patchType == "JSONPatch"'
    holds '.patch | @base64d | fromjson | any(.op == "add" and (.path | endswith("/initContainers/0/startupProbe")))'
    holds '.warnings == ["fix: spec.template.spec.initContainers[0].startupProbe: added a startupProbe to sidecar \"nginx\", from its readinessProbe (sidecar-without-startup-probe)"]'
    holds '.auditAnnotations.fixes | startswith("spec.template.spec.initContainers[0].startupProbe: added a startupProbe")'
    holds '.auditAnnotations["startup-sequence"] == "nginx[startupProbe<=600s] > myapp"'
}

@test "leaves denied objects unchanged" {
    judge --request-path tests/requests/readiness-probe-only.json --settings-json \
        '{"fix": "All", "waitFor": [{"name": "nginx", "podSelector": {}, "container": {"image": "other"}}]}'
    [ "$status" -eq 0 ]
    holds '.allowed == false and .patch == null'
    holds '.status.message | contains("not repaired: another container already has this name (missing-wait-for)")'
    holds '.status.message | contains("not repaired: the object would still be denied for other violations (sidecar-without-startup-probe)")'
}

# Annotates the module with access to Nodes; the published one lists no contextAwareResources.
with_access_to_nodes() {
    module=$BATS_TEST_TMPDIR/with-nodes.wasm
    { cat metadata.yml && echo "contextAwareResources: [{apiVersion: v1, kind: Node}]"; } >"$BATS_TEST_TMPDIR/metadata.yml"
    "$KWCTL" annotate --metadata-path "$BATS_TEST_TMPDIR/metadata.yml" --output-path "$module" policy.wasm
}

@test "checks the nodes of the cluster if the settings ask for it" {
    with_access_to_nodes
    judge --request-path tests/requests/startup-probe.json --settings-json '{"nodes": {"sidecarSupport": "Checked"}}' \
        --allow-context-aware --replay-host-capabilities-interactions tests/sessions/old-node.yml
    [ "$status" -eq 0 ]
    holds '.allowed == false'
    holds '.status.message | contains("may land on node \"old\" (kubelet v1.27.3), which does not support sidecar containers")'
}

@test "assumes sidecar support and warns without access to Nodes" {
    # The published module has no contextAwareResources, so kwctl rejects the call.
    judge --request-path tests/requests/startup-probe.json --settings-json '{"nodes": {"sidecarSupport": "Checked"}}' \
        --allow-context-aware --replay-host-capabilities-interactions tests/sessions/old-node.yml
    [ "$status" -eq 0 ]
    holds '.allowed and (.warnings | length) == 1'
    holds '.warnings[0] | contains("could not list nodes: Node is not among contextAwareResources")'
}

@test "assumes sidecar support and warns if the policy server may not list nodes" {
    judge --request-path tests/requests/startup-probe.json --settings-json '{"nodes": {"sidecarSupport": "Checked"}}' \
        --allow-context-aware --replay-host-capabilities-interactions tests/sessions/not-allowed.yml
    [ "$status" -eq 0 ]
    holds '.allowed and (.warnings | length) == 1'
    holds '.warnings[0] | contains("the policy server may not list and watch them")'
}

@test "validates every kind of workload" {
    for kind in "${KINDS[@]}"; do
        read -r version name path <<<"$kind"
        judge --request-path "$(request tests/requests/readiness-probe-only.json "$version" "$name" "$path")"
        [ "$status" -eq 0 ]
        holds ".allowed == false and (.status.message | startswith(\"${path:+$path.}spec.initContainers[0].startupProbe: \"))"
        judge --request-path "$(request tests/requests/startup-probe.json "$version" "$name" "$path")"
        holds '.allowed and .warnings == null'
    done
}

@test "accepts its own repairs unchanged" {
    for kind in "${KINDS[@]}"; do
        read -r version name path <<<"$kind"
        request=$(request tests/requests/readiness-probe-only.json "$version" "$name" "$path")
        judge --request-path "$request" --settings-json '{"fix": "All"}'
        holds '.allowed and .patch != null'
        target/debug/policy-host patched --request-path "$request" <<<"$output" >"$BATS_TEST_TMPDIR/patched.json"
        for settings in '{"fix": "All"}' '{}'; do
            judge --request-path "$BATS_TEST_TMPDIR/patched.json" --settings-json "$settings"
            [ "$status" -eq 0 ]
            holds '.allowed and .patch == null and .warnings == null'
        done
    done
}

@test "rejects settings of the wrong type with their path" {
    judge --request-path tests/requests/startup-probe.json --settings-json '{"startupSeconds": {"maximum": "600"}}'
    [ "$status" -eq 1 ]
    [ -z "$output" ]
    [[ "$stderr" == *"Provided settings are not valid: settings.startupSeconds.maximum: Invalid value: "* ]]
    [[ "$stderr" == *": expected an integer, but found a string"* ]]
}

@test "takes module, settings and mode from a manifest" {
    manifest=$BATS_TEST_TMPDIR/policy.yaml
    cat >"$manifest" <<MANIFEST
apiVersion: policies.kubewarden.io/v1
kind: ClusterAdmissionPolicy
metadata: {name: sidecar-startup}
spec:
  module: file://$PWD/$module
  mode: monitor
  mutating: false
  settings: {rules: {slow-startup-gate: Ignore}}
  rules: [{apiGroups: [apps], apiVersions: [v1], resources: [deployments], operations: [CREATE]}]
MANIFEST
    module=$manifest
    judge --request-path tests/requests/readiness-probe-only.json
    [ "$status" -eq 0 ]
    holds '.allowed and .status == null and .patch == null'
    holds '.auditAnnotations.violations | startswith("Deny: ")'

    sed -i 's/mode: monitor/mode: protect/' "$manifest"
    judge --request-path tests/requests/readiness-probe-only.json
    [ "$status" -eq 0 ]
    holds '.allowed == false'
}
