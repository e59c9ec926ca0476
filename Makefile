# Aurora. `make help` says what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -m "not long"
# Where it is set, each of the hundred processes that a test run starts would compile all of Aurora anew: some half a second each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test .test-many .test-apart test-long budget bench bench-large lint .lint-style .lint-types format lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: .venv/.installed ## Run all of Aurora with its sandbox; Ctrl-C stops it and loses nothing
	@exec $(BIN)/python manage.py demo

test: ## Lint, then run every test that takes less than minutes
	@$(MAKE) --no-print-directory -j 2 .venv/.installed-dev .venv/.debian .venv/.npm
	@$(MAKE) --no-print-directory -j 2 --output-sync=target .lint-style .lint-types
	@rm -rf .test-logs
# Three processes side by side until the end, two with the many tests and one with those that must be apart. With all of these beside the many
# from the start there were four, and then for as long again two, which leave two cores idle a third of the time (docs/decisions/tests.md).
	@$(MAKE) --no-print-directory -j 2 --output-sync=target .test-many .test-apart
	$(PYTEST) tests/logs

# Folder by folder, since a folder's cast is made once a worker and not for each file; and first the folders with files that take a minute or
# more, which nobody could share at the end.
FIRST := tests/ui tests/embedded
APART := $(foreach d,a11y deploy faults interop journeys logs sandbox support,tests/$(d))
ROOMS = $(FIRST) $(filter-out $(FIRST) $(APART) tests/__pycache__,$(patsubst %/,%,$(sort $(wildcard tests/*/))))

.test-many:
	$(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder --ignore tests/consent/ledger $(ROOMS)

.test-apart:
	@# Browsers, processes with deadlines, and the ledger's own database each want their process to themselves. All six, also where one fails.
	failed=0; for folders in "tests/journeys tests/interop" tests/a11y tests/deploy tests/faults tests/sandbox tests/consent/ledger; do \
	  $(PYTEST) $$folders || failed=1; done; exit $$failed

test-long: .venv/.installed-dev .venv/.debian ## Run the tests that take minutes
	$(BIN)/python -m pytest -m long tests

budget: .venv/.installed-dev .venv/.debian .venv/.npm ## Say what each page costs a browser, and which is over its budget (some minutes)
	$(BIN)/python -W ignore -m bench.budget

bench: .venv/.installed-dev .venv/.debian ## Measure against peers, write bench/results.json (less than ten minutes; on a quiet machine)
	$(BIN)/python -W ignore -m bench

bench-large: .venv/.installed-dev .venv/.bench-large .venv/.cps ## The same, and what takes long: an hour or two
	$(BIN)/python -W ignore -m bench --large

lint: .venv/.installed-dev .lint-style .lint-types ## Check style, types, import direction, settings and migrations

.lint-style: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	AURORA_SANDBOX=1 AURORA_STATE_DIR=$(CURDIR)/.venv/lint $(BIN)/python manage.py makemigrations --check --dry-run
	AURORA_SANDBOX=1 AURORA_STATE_DIR=$(CURDIR)/.venv/lint $(BIN)/python manage.py check_migrations

.lint-types: .venv/.installed-dev
	AURORA_SANDBOX=1 AURORA_STATE_DIR=$(CURDIR)/.venv/lint $(BIN)/mypy

format: .venv/.installed-dev ## Put the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.installed-dev ## Pin every package with its hashes, from requirements.in and its neighbours
	$(BIN)/pip-compile -q --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras -o requirements.txt requirements.in
	$(BIN)/pip-compile -q --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras -o requirements-otel.txt requirements-otel.in
	$(BIN)/pip-compile -q --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras -o requirements-dev.txt requirements-dev.in
	$(BIN)/pip-compile -q --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras -o requirements-bench.txt requirements-bench.in

clean: ## Remove the environment and caches; the demo's data in .aurora stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# Debian's python3 comes without ensurepip: python3-venv brings it.
.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  test "$$(id -u)" = 0 || { echo "Run as root: apt-get install python3-venv"; exit 1; }; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv; }
	@$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python requirements.txt
	@echo "Installing what Aurora needs (a minute or two, once) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@PATH=$$PATH:/sbin:/usr/sbin ldconfig -p | grep -q libgomp.so.1 || { \
	  test "$$(id -u)" = 0 || { echo "Run as root: apt-get install libgomp1"; exit 1; }; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libgomp1; }  # LightGBM needs it
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt
	@echo "Installing what the checks need ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# Other recommenders, in an environment of their own; and the CPS file, which lies in a package that is not installed.
.venv/.bench-large: .venv/.installed-dev requirements-bench.txt
	@echo "Installing the recommenders that ours is measured against ..."
	@$(PYTHON) -m venv .venv/bench-large
	@.venv/bench-large/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@

.venv/.cps: .venv/.installed-dev requirements-cps.txt
	@$(BIN)/python -m pip download -q --disable-pip-version-check --no-deps --require-hashes -d .venv/cps -r requirements-cps.txt
	@touch $@

# Node knows its own certificate authorities only; the operating system's are named to it.
# sass and axe-core, for the tests that rebuild the stylesheet and check accessibility; oidc-provider, as a peer; openid-client, as the example agency.
NPM_FOLDERS := aurora/ui/frontend tests/interop docs/agency/client
.venv/.npm: $(NPM_FOLDERS:%=%/package-lock.json) .venv/bin/python
	export NODE_EXTRA_CA_CERTS=$${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}; \
	  $(foreach folder,$(NPM_FOLDERS),npm ci --silent --no-audit --no-fund --prefix $(folder) &&) touch $@

# After the rest: two of apt-get at once refuse each other.
.venv/.debian: .venv/bin/python | .venv/.installed
	@test -x /usr/bin/chromium -a -x /usr/bin/softhsm2-util -a -x /usr/bin/systemd-analyze || { \
	  test "$$(id -u)" = 0 || { echo "Run as root: apt-get install chromium softhsm2 systemd"; exit 1; }; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium softhsm2 systemd; }
	@touch $@
