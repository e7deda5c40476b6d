# run            build the policy and judge the examples with it, or FILE=my.yaml: exits 0 allowed, 1 denied, 2 cannot tell
# repairs        what the policy repairs in examples/repairs, before and after
# test           every test, end to end
# policy.wasm, annotated-policy.wasm   the module as compiled, and with the metadata that policy-server asks for
# e2e-tests      e2e.bats against the annotated module, the command, deploy/, and the way to a registry and back; KWCTL=kwctl runs
#                the first and the last with the real one
# push           push the annotated module to the registry that metadata.yml names, or to REF=host/path:tag; with KWCTL=kwctl
#                by the real one; SOURCES=FILE names registries without TLS, as its option --sources-path
# artifacthub-pkg.yml   the package for Artifact Hub, from metadata.yml and questions-ui.yml
# fmt, lint      format; check format and lints, natively and for the module's target
# bench          how long the module takes, as multiples of a module that does nothing
# clean          remove what was built
# help           this list

TARGET := wasm32-wasip1
MODULES := target/$(TARGET)/module
CLI := target/debug/sidecar-startup
HOST := target/debug/policy-host
REGISTRY := target/debug/policy-registry
KWCTL ?= $(abspath $(HOST))
# policy-host does not know registries.
PUSHER = $(if $(filter $(abspath $(HOST)),$(KWCTL)),$(abspath $(REGISTRY)),$(KWCTL))
REF ?= $(shell scripts/metadata ociUrl):v$(shell scripts/metadata version)

.PHONY: run repairs test push e2e-tests fmt lint bench clean help toolchain tools

# make exits with 2 whatever a recipe exits with; its only way to 1 is the option --question. So a file of one's own is judged
# while the Makefile is read, and where it is denied, make only asks itself whether `run` is up to date, which it never is.
ifneq ($(filter run,$(or $(MAKECMDGOALS),run)),)
ifeq ($(origin FILE),command line)
REPORT := $(shell mktemp)
STATUS := $(shell { $(MAKE) --no-print-directory --silent tools && $(CLI) check --module annotated-policy.wasm '$(FILE)'; } \
	>$(REPORT); echo $$?)
$(info $(file <$(REPORT)))
$(shell rm -f $(REPORT))
ifeq ($(STATUS),1)
MAKEFLAGS += --question
endif
endif
endif

run: $(if $(STATUS),,tools)
	@$(if $(STATUS),exit $(STATUS),$(CLI) check --module annotated-policy.wasm examples/*.yaml || test $$? -eq 1)

repairs: tools
	@cargo run --locked --quiet --package acceptance --bin before_and_after -- examples/repairs/settings.yaml \
		$(filter-out %/settings.yaml,$(wildcard examples/repairs/*.yaml))

help:
	@sed -n '/^# /!q; s/^# //p' Makefile

toolchain:
	@scripts/need cargo rustup cc
	@rustup target list --installed | grep -qx $(TARGET) || rustup target add $(TARGET)

# cargo decides what is to be built anew.
.PHONY: policy.wasm $(HOST) $(CLI) $(REGISTRY)
policy.wasm: toolchain
	cargo build --locked --quiet --target $(TARGET) --profile module --package sidecar-startup-policy
	@cmp -s $(MODULES)/sidecar_startup_policy.wasm $@ || cp $(MODULES)/sidecar_startup_policy.wasm $@

$(HOST): toolchain
	cargo build --locked --quiet --package policy-host

$(CLI): toolchain
	cargo build --locked --quiet --package sidecar-startup-cli --features module

$(REGISTRY): toolchain
	cargo build --locked --quiet --package policy-registry

annotated-policy.wasm: policy.wasm $(HOST) metadata.yml README.md
	$(HOST) annotate --metadata-path metadata.yml --usage-path README.md --output-path $@ policy.wasm

artifacthub-pkg.yml: metadata.yml questions-ui.yml | $(HOST)
	$(HOST) scaffold artifacthub --metadata-path metadata.yml --questions-path questions-ui.yml --output $@

tools: annotated-policy.wasm $(CLI)

push: annotated-policy.wasm $(if $(filter $(abspath $(HOST)),$(KWCTL)),$(REGISTRY))
	$(PUSHER) push $(if $(SOURCES),--sources-path '$(SOURCES)') annotated-policy.wasm 'registry://$(REF:registry://%=%)'

# policy-registry asks more of what it shares with the others; built with them, it would have them built anew.
test: tools
	cargo test --locked --workspace --exclude sidecar-startup-policy --exclude policy-registry --exclude 'bench-*'
	cargo test --locked --package policy-registry
	$(MAKE) --no-print-directory e2e-tests

e2e-tests: tools $(REGISTRY)
	@scripts/need bats jq curl openssl docker-registry shellcheck
	@scripts/need kubectl || true # not every Debian has one that is new enough; the tests that need it say so
	KWCTL='$(KWCTL)' bats e2e.bats
	bats tests/command.bats tests/deploy.bats tests/scripts.bats
	PUSHER='$(PUSHER)' bats tests/registry.bats

fmt:
	cargo fmt --all

lint: toolchain
	@rustup component list --installed | grep -q ^clippy && rustup component list --installed | grep -q ^rustfmt \
		|| rustup component add clippy rustfmt
	cargo fmt --all --check
	cargo clippy --locked --workspace --exclude sidecar-startup-policy --exclude bench-floor --exclude bench-typed-read \
		--all-targets --features sidecar-startup-cli/module -- --deny warnings
	cargo clippy --locked --target $(TARGET) --package sidecar-startup-policy --package bench-floor \
		--package bench-typed-read -- --deny warnings

bench: policy.wasm
	cargo build --locked --quiet --target $(TARGET) --profile module --package bench-floor --package bench-typed-read
	cargo run --locked --quiet --release --package bench-ratios -- $(MODULES)

clean:
	cargo clean
	rm -f policy.wasm annotated-policy.wasm
