#!/usr/bin/env bats
# Uses the hooks of .pre-commit-hooks.yaml on the examples, as a repository of manifests does.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/.."
    command -v pre-commit >/dev/null || skip "needs pre-commit: scripts/need pre-commit installs it"
    export PATH=$PWD/target/debug:$PATH PRE_COMMIT_HOME=$BATS_TEST_TMPDIR/cache
    export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
    repository hooks .pre-commit-hooks.yaml
    repository manifests examples/startup-probe.yaml examples/readiness-probe-only.yaml
    cd "$BATS_TEST_TMPDIR/manifests"
}

# Makes a repository with copies of files.
repository() {
    local folder=$BATS_TEST_TMPDIR/$1
    git init --quiet "$folder"
    cp "${@:2}" "$folder/"
    git -C "$folder" add .
    git -C "$folder" commit --quiet --message x
}

# Runs a hook on all files of the repository, with arguments as a YAML list.
hook() {
    cat >.pre-commit-config.yaml <<EOF
repos:
  - repo: file://$BATS_TEST_TMPDIR/hooks
    rev: $(git -C ../hooks rev-parse HEAD)
    hooks:
      - id: $1
        args: ${2:-[]}
EOF
    git add .
    run pre-commit run "$1" --all-files
}

@test "the hook sidecar-startup-check denies with file and line" {
    hook sidecar-startup-check
    [ "$status" -eq 1 ]
    [[ "$output" == *"exit code: 1"* ]]
    [[ "$output" == *"--> readiness-probe-only.yaml:14:11"* ]]
    [[ "$output" == *"1 allowed, 1 denied"* ]]
}

@test "its arguments and the settings of the repository count" {
    hook sidecar-startup-check '[-o, github]'
    [ "$status" -eq 1 ]
    [[ "$output" == *"::error file=readiness-probe-only.yaml,line=14,"* ]]
    echo 'exclude: [readiness-*]' >.sidecar-startup.yaml
    hook sidecar-startup-check
    [ "$status" -eq 0 ]
    [[ "$output" == *Passed* ]]
}

@test "templates of a chart and files that are no manifests pass" {
    rm readiness-probe-only.yaml
    mkdir -p chart/templates
    echo 'name: chart' >chart/Chart.yaml
    echo '{{ include "all" . }}' >chart/templates/all.yaml
    echo '{"private": true}' >package.json
    hook sidecar-startup-check
    [ "$status" -eq 0 ]
}

@test "the hook sidecar-startup-fix repairs, and passes once it has" {
    hook sidecar-startup-fix
    [ "$status" -eq 1 ]
    [[ "$output" == *"files were modified by this hook"* ]]
    git diff | grep '^+ *startupProbe:'
    hook sidecar-startup-fix
    [ "$status" -eq 0 ]
    hook sidecar-startup-check
    [ "$status" -eq 0 ]
}

@test "the hook sidecar-startup-fix fails where it may not repair" {
    hook sidecar-startup-fix '[--only, safe]'
    [ "$status" -eq 1 ]
    [[ "$output" != *"files were modified by this hook"* ]]
    [[ "$output" == *"readiness-probe-only.yaml"* ]]
}
