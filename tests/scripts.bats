#!/usr/bin/env bats
# Shell scripts are POSIX sh: those that repairs write into Pods, and those of this repository.

@test "the scripts of the universal sidecar are clean" {
    cd "$BATS_TEST_DIRNAME/.."
    shellcheck --shell=sh crates/sidecar-startup/src/repair/universal/*.sh
}

@test "the scripts of the repository are clean" {
    cd "$BATS_TEST_DIRNAME/.."
    shellcheck scripts/*
}
