#!/usr/bin/env bats
# Renders the folders under deploy/ as `kubectl apply -k` does. `cargo test` tests the policies in them.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.."
}

render() {
    # kubectl prints its Kustomize version since 1.24. Before 1.21 (Debian 12 has 1.20) that is Kustomize 2.0, which supports neither
    # components nor folders as resources. Such a kubectl is too old for any cluster with sidecar containers.
    kubectl version --client --output json 2>/dev/null | jq --exit-status .kustomizeVersion >/dev/null ||
        skip "needs kubectl 1.24 or later: this one is $(kubectl version --client --short 2>/dev/null || echo missing)"
    run --separate-stderr kubectl kustomize "$1"
    [ "$status" -eq 0 ]
    # Kustomize prints deprecation warnings there.
    [ -z "$stderr" ]
}

@test "each overlay renders one policy with this module" {
    overlays=0
    for overlay in deploy/*/; do
        [ "$overlay" != deploy/base/ ] || continue
        render "$overlay"
        [ "$(grep -Ec '^kind: (Cluster)?AdmissionPolicy$' <<<"$output")" -eq 1 ]
        others=$([ "$overlay" = deploy/check-nodes/ ] && echo 2 || echo 0)
        [ "$(grep -c '^kind: ' <<<"$output")" -eq $((others + 1)) ]
        grep -q '^  module: registry://.*/sidecar-startup:v[0-9.]*$' <<<"$output"
        overlays=$((overlays + 1))
    done
    [ "$overlays" -ge 8 ]
}

@test "the module's address is in one place" {
    run grep -rlF registry://ghcr.io deploy
    [ "$output" = deploy/base/kustomization.yaml ]
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
    [ "$(grep -c '^kind: ClusterAdmissionPolicy$' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^  contextAwareResources:$' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^      sidecarSupport: Checked$' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^      oldNodes: Universal$' <<<"$output")" -eq 1 ]
}

@test "the kustomization in deploy/README.md that customizes policies" {
    render_shown "Customizing the policies"
    [ "$(grep -c '^kind: ClusterAdmissionPolicy$' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^  module: registry://registry.example.com/policies/sidecar-startup:v' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^      - kubewarden$' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^      - monitoring$' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^      reason: waits for the mesh upgrade$' <<<"$output")" -eq 1 ]
}
