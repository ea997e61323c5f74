.DEFAULT_GOAL := help
.PHONY: help run test faults fuzz bench bench-binaries check template stack deny build deploy screens
export SAM_CLI_TELEMETRY := 0

# The processor of the Lambda functions: arm64 or x86_64.
export ARCH ?= arm64

help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: ## the whole product on this machine
	cargo run

test: ## every test; installs what it lacks on Debian
	scripts/test

faults: ## the fault campaign; SCENARIO=deaths SEED=7 does one run again
	cargo run --release --locked -p faults -- $(if $(SCENARIO),$(SCENARIO) $(or $(SEED),1),$(if $(SEED),--seed $(SEED)))

fuzz: ## hostile input for the API, the parsers and the model of a page, SECONDS=300 each; needs cargo-fuzz, or installs it
	scripts/fuzz api $(or $(SECONDS),300)
	scripts/fuzz parsers $(or $(SECONDS),300)
	PROPTEST_CASES=50000 cargo test --locked --release -p domain --lib page::model

check: ## formatting, lints, and the house's own rules
	cargo fmt --all --check
	scripts/house
	cargo clippy --workspace --all-targets --locked --profile test -- -D warnings

bench: ## how fast and how large it is, as a table; installs what it lacks on Debian
	scripts/bench

bench-binaries: ## the Lambda binaries: sizes, time to start, memory; FOLDER=target/functions/arm64 for those of `make build`
	scripts/bench-binaries $(FOLDER)

template: ## the deployment template alone
	scripts/template

stack: ## the template deployed on this machine and used; PROFILE=lambda for what is shipped
	scripts/stack

deny: ## licences, advisories and sources of the dependencies (needs cargo-deny)
	cargo deny --locked check

build: ## the Lambda binaries, packed for deployment (needs sam and cargo-lambda)
	sam build --parameter-overrides Architecture=$(ARCH)

deploy: build ## to AWS; asks what it has to know and keeps the answers
	sam deploy --guided

screens: ## pictures of the pages, from the running product
	scripts/screens

# `sam build` calls one of these for each function: the first builds all four, the others find them built.
# PROFILE=lambda is what is shipped: cargo-lambda links against a C library as old as Lambda's own, and adds the rustup
# target if it is missing. Any other profile is for this machine's own processor, and shares the tests' compiled crates.
PROFILE ?= lambda
target := $(abspath $(or $(CARGO_TARGET_DIR),target))
ifeq ($(PROFILE),lambda)
functions := $(target)/functions/$(ARCH)
build := cargo lambda build --locked --profile lambda $(if $(filter arm64,$(ARCH)),--arm64,--x86-64) --lambda-dir $(functions)
build += -p api -p dispatch -p sync -p usage
pack = cp $(functions)/$(binary)/bootstrap
else
build := cargo build --locked --workspace --bin api --bin dispatch --bin sync --bin usage --profile $(PROFILE)
pack = strip $(target)/$(if $(filter dev test,$(PROFILE)),debug,$(PROFILE))/$(binary) -o
endif
.PHONY: build-ApiFunction build-DispatchFunction build-SyncFunction build-UsageFunction
build-ApiFunction: binary := api
build-DispatchFunction: binary := dispatch
build-SyncFunction: binary := sync
build-UsageFunction: binary := usage
build-ApiFunction build-DispatchFunction build-SyncFunction build-UsageFunction:
	$(build)
	$(pack) $(ARTIFACTS_DIR)/bootstrap
