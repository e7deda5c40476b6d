# run            build the policy and check the examples with it, or FILE=my.yaml
# repairs        show what the policy repairs in examples/repairs
# test           run all tests
# policy.wasm, annotated-policy.wasm   the compiled module; the same with its metadata, as policy-server requires
# explorer       build the page in explorer/ into explorer/dist; explorer-serve shows it on PORT, 8080 by default
# explorer-test  use the page in a browser: CHROMIUM, by default Debian's chromium; SCREENSHOTS=DIR keeps pictures
# e2e-tests      run the bats tests: e2e.bats, the command, deploy/ and a registry; KWCTL=kwctl uses the real one instead of stand-ins
# push           push the annotated module with kwctl to the registry in metadata.yml, or to REF=host/path:tag;
#                SOURCES=FILE lists registries without TLS
# artifacthub-pkg.yml   regenerate the Artifact Hub package from metadata.yml and questions-ui.yml
# chart          regenerate the Helm chart from those two and deploy/
# catalogue      compile the catalogue into the library, after a change of catalogue.yaml
# late-injectors regenerate deploy/late-injectors from the catalogue
# release-dry-run   make and check in target/release-dry-run what a release publishes, as far as this machine can, and publish nothing;
#                PROFILE=dev builds the command quickly
# reproducible   build the module again in another folder, and compare the bytes
# deny           check the licences, sources and duplicates of all crates, without a network; CI asks for advisories as well
# fmt, lint      format; check format and lints, for the host and for the module's target
# bench          measure the module, as multiples of a module that does nothing
# bench-command  measure the command on many files, a large file and a large list
# fuzz           give the laws in crates/fuzz-laws inputs, SECONDS (600) for each target in fuzz/targets, JOBS (1) of them at a time;
#                FUZZ="pods fix" names some. Needs a nightly toolchain and cargo-fuzz
# mutants        change the library in SHARD=k/n, by default 0/90 (about 40) of all small ways, and report what no test notices;
#                RE='Shell::follow' changes what fits instead. Needs cargo-mutants
# clean          remove all build output
# help           print this list

# The module and the tools are built at once: linking the module keeps one processor busy for a long time.
MAKEFLAGS += --jobs=$(or $(shell getconf _NPROCESSORS_ONLN),2)

TARGET := wasm32-wasip1
PAGE_TARGET := wasm32-unknown-unknown
PAGE := target/$(PAGE_TARGET)/module/explorer.wasm
MODULES := target/$(TARGET)/module
# The module is the same bytes wherever it is built: the texts of its panics name no folder of this machine.
export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS := --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo
CLI := target/debug/sidecar-startup
HOST := target/debug/policy-host
REGISTRY := target/debug/policy-registry
# The tests run offline with policy-host and policy-registry in place of kwctl.
KWCTL ?= $(HOST)
PUSHER ?= kwctl
PROFILE ?= release
DRY_RUN := target/release-dry-run
CHROMIUM ?= /usr/bin/chromium
PORT ?= 8080
REF ?= $(shell scripts/metadata ociUrl):v$(shell scripts/metadata version)

.PHONY: run repairs test explorer explorer-serve explorer-test push e2e-tests fmt lint bench bench-command clean help toolchain tools

# With FILE, a denial fails the recipe. The examples include one that is denied on purpose.
run: tools
	@$(CLI) check --module annotated-policy.wasm $(if $(FILE),'$(FILE)',examples/*.yaml || test $$? -eq 1)

repairs: $(CLI)
	@$(CLI) fix --diff --settings examples/repairs/settings.yaml $(filter-out %/settings.yaml,$(wildcard examples/repairs/*.yaml))

help:
	@sed -n '/^# /!q; s/^# //p' Makefile

toolchain:
	@scripts/need cargo rustup cc
	@rustup target list --installed | grep -qx $(TARGET) || rustup target add $(TARGET)

# cargo decides what to rebuild. With +, its calls share the jobs of make instead of taking as many each: a tenth less time.
.PHONY: policy.wasm $(HOST) $(CLI) $(REGISTRY) artifacthub-pkg.yml catalogue chart late-injectors
policy.wasm: toolchain
	+cargo build --locked --quiet --target $(TARGET) --profile module --package sidecar-startup-policy
	@cmp -s $(MODULES)/sidecar_startup_policy.wasm $@ || cp $(MODULES)/sidecar_startup_policy.wasm $@

# Together, so that what both are built from is built once.
$(HOST): $(CLI)
$(CLI): toolchain
	+cargo build --locked --quiet --package policy-host --package sidecar-startup-cli --features sidecar-startup-cli/module

$(REGISTRY): toolchain
	cargo build --locked --quiet --package policy-registry

annotated-policy.wasm: policy.wasm $(HOST) metadata.yml README.md
	$(HOST) annotate --metadata-path metadata.yml --usage-path README.md --output-path $@ policy.wasm

artifacthub-pkg.yml: toolchain
	UPDATE_EXPECT=1 cargo test --locked --quiet --package acceptance --test distribution package

chart: toolchain
	UPDATE_EXPECT=1 cargo test --locked --quiet --package acceptance --test chart generated

catalogue: toolchain
	cargo run --locked --quiet --package catalogue-compiler

late-injectors: toolchain
	UPDATE_EXPECT=1 cargo test --locked --quiet --package acceptance --test late_injectors generated

# wasm-bindgen needs the sections that the profile strips, and leaves out what is not needed itself.
explorer: toolchain explorer/node_modules
	@rustup target list --installed | grep -qx $(PAGE_TARGET) || rustup target add $(PAGE_TARGET)
	cargo rustc --locked --quiet --target $(PAGE_TARGET) --profile module --package explorer --crate-type cdylib -- -C strip=none
	cargo run --locked --quiet --package explorer-bindgen -- $(PAGE) explorer/wasm
	node explorer/build.mjs

explorer/node_modules: explorer/package-lock.json
	@scripts/need node npm
	npm ci --prefix explorer --ignore-scripts --no-audit --no-fund
	@touch $@

explorer-serve: explorer
	node explorer/server.mjs $(PORT)

explorer-test: explorer
	CHROMIUM='$(CHROMIUM)' SCREENSHOTS='$(SCREENSHOTS)' node --test explorer/test/

tools: annotated-policy.wasm $(CLI)

push: annotated-policy.wasm
	$(PUSHER) push $(if $(SOURCES),--sources-path '$(SOURCES)') annotated-policy.wasm 'registry://$(REF:registry://%=%)'

.PHONY: release-dry-run
release-dry-run: annotated-policy.wasm
	@scripts/need helm || true # without it, there is no chart
	rm -rf $(DRY_RUN)
	mkdir -p $(DRY_RUN)
	cp policy.wasm annotated-policy.wasm $(DRY_RUN)/
	cargo build --locked --quiet --profile $(PROFILE) --package sidecar-startup-cli
	scripts/release command target/$(PROFILE:dev=debug)/sidecar-startup "$$(rustc -vV | sed -n 's/^host: //p')" $(DRY_RUN)
	! command -v helm >/dev/null || scripts/release chart $(DRY_RUN)
	! command -v npm >/dev/null || { $(MAKE) --no-print-directory explorer && scripts/release explorer $(DRY_RUN); }
	! command -v syft >/dev/null || scripts/release sbom $(DRY_RUN)
	scripts/release checksums $(DRY_RUN)
	scripts/release verify $(DRY_RUN)
	@for tool in helm npm syft; do command -v $$tool >/dev/null || echo "not made without $$tool, which is not here"; done
	@echo "not made here: the command for other machines, signatures and provenance. Nothing is published."

# policy-registry enables more features of shared dependencies; tested with the rest, it would cause them to be rebuilt.
# explorer-bindgen has no tests, and large dependencies; explorer-test uses it.
test: tools
	@scripts/need kubectl helm || true # tests that need them are skipped without
	cargo test --locked --no-fail-fast --workspace --exclude sidecar-startup-policy --exclude policy-registry --exclude explorer-bindgen --exclude 'bench-*'
	cargo test --locked --package policy-registry
	$(MAKE) --no-print-directory e2e-tests

e2e-tests: tools $(REGISTRY)
	@scripts/need bats jq curl docker-registry shellcheck
	@scripts/need kubectl helm || true # tests that need them are skipped without
	@scripts/need pre-commit || true # the same
	KWCTL='$(KWCTL)' bats e2e.bats
	bats tests/command.bats tests/deploy.bats tests/scripts.bats tests/pre-commit.bats
	PUSHER='$(if $(filter $(HOST),$(KWCTL)),$(REGISTRY),$(KWCTL))' bats tests/registry.bats

.PHONY: reproducible deny
reproducible: policy.wasm
	scripts/reproducible policy.wasm

# It takes some minutes to install.
deny: toolchain
	@command -v cargo-deny >/dev/null || cargo install --locked --quiet cargo-deny@0.20
	cargo deny --offline --workspace check licenses bans sources

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
	@rustup target list --installed | grep -qx $(PAGE_TARGET) || rustup target add $(PAGE_TARGET)
	cargo clippy --locked --target $(PAGE_TARGET) --package explorer -- --deny warnings

bench: policy.wasm
	cargo build --locked --quiet --target $(TARGET) --profile module --package bench-floor --package bench-typed-read
	cargo run --locked --quiet --release --package bench-ratios -- $(MODULES)

bench-command: toolchain
	cargo bench --locked --quiet --package sidecar-startup-cli --bench command

FUZZ ?= $(basename $(notdir $(wildcard fuzz/targets/*.rs)))
SECONDS ?= 600
JOBS ?= 1

# All code is safe Rust, so no sanitizer is needed. What is found goes to fuzz/work, which git ignores.
.PHONY: fuzz
fuzz: toolchain
	@command -v cargo-fuzz >/dev/null || { echo 'needed: cargo install cargo-fuzz' >&2; exit 2; }
	cargo +nightly fuzz build --sanitizer none
	@mkdir -p $(addprefix fuzz/work/,$(FUZZ))
	@printf '%s\n' $(FUZZ) | xargs -P $(JOBS) -I TARGET cargo +nightly fuzz run --sanitizer none TARGET \
		fuzz/work/TARGET fuzz/corpus/TARGET -- -max_total_time=$(SECONDS) -timeout=60 -dict=fuzz/dictionary -print_final_stats=1

SHARD ?= 0/90

.PHONY: mutants
mutants: annotated-policy.wasm
	@command -v cargo-mutants >/dev/null || { echo 'needed: cargo install --locked cargo-mutants' >&2; exit 2; }
	scripts/mutants '$(SHARD)' '$(RE)'

clean:
	cargo clean
	rm -f policy.wasm annotated-policy.wasm
	rm -rf explorer/dist explorer/wasm explorer/node_modules
