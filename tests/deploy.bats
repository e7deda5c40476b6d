#!/usr/bin/env bats
# Renders the folders under deploy/ as kubectl apply -k does. What the policies in them say is tested by `cargo test`.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.."
}

render() {
    # kubectl names its Kustomize since 1.24. Before 1.21 that was Kustomize 2.0, which takes no folders as resources and knows no
    # components; Debian 12 still has 1.20. No such kubectl fits a cluster that knows sidecar containers.
    kubectl version --client --output json 2>/dev/null | jq --exit-status .kustomizeVersion >/dev/null ||
        skip "no kubectl from 1.24 on: this one is $(kubectl version --client --short 2>/dev/null || echo missing)"
    run --separate-stderr kubectl kustomize "$1"
    [ "$status" -eq 0 ]
    # Kustomize warns there about what it will drop.
    [ -z "$stderr" ]
}

@test "each overlay renders to one policy of this module" {
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

@test "the module's address stands in one place" {
    run grep -rlF registry://ghcr.io deploy
    [ "$output" = deploy/base/kustomization.yaml ]
}

# Renders the first kustomization that deploy/README.md shows under that heading.
render_shown() {
    mkdir "$BATS_TEST_TMPDIR/sidecar-startup-policy"
    cp -r deploy "$BATS_TEST_TMPDIR/sidecar-startup-policy/deploy"
    sed -n "/^## $1\$/,/^## /p" deploy/README.md | sed -n '/^```yaml$/,/^```$/{/^```/!p}' >"$BATS_TEST_TMPDIR/kustomization.yaml"
    render "$BATS_TEST_TMPDIR"
}

@test "policies that look at the nodes and repair, as deploy/README.md shows them" {
    render_shown "Old nodes"
    [ "$(grep -c '^kind: ClusterAdmissionPolicy$' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^  contextAwareResources:$' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^      sidecarSupport: Checked$' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^      oldNodes: Universal$' <<<"$output")" -eq 1 ]
}

@test "a kustomization of one's own, as deploy/README.md shows it, changes what it should" {
    render_shown "Changing them"
    [ "$(grep -c '^kind: ClusterAdmissionPolicy$' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^  module: registry://registry.example.com/policies/sidecar-startup:v' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^      - kubewarden$' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^      - monitoring$' <<<"$output")" -eq 2 ]
    [ "$(grep -c '^      reason: waits for the mesh upgrade$' <<<"$output")" -eq 1 ]
}
