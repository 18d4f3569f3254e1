# The recipes of the project. `make demo` and `make test` each work alone on a fresh machine with
# Rust and Python 3.10+; everything they make goes to target/.

PYTHON ?= python3
VENV := target/venv
BIN := $(VENV)/bin
# The real tokenizer files which the tests need: `core`, or `all` (see fixtures/real/FILES.toml).
BPEKIT_TEST_SET ?= core
export BPEKIT_TEST_SET
# What `make bench` measures; bench/compare.py has more.
BENCH ?= --only load,first,batch,list,decode
PYTHON_FILES := python tests/python tools fixtures/gen bench examples

# Peers in versions that exclude one another, each with an environment of its own.
PEERS := tokenizers-0.15 tokenizers-0.20 tokenizers-1.0 transformers-4.57 tables
ifeq ($(BPEKIT_TEST_SET),all)
PEERS += torch
endif
# The page of `bpekit serve` is tried in a browser, which no registry has, where there is one.
ifneq ($(shell command -v chromium chromium-browser google-chrome),)
PEERS += browser
endif

.PHONY: demo test test-all lint real-files peers rust-test python-test wheel rust-lint python-lint bench screenshots docs help

help: ## This list.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## Build, then encode, convert and check an embedded text and tokenizer.
	cargo run --release --quiet --locked --bin bpekit -- demo

test: real-files rust-test python-test ## Every test, Rust and Python, with the core set of real files.

test-all: ## The same with every real file.
	$(MAKE) test BPEKIT_TEST_SET=all

lint: rust-lint python-lint docs ## All checks of form.

real-files: $(VENV)/.installed ## Fetch the real tokenizer files into target/real-files.
	$(BIN)/python tools/real_files.py fetch --set $(BPEKIT_TEST_SET)

peers: $(PEERS:%=target/peers/%/.installed) ## Install other versions of the peers into target/peers.

rust-test:
	cargo test --locked

wheel: $(VENV)/.installed ## Build the wheel and install it into target/venv.
	rm -rf target/wheels
	$(BIN)/maturin build --release --locked --quiet --interpreter $(BIN)/python --out target/wheels
	$(BIN)/pip install --quiet --force-reinstall --no-deps target/wheels/*.whl

python-test: wheel peers
	$(BIN)/pytest --quiet

rust-lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --no-default-features --lib --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked --quiet

python-lint: wheel
	$(BIN)/ruff check $(PYTHON_FILES)
	$(BIN)/ruff format --check $(PYTHON_FILES)
	$(BIN)/mypy python tests/python/typing tools
	$(BIN)/python -m mypy.stubtest bpekit._bpekit
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

bench: wheel real-files ## Compare with the peers that are installed on TEXT=FILE.
	$(BIN)/python bench/compare.py --text $(TEXT) --vocab target/real-files/o200k_base.tiktoken $(BENCH)

screenshots: wheel real-files target/peers/browser/.installed ## Make the pictures in docs/images anew; needs Chromium.
	target/peers/browser/bin/python tools/screenshots.py

docs: target/peers/docs/.installed ## Build the documentation in target/site; a link that leads nowhere fails.
	NO_MKDOCS_2_WARNING=1 target/peers/docs/bin/mkdocs build --strict --quiet

# The tools are pinned in the dependency group `dev`; reading one needs pip 25.1.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --group dev
	touch $@

target/peers/%/.installed: pyproject.toml
	$(PYTHON) -m venv target/peers/$*
	target/peers/$*/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	target/peers/$*/bin/pip install --quiet --group $*
	touch $@
