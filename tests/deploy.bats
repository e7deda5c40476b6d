#!/usr/bin/env bats
# Renders the folders under deploy/ as `kubectl apply -k` does, and runs the commands of the pages about them. `cargo test` tests the
# policies in them.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.."
}

need_kubectl() {
    # kubectl prints its Kustomize version since 1.24. Before 1.21 (Debian 12 has 1.20) that is Kustomize 2.0, which supports neither
    # components nor folders as resources. Such a kubectl is too old for any cluster with sidecar containers.
    kubectl version --client --output json 2>/dev/null | jq --exit-status .kustomizeVersion >/dev/null ||
        skip "needs kubectl 1.24 or later: this one is $(kubectl version --client --short 2>/dev/null || echo missing)"
}

need_helm() {
    command -v helm >/dev/null || skip "needs helm: scripts/need helm installs it"
}

render() {
    need_kubectl
    run --separate-stderr kubectl kustomize "$1"
    [ "$status" -eq 0 ]
    # Kustomize prints deprecation warnings there.
    [ -z "$stderr" ]
}

# Counts lines of the output.
count() {
    grep -Ec "$1" <<<"$output" || true
}

@test "each overlay renders one policy with this module, or one group" {
    policies=0
    for overlay in deploy/*/; do
        grep -q '^kind: Kustomization$' "$overlay/kustomization.yaml" || continue
        render "$overlay"
        case "$overlay" in
        */policy-server/ | */alerts/) continue ;;
        */check-nodes*/) others=2 ;;
        */late-injectors/) continue ;;
        *) others=0 ;;
        esac
        [ "$(count '^kind: (Cluster)?AdmissionPolicy(Group)?$')" -eq 1 ]
        [ "$(count '^kind: ')" -eq $((others + 1)) ]
        [ "$(count '^ +module: registry://.*/sidecar-startup:v[0-9.]*$')" -eq 1 ]
        policies=$((policies + 1))
    done
    [ "$policies" -ge 11 ]
}

@test "the module's address is in one file" {
    run grep -rlF registry://ghcr.io/sidecar deploy --include=*.yaml
    [ "$output" = deploy/base/kustomization.yaml ]
}

@test "no kustomization has deprecated fields" {
    run grep -rnE '^(bases|commonLabels|patchesStrategicMerge|patchesJson6902|imageTags|vars|helmCharts):' deploy
    [ "$status" -eq 1 ]
}

# Renders the first kustomization under a heading of deploy/README.md.
render_shown() {
    mkdir "$BATS_TEST_TMPDIR/sidecar-startup-policy"
    cp -r deploy "$BATS_TEST_TMPDIR/sidecar-startup-policy/deploy"
    sed -n "/^## $1\$/,/^## /p" deploy/README.md | sed -n '/^```yaml$/,/^```$/{/^```/!p}' >"$BATS_TEST_TMPDIR/kustomization.yaml"
    render "$BATS_TEST_TMPDIR"
}

@test "the kustomization in deploy/README.md that checks nodes and repairs" {
    render_shown "Old nodes"
    [ "$(count '^kind: ClusterAdmissionPolicy$')" -eq 2 ]
    [ "$(count '^  contextAwareResources:$')" -eq 2 ]
    [ "$(count '^      sidecarSupport: Checked$')" -eq 2 ]
    [ "$(count '^      oldNodes: Universal$')" -eq 1 ]
    [ "$(count '^  timeoutEvalSeconds: 5$')" -eq 2 ]
    [ "$(count '^  timeoutSeconds: 12$')" -eq 2 ]
}

@test "the kustomization in deploy/README.md that customizes policies" {
    render_shown "Customizing the policies"
    [ "$(count '^kind: ClusterAdmissionPolicy$')" -eq 2 ]
    [ "$(count '^  module: registry://registry.example.com/policies/sidecar-startup:v')" -eq 2 ]
    [ "$(count '^      - kubewarden$')" -eq 2 ]
    [ "$(count '^      - monitoring$')" -eq 2 ]
    [ "$(count '^    - key: sidecar-startup-enforce$')" -eq 1 ]
    [ "$(count '^      reason: waits for the mesh upgrade$')" -eq 1 ]
}

@test "the kustomization in deploy/README.md that uses the policies' own server" {
    render_shown "A policy server of their own"
    [ "$(count '^kind: ClusterAdmissionPolicy$')" -eq 1 ]
    [ "$(count '^  policyServer: sidecar-startup$')" -eq 1 ]
}

@test "each kind of policy can be put on the policies' own server" {
    mkdir "$BATS_TEST_TMPDIR/copy"
    cp -r deploy "$BATS_TEST_TMPDIR/copy/deploy"
    for overlay in report namespaced group; do
        printf 'resources: [copy/deploy/%s]\ncomponents: [copy/deploy/on-own-server]\n' "$overlay" >"$BATS_TEST_TMPDIR/kustomization.yaml"
        render "$BATS_TEST_TMPDIR"
        [ "$(count '^  policyServer: sidecar-startup$')" -eq 1 ]
    done
}

# Prints the commands of a page, and what it shows as their output: a line each, separated by a tab, with \n for newlines.
commands() {
    awk '
        function flush() { if (command != "") print command "\t" shown; command = shown = "" }
        /^```/ { flush(); inside = $0 == "```console" }
        !inside { next }
        /^\$ / { flush(); command = substr($0, 3); sub(/   +# .*/, "", command); next }
        command != "" { shown = shown $0 "\\n" }
    ' "$1"
}

# Runs the commands of a page, in a copy of this folder where kubectl, kwctl and helm have no cluster and no network: see deploy/bin.
# Those that show what they print must print it.
run_commands_of() {
    need_kubectl
    local ran=0 unknown=0 command shown output status
    export ROOT=$PWD HOME=$BATS_TEST_TMPDIR ANSWERS=$PWD/tests/deploy/answers DEPLOY=$PWD/deploy REAL_PATH=$PATH KUBECONFIG=/dev/null
    cp -r deploy chart examples tests "$BATS_TEST_TMPDIR"
    cp tests/deploy/answers/audit.log "$BATS_TEST_TMPDIR"
    # A chart of the reader's.
    mkdir -p "$BATS_TEST_TMPDIR/shop/templates"
    cp examples/startup-probe.yaml "$BATS_TEST_TMPDIR/shop/templates"
    echo '{apiVersion: v2, name: shop, version: 0.1.0}' >"$BATS_TEST_TMPDIR/shop/Chart.yaml"
    while IFS=$'\t' read -r command shown; do
        status=0
        output=$(cd "$BATS_TEST_TMPDIR" && PATH=$ROOT/tests/deploy/bin:$PATH bash -o pipefail -c "$command" </dev/null) || status=$?
        if [ "$status" -eq 77 ]; then
            unknown=$((unknown + 1))
            continue
        fi
        [ "$status" -eq 0 ] || { echo "exits $status: $command" >&2 && return 1; }
        case "$command" in
        # What is applied without a cluster is not there to be warned about.
        "kubectl apply "*"-f "*) ;;
        *) [ -z "$shown" ] || diff <(printf '%b' "$shown") <(echo "$output") ;;
        esac
        ran=$((ran + 1))
    done < <(commands "$1")
    echo "# $1: $ran commands" >&3
    [ "$ran" -ge "$2" ]
    [ "$unknown" -eq 0 ] || skip "$unknown commands need options that sidecar-startup was built without"
}

@test "the commands of deploy/README.md" {
    run_commands_of deploy/README.md 36
}

@test "the commands of deploy/OPERATING.md" {
    run_commands_of deploy/OPERATING.md 7
}

@test "the commands of README.md" {
    need_helm
    run_commands_of README.md 17
}

@test "the commands of docs/recipes.md" {
    run_commands_of docs/recipes.md 8
}

@test "the commands of docs/command.md" {
    run_commands_of docs/command.md 8
}

@test "the commands of docs/troubleshooting.md" {
    run_commands_of docs/troubleshooting.md 7
}

@test "the commands of deploy/late-injectors/README.md" {
    run_commands_of deploy/late-injectors/README.md 4
}

@test "the kustomization in deploy/late-injectors/README.md that leaves out Pods" {
    mkdir "$BATS_TEST_TMPDIR/sidecar-startup-policy"
    cp -r deploy "$BATS_TEST_TMPDIR/sidecar-startup-policy/deploy"
    sed -n '/^```yaml$/,/^```$/{/^```/!p}' deploy/late-injectors/README.md >"$BATS_TEST_TMPDIR/kustomization.yaml"
    render "$BATS_TEST_TMPDIR"
    [ "$(count '^kind: MutatingAdmissionPolicy(Binding)?$')" -eq 2 ]
    [ "$(count '^    objectSelector:$')" -eq 1 ]
}

@test "the commands of chart/README.md" {
    need_helm
    run_commands_of chart/README.md 4
}

@test "the report allows what it warns about, with the module" {
    need_kubectl
    export ROOT=$PWD
    kubectl kustomize deploy/report >"$BATS_TEST_TMPDIR/report.yaml"
    run --separate-stderr tests/deploy/bin/kwctl run "$BATS_TEST_TMPDIR/report.yaml" --request-path tests/requests/readiness-probe-only.json
    [ "$status" -eq 0 ]
    jq --exit-status '.allowed and (.warnings | length) == 1 and (.auditAnnotations.violations | startswith("Warn: "))' <<<"$output"
}

@test "the chart passes helm lint" {
    need_helm
    helm lint --strict chart
}
