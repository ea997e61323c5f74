.DEFAULT_GOAL := help
.PHONY: help run test check template deny build deploy screens
export SAM_CLI_TELEMETRY := 0

# The processor of the Lambda functions: arm64 or x86_64.
export ARCH ?= arm64

help: ## what there is to make
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

run: ## the whole product on this machine
	cargo run

test: ## every test; installs what it lacks on Debian
	scripts/test

check: ## formatting and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

template: ## the deployment template alone
	scripts/template

deny: ## licences, advisories and sources of the dependencies (needs cargo-deny)
	cargo deny --locked check

build: ## the Lambda binaries, packed for deployment (needs sam and cargo-lambda)
	sam build --parameter-overrides Architecture=$(ARCH)

deploy: build ## to AWS; asks what it has to know and keeps the answers
	sam deploy --guided

screens: ## pictures of the pages, from the running product
	scripts/screens

# `sam build` calls one of these for each function: the first builds all three, the others find them built.
# cargo-lambda links against a C library as old as Lambda's own, and adds the rustup target if it is missing.
functions := $(abspath $(or $(CARGO_TARGET_DIR),target))/functions/$(ARCH)
cargo_arch := $(if $(filter arm64,$(ARCH)),--arm64,--x86-64)
.PHONY: build-ApiFunction build-DispatchFunction build-UsageFunction
build-ApiFunction: binary := api
build-DispatchFunction: binary := dispatch
build-UsageFunction: binary := usage
build-ApiFunction build-DispatchFunction build-UsageFunction:
	cargo lambda build --locked --profile lambda $(cargo_arch) --lambda-dir $(functions) -p api -p dispatch -p usage
	cp $(functions)/$(binary)/bootstrap $(ARTIFACTS_DIR)/
