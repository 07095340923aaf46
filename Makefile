# The two commands of the README are `make demo` and `make test`; both set up what they need.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	"$$p" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
WORKERS ?= 2
BIN := .venv/bin

# A fixed version: the lock files and the options below are what this one writes and takes. Raise it on purpose.
UV := 0.13.9
# Behind a company's TLS proxy the certificate to trust is in the system's store, not in the bundle that uv brings.
export UV_SYSTEM_CERTS ?= 1
# uv compiles nothing that it installs. Where this is set, as in many images, each process would compile it again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-quick test-wheel mutants model-check notebooks lint format locks install install-dev install-torch build clean
.DEFAULT_GOAL := help

help:
	@echo "make demo        drop data four times and watch what serves (first time: about 530 MB to download)"
	@echo "make test-quick  the tests that start neither Spark nor any other process: under a minute"
	@echo "make test        all tests (first time: about 590 MB to download)"
	@echo "make install-torch PyTorch for its tests, if pip has the build for the CPU (else they skip)"
	@echo "make test-wheel  build the wheel, install it alone, author and push with it"
	@echo "make mutants     plant one mistake after the other, and see whether the quick tests notice: some minutes"
	@echo "make model-check every call to AWS of every path fails in every way, and nothing may be lost: some minutes"
	@echo "make notebooks   execute the notebooks and write their pages in docs/notebooks"
	@echo "make lint        ruff, mypy, cfn-lint, sam validate, and our own lint of the state machines and their roles"
	@echo "make build       sam build, whatever Python this machine has"
	@echo "make locks       resolve the lock files again"

demo: .venv/demo.installed
	@$(BIN)/ratchet demo $(ARGS)

# In the order of the folders: moto mocked in a process clears what its local AWS holds, and the tests of local AWS share some.
test: .venv/dev.installed
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not wheel" $(ARGS)

test-quick: .venv/dev.installed
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --quick $(ARGS)

# Builds and installs the wheel: it needs a package index, so it is a CI job by itself.
test-wheel: .venv/dev.installed
	@$(BIN)/pytest -m wheel $(ARGS) tests/package

mutants: .venv/dev.installed
	@WORKERS=$(WORKERS) $(BIN)/python tests/mutants.py $(ARGS)

model-check: .venv/dev.installed
	@WORKERS=$(WORKERS) PYTHONPATH=functions $(BIN)/python tests/model_check/model_check.py $(ARGS)

notebooks: .venv/dev.installed
	@$(BIN)/python tests/notebooks/notebooks.py

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
locks: .venv/uv-$(UV).installed
	$(RESOLVE) --group dev --output-file requirements-dev.lock
	$(RESOLVE) --constraint requirements-dev.lock --output-file requirements.lock

install: .venv/demo.installed
install-dev: .venv/dev.installed

# By pip, which knows the indexes and folders that the machine is configured for; outside of the locks, at a fixed version.
install-torch: .venv/dev.installed
	@$(PIP_CERTS) $(BIN)/python tests/package/install_torch.py

.venv/uv-$(UV).installed:
	@test -n "$(PYTHON)" || { echo "Ratchet needs Python 3.11, 3.12 or 3.13 with venv, and found none. Install one (Debian: apt-get install python3 python3-venv; macOS: brew install python@3.13) or name it: make PYTHON=/path/to/python3.13 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "$(PYTHON) could not make .venv in $(CURDIR). Is the folder writable, and is the venv module there (Debian: apt-get install python3-venv)?"; exit 1; }
	@$(PIP_CERTS) $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
	@touch $@

# pip trusts the system's store from 24.2 on; an older one, which an older Python brings, is pointed to it, unless
# pip's own configuration names certificates.
PIP_CERTS = case "$$($(BIN)/python -m pip config list)" in *.cert=*) ;; \
	*) store="$$($(BIN)/python -c 'import ssl; found = ssl.get_default_verify_paths(); print(found.cafile or found.capath or "")')"; \
	test -z "$$store" || export PIP_CERT="$$store" ;; esac;

# The cache shares its files with .venv where both are on one disk; what it adds are Spark's sources, unpacked to build it.
DISK = On disk: $(1) GB in .venv, $(2) GB with uv's cache ($(BIN)/uv cache clean pyspark gives 1.3 GB of that back). Spark and its Java are most of it.

# uv shows its progress: bars on a terminal, lines in a pipe.
INSTALL = VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install

# The class archive lets every later Spark session start about two seconds sooner.
PREPARE = $(INSTALL) --quiet --no-deps --editable . && echo "Preparing Spark (half a minute) ..." && \
	$(BIN)/python -m ratchet.local_aws.glue.archive >/dev/null

.venv/demo.installed: requirements.lock pyproject.toml | .venv/uv-$(UV).installed
	@echo "Installing the locked packages: about 530 MB to download. $(call DISK,1.2,2.6)"
	@$(INSTALL) --require-hashes --requirement requirements.lock
	@$(PREPARE)
	@touch $@

.venv/dev.installed: requirements-dev.lock pyproject.toml | .venv/uv-$(UV).installed
	@echo "Installing the locked packages for development: about 590 MB to download. $(call DISK,1.5,2.9)"
	@$(INSTALL) --require-hashes --requirement requirements-dev.lock
	@$(PREPARE)
	@touch $@ .venv/demo.installed

clean:
	rm -rf .venv .aws-sam ratchet-demo .mypy_cache .pytest_cache .ruff_cache
