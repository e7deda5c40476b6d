#!/usr/bin/env bats
# Shell scripts must be POSIX sh: those that repairs write into Pods and those of this repository.

@test "shellcheck passes for the scripts of native and classic copies" {
    cd "$BATS_TEST_DIRNAME/.."
    shellcheck --shell=sh crates/sidecar-startup/src/pod/pair/*.sh
}

@test "shellcheck passes for the repository's scripts" {
    cd "$BATS_TEST_DIRNAME/.."
    shellcheck scripts/* .ci/run tests/deploy/bin/* tests/distribution/bin/*
}
