#!/usr/bin/env bats
# Runs the command as users do: exit codes, positions in the file and suggestions.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.."
    command=target/debug/sidecar-startup
}

check() {
    run --separate-stderr "$command" check "$@"
}

@test "prints file, line, column, reason and what to add" {
    check examples/readiness-probe-only.yaml
    [ "$status" -eq 1 ]
    [[ "$output" == *"--> examples/readiness-probe-only.yaml:14:11"* ]]
    [[ "$output" == *'has only a readinessProbe, which does not hold back "myapp"'* ]]
    [[ "$output" == *"help: instead of lines 14 to 22, write:"* ]]
    [[ "$output" == *"          startupProbe:"* ]]
    [[ "$output" == *"0 allowed, 1 denied" ]]
}

@test "says the same with a compiled module" {
    check examples/readiness-probe-only.yaml
    library=$output
    check examples/readiness-probe-only.yaml --module annotated-policy.wasm
    [ "$status" -eq 1 ]
    [ "$output" = "$library" ]
}

@test "exits 0 if nothing is denied and 2 on errors" {
    check examples/startup-probe.yaml
    [ "$status" -eq 0 ]
    check nowhere.yaml
    [ "$status" -eq 2 ]
    check - </dev/null
    [ "$status" -eq 2 ]
    [[ "$output" == *"nothing is piped in"* ]]
    # Only the settings are checked where nothing can be piped in.
    check --settings examples/repairs/settings.yaml </dev/null
    [ "$status" -eq 0 ]
    [ "$output" = "settings are valid" ]
    check --settings examples/repairs/settings.yaml < <(false)
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"to check only the settings, add </dev/null" ]]
    check README.md examples/readiness-probe-only.yaml
    [ "$status" -eq 2 ]
    [[ "$output" == *"--> README.md:"* ]]
    [[ "$output" == *"0 allowed, 1 denied, 1 error" ]]
}

@test "reads standard input, several documents and nested lists" {
    check - < <(cat examples/startup-probe.yaml; echo ---; cat examples/readiness-probe-only.yaml)
    [ "$status" -eq 1 ]
    line=$(($(wc -l <examples/startup-probe.yaml) + 1 + 14))
    [[ "$output" == *"--> -:$line:11"* ]]
    [[ "$output" == *"1 allowed, 1 denied" ]]
    check - <<<'{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "a"},
        "spec": {"initContainers": [{"name": "b", "restartPolicy": "Always"}], "containers": [{"name": "c"}]}}]}]}'
    [ "$status" -eq 1 ]
    [[ "$output" == *"Pod a, spec.initContainers[0].startupProbe"* ]]
}

@test "accepts settings and rejects invalid ones" {
    check examples/readiness-probe-only.yaml --settings - <<<'defaultAction: Warn'
    [ "$status" -eq 0 ]
    [[ "$output" == *"warning[sidecar-without-startup-probe]"* ]]
    check examples/readiness-probe-only.yaml --settings - <<<'# nothing'
    [ "$status" -eq 1 ]
    check examples/readiness-probe-only.yaml --settings - <<<'defaultAction: warn'
    [ "$status" -eq 2 ]
    [[ "$stderr" == *'settings.defaultAction: Unsupported value; did you mean "Warn"?'* ]]
}

@test "takes the namespace of a manifest for that of the request" {
    settings='exempt: [{match: {containerNames: ["*"]}, namespaces: ["legacy-*"], reason: trial}]'
    namespaced() {
        sed "s/^metadata:$/&\n  namespace: $1/" examples/readiness-probe-only.yaml >"$BATS_TEST_TMPDIR/$1.yaml"
        check "$BATS_TEST_TMPDIR/$1.yaml" --settings - <<<"$settings"
    }
    namespaced legacy-shop
    [ "$status" -eq 0 ]
    namespaced shop
    [ "$status" -eq 1 ]
    check examples/readiness-probe-only.yaml --settings - <<<"$settings"
    [ "$status" -eq 1 ]
}

@test "prints the repairs, with the library and with a compiled module" {
    check examples/repairs/istio.yaml --settings examples/repairs/settings.yaml
    [ "$status" -eq 0 ]
    [[ "$output" == *"Pod shop: allowed, once repaired"* ]]
    [[ "$output" == *'  fix: spec.containers[1]: moved sidecar "istio-proxy" to initContainers, with a startupProbe from the built-in catalogue, and set the annotation sidecar.istio.io/nativeSidecar: "true" (classic-sidecar)'* ]]
    library=$output
    check examples/repairs/istio.yaml --settings examples/repairs/settings.yaml --module annotated-policy.wasm
    [ "$output" = "$library" ]
    check examples/repairs --settings examples/repairs/settings.yaml
    library=$output
    [[ "$library" == *"5 once repaired"* ]]
    check examples/repairs --settings examples/repairs/settings.yaml --module annotated-policy.wasm
    [ "$output" = "$library" ]
}

@test "make repairs shows what is repaired in the examples" {
    run make repairs
    [ "$status" -eq 0 ]
    [ "$(grep --count '^  fix: .*: moved sidecar' <<<"$output")" -eq 5 ]
    [ "$(grep --count '^  fix: .*the Pod.s resource requests rise' <<<"$output")" -eq 1 ]
    [ "$(grep --count '^+ *restartPolicy: Always' <<<"$output")" -eq 5 ]
    [[ "$output" == *"5 repaired, 0 still denied"* ]]
}

@test "a compiled module leaves the repaired examples as they are" {
    "$command" fix examples/repairs --settings examples/repairs/settings.yaml 2>"$BATS_TEST_TMPDIR/repairs" >"$BATS_TEST_TMPDIR/repaired.yaml"
    grep --quiet '^5 repaired, 0 still denied' "$BATS_TEST_TMPDIR/repairs"
    check "$BATS_TEST_TMPDIR/repaired.yaml" --settings examples/repairs/settings.yaml --module annotated-policy.wasm
    [ "$status" -eq 0 ]
    [[ "$output" == *"5 allowed, 0 denied"* ]]
    [[ "$output" != *"fix:"* ]]
}

@test "reads the nodes of a cluster from a file" {
    cat >"$BATS_TEST_TMPDIR/nodes.yaml" <<'EOF'
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: old}, status: {nodeInfo: {kubeletVersion: v1.27.3}}}
EOF
    printf 'nodes: {sidecarSupport: Checked}\n' >"$BATS_TEST_TMPDIR/settings.yaml"
    check examples/startup-probe.yaml --settings "$BATS_TEST_TMPDIR/settings.yaml" --nodes "$BATS_TEST_TMPDIR/nodes.yaml"
    [ "$status" -eq 1 ]
    [[ "$output" == *'may land on node "old" (kubelet v1.27.3), which does not support sidecar containers'* ]]
    library=$output
    check examples/startup-probe.yaml --settings "$BATS_TEST_TMPDIR/settings.yaml" --nodes "$BATS_TEST_TMPDIR/nodes.yaml" \
        --module annotated-policy.wasm
    [ "$output" = "$library" ]
    check examples/startup-probe.yaml --settings "$BATS_TEST_TMPDIR/settings.yaml"
    [ "$status" -eq 0 ]
    [[ "$output" == *"could not list nodes: the cluster did not answer"* ]]
    [[ "$stderr" == *"--nodes FILE gives the nodes"* ]]
    check examples/startup-probe.yaml --settings "$BATS_TEST_TMPDIR/settings.yaml" --nodes examples/startup-probe.yaml
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"expected a Node, but found a Deployment"* ]]
}

@test "explains the rules" {
    run --separate-stderr "$command" rules
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 15 ]
    run --separate-stderr "$command" rules startup-gate-never-opens
    [ "$status" -eq 0 ]
    [[ "$output" == "startup-gate-never-opens (Deny by default)"* ]]
    [[ "$output" == *"# How to fix it"* ]]
    run --separate-stderr "$command" rules startup-gate
    [ "$status" -eq 2 ]
}

@test "make run checks the examples or FILE, and fails on a denial" {
    run make
    [ "$status" -eq 0 ]
    [[ "$output" == *"1 allowed, 1 denied"* ]]
    run make run FILE=examples/startup-probe.yaml
    [ "$status" -eq 0 ]
    [[ "$output" == *"1 allowed, 0 denied"* ]]
    run make run FILE=examples/readiness-probe-only.yaml
    [ "$status" -ne 0 ]
    [[ "$output" == *"0 allowed, 1 denied"* ]]
    run make run FILE=nowhere.yaml
    [ "$status" -ne 0 ]
    [[ "$output" == *"nowhere.yaml"* ]]
}

@test "the annotation in docs/command.md silences the rule" {
    sed -n '/^```yaml$/,/^```$/{/^```/!p}' docs/command.md >"$BATS_TEST_TMPDIR/pod.yaml"
    check "$BATS_TEST_TMPDIR/pod.yaml"
    [ "$status" -eq 0 ]
    [[ "$output" == *"1 allowed, 0 denied; 1 ignored"* ]]
    sed -i '/ignore/d' "$BATS_TEST_TMPDIR/pod.yaml"
    check "$BATS_TEST_TMPDIR/pod.yaml"
    [ "$status" -eq 1 ]
}

@test "the picture in README.md is what the command draws" {
    "$command" timeline --fix --svg "$BATS_TEST_TMPDIR" examples/repairs/istio.yaml
    diff docs/timeline.svg "$BATS_TEST_TMPDIR/pod-shop-after-fix.svg"
}
