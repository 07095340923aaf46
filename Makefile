# The two commands of the README are `make demo` and `make test`; both set up what they need.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	"$$p" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
WORKERS ?= 2
BIN := .venv/bin

.PHONY: demo test test-wheel lint format locks install install-dev build clean
.DEFAULT_GOAL := help

help:
	@echo "make demo      drop data four times and watch what serves (first time: about 520 MB to download)"
	@echo "make test      the tests (first time: about 580 MB to download)"
	@echo "make test-wheel  build the wheel, install it alone, author and push with it"
	@echo "make lint      ruff, mypy, cfn-lint, sam validate, and our own lint of the state machines and their roles"
	@echo "make build     sam build, whatever Python this machine has"
	@echo "make locks     resolve the lock files anew"

demo: .venv/demo.installed
	@$(BIN)/ratchet demo $(ARGS)

test: .venv/dev.installed
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "not wheel" $(ARGS)

# Builds and installs the wheel: it needs a package index, so it is a CI job by itself.
test-wheel: .venv/dev.installed
	@$(BIN)/pytest -m wheel $(ARGS) tests/package

lint: .venv/dev.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src functions
	$(BIN)/cfn-lint template.yaml
	AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 $(BIN)/sam validate --lint
	$(BIN)/ratchet lint --strict template.yaml

format: .venv/dev.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

build: .venv/dev.installed
	PATH="$(CURDIR)/$(BIN):$$PATH" SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 sam build

# requirements.lock is resolved inside requirements-dev.lock, so that one environment serves both.
RESOLVE = $(BIN)/uv pip compile --quiet --no-header --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --extra local pyproject.toml
locks: .venv/uv.installed
	$(RESOLVE) --group dev --output-file requirements-dev.lock
	$(RESOLVE) --constraint requirements-dev.lock --output-file requirements.lock

install: .venv/demo.installed
install-dev: .venv/dev.installed

.venv/uv.installed:
	@test -n "$(PYTHON)" || { echo "Ratchet needs Python 3.11, 3.12 or 3.13 with venv, and found none. Install one (Debian: apt-get install python3 python3-venv; macOS: brew install python@3.13) or name it: make PYTHON=/path/to/python3.13 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "$(PYTHON) could not make .venv in $(CURDIR). Is the folder writable, and is the venv module there (Debian: apt-get install python3-venv)?"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

# The class archive lets every later Spark session start about two seconds sooner.
PREPARE = VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --no-deps --editable . && \
	$(BIN)/python -m ratchet.local_aws.glue.archive >/dev/null

.venv/demo.installed: requirements.lock pyproject.toml | .venv/uv.installed
	@echo "Installing the locked packages into .venv: about 520 MB to download, 1.3 GB on disk (Spark and its Java are most of it) ..."
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --require-hashes --requirement requirements.lock
	@$(PREPARE)
	@touch $@

.venv/dev.installed: requirements-dev.lock pyproject.toml | .venv/uv.installed
	@echo "Installing the locked packages for development into .venv: about 580 MB to download, 1.4 GB on disk ..."
	@VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --require-hashes --requirement requirements-dev.lock
	@$(PREPARE)
	@touch $@ .venv/demo.installed

clean:
	rm -rf .venv .aws-sam ratchet-demo .mypy_cache .pytest_cache .ruff_cache
