#!/usr/bin/env bats
# Takes the annotated module to a real registry on localhost and back. PUSHER is kwctl or its stand-in policy-registry.
bats_require_minimum_version 1.5.0

# Starts a registry with the configuration on standard input and prints its address. The registry picks a free port and logs it.
serve() {
    local folder=$1 waited
    cat >"$folder/registry.yml"
    docker-registry serve "$folder/registry.yml" >"$folder/log" 2>&1 3>&- &
    echo $! >"$folder/pid"
    for waited in {1..100}; do
        if sed -n 's/.*listening on \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$folder/log" | grep .; then
            return
        fi
        sleep 0.1
    done
    echo "registry not ready after $waited attempts:" >&2
    cat "$folder/log" >&2
    return 1
}

setup_file() {
    cd "$BATS_TEST_DIRNAME/.."
    export PUSHER=${PUSHER:-target/debug/policy-registry} SOURCES=$BATS_FILE_TMPDIR/sources.yml
    REGISTRY=$(serve "$BATS_FILE_TMPDIR" <<EOF
version: 0.1
storage: {filesystem: {rootdirectory: $BATS_FILE_TMPDIR/storage}}
http: {addr: "127.0.0.1:0"}
EOF
    )
    export REGISTRY
    echo "insecure_sources: ['$REGISTRY']" >"$SOURCES"
}

teardown_file() {
    kill "$(cat "$BATS_FILE_TMPDIR/pid")"
}

setup() {
    cd "$BATS_TEST_DIRNAME/.."
    module=annotated-policy.wasm
}

push() {
    run --separate-stderr "$PUSHER" push --sources-path "$SOURCES" "$@"
}

# Checks a jq condition on standard input.
holds() {
    jq --exit-status "$@" >/dev/null
}

@test "pushes the module and pulls it back byte for byte" {
    push "$module" "registry://$REGISTRY/policies/gate:v1"
    [ "$status" -eq 0 ]
    [[ "$output" == "Policy successfully pushed: $REGISTRY/policies/gate@sha256:"* ]]
    "$PUSHER" pull --sources-path "$SOURCES" --output-path "$BATS_TEST_TMPDIR/pulled.wasm" "registry://$REGISTRY/policies/gate:v1"
    cmp "$module" "$BATS_TEST_TMPDIR/pulled.wasm"
}

@test "writes the manifest that Kubewarden expects" {
    push --output json "$module" "registry://$REGISTRY/policies/manifest:v1"
    [ "$status" -eq 0 ]
    digest=$(jq --raw-output .immutable_ref <<<"$output")
    digest=${digest##*@}
    manifest=$BATS_TEST_TMPDIR/manifest.json
    curl --fail --silent --show-error --header 'Accept: application/vnd.oci.image.manifest.v1+json' \
        "http://$REGISTRY/v2/policies/manifest/manifests/v1" >"$manifest"
    [ "$digest" = "sha256:$(sha256sum <"$manifest" | cut --delimiter=' ' --fields=1)" ]
    holds '.schemaVersion == 2 and (.layers | length) == 1' <"$manifest"
    holds '.config.mediaType == "application/vnd.wasm.config.v1+json" and .config.size == 2' <"$manifest"
    holds '.layers[0].mediaType == "application/vnd.wasm.content.layer.v1+wasm"' <"$manifest"
    holds --arg digest "sha256:$(sha256sum <"$module" | cut --delimiter=' ' --fields=1)" '.layers[0].digest == $digest' <"$manifest"
    holds --argjson size "$(wc --bytes <"$module")" '.layers[0].size == $size' <"$manifest"
    config=$(jq --raw-output .config.digest "$manifest")
    [ "$(curl --fail --silent --show-error "http://$REGISTRY/v2/policies/manifest/blobs/$config")" = '{}' ]
}

@test "copies single-line annotations to the manifest" {
    push "$module" "registry://$REGISTRY/policies/annotations:v1"
    [ "$status" -eq 0 ]
    annotations=$(curl --fail --silent --show-error --header 'Accept: application/vnd.oci.image.manifest.v1+json' \
        "http://$REGISTRY/v2/policies/annotations/manifests/v1" | jq .annotations)
    for name in title version ociUrl source license; do
        holds --arg name "io.kubewarden.policy.$name" --arg value "$(scripts/metadata $name)" '.[$name] == $value' <<<"$annotations"
    done
    holds --arg source "$(scripts/metadata source)" '.["org.opencontainers.image.source"] == $source' <<<"$annotations"
    holds 'all(.[]; contains("\n") | not) and (has("io.kubewarden.policy.usage") | not)' <<<"$annotations"
}

@test "pulls by digest" {
    push --output json "$module" "registry://$REGISTRY/policies/digest:v1"
    [ "$status" -eq 0 ]
    "$PUSHER" pull --sources-path "$SOURCES" --output-path "$BATS_TEST_TMPDIR/pulled.wasm" \
        "registry://$(jq --raw-output .immutable_ref <<<"$output")"
    cmp "$module" "$BATS_TEST_TMPDIR/pulled.wasm"
}

@test "make push pushes to REF, by default to the registry in metadata.yml" {
    run make push REF="$REGISTRY/policies/make:v1" SOURCES="$SOURCES" PUSHER="$PUSHER"
    [ "$status" -eq 0 ]
    [[ "$output" == *"$REGISTRY/policies/make@sha256:"* ]]
    run env --unset PUSHER make --dry-run push
    [[ "$output" == *"kwctl push "*"annotated-policy.wasm 'registry://$(scripts/metadata ociUrl):v$(scripts/metadata version)'"* ]]
}

@test "refuses modules without annotations and registries without TLS that are not listed" {
    push policy.wasm "registry://$REGISTRY/policies/gate:v2"
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"annotated"* ]]
    run "$PUSHER" push "$module" "registry://$REGISTRY/policies/gate:v2"
    [ "$status" -eq 1 ]
    run "$PUSHER" pull --sources-path "$SOURCES" --output-path "$BATS_TEST_TMPDIR/none.wasm" "registry://$REGISTRY/policies/gate:v2"
    [ "$status" -eq 1 ]
    [ ! -e "$BATS_TEST_TMPDIR/none.wasm" ]
}
