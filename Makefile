# Profile Hub. `make` lists what there is; `make demo` and `make test` need nothing but Python 3.11, make and a C library.

PYTHON ?= python3
BIN := .venv/bin
export PYTHONDONTWRITEBYTECODE := 1
.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Profile Hub needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)."; exit 1; }

# The locks name everything, so pip need not look for more (an old one would take extras for unpinned).
.venv/.base: requirements/base.txt | .venv/bin/python
	@echo "Installing what the hub needs ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements/base.txt
	@touch $@

.venv/.dev: requirements/dev.txt | .venv/bin/python
	@echo "Installing what working on the hub needs ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	@touch $@ .venv/.base

.PHONY: setup
setup: .venv/.dev ## install everything into .venv

.PHONY: demo
demo: .venv/.base ## a hub with a few thousand customers from five systems, to look at
	@DEBUG=1 $(BIN)/python manage.py demo $(ARGS)

.PHONY: run
run: .venv/.base ## web and worker on this machine
	@DEBUG=1 $(BIN)/python manage.py migrate --verbosity 0
	@DEBUG=1 $(BIN)/python manage.py run $(ARGS)

.PHONY: test
test: .venv/.dev ## the whole suite on SQLite and on PostgreSQL, then the linters
	$(BIN)/python -m pytest --engine=sqlite $(ARGS)
	$(BIN)/python -m pytest --engine=postgres $(ARGS)
	@$(MAKE) --no-print-directory lint

.PHONY: test-wire
test-wire: .venv/.dev ## ask a live server odd questions, as its OpenAPI document allows
	$(BIN)/python -m pytest --engine=sqlite tests/contract $(ARGS)

.PHONY: torture
torture: .venv/.dev ## the full form of the long tests, with figures
	HUB_TORTURE=1 $(BIN)/python -m pytest --engine=sqlite -m "torture or not torture" -s tests/properties tests/faults
	HUB_TORTURE=1 $(BIN)/python -m pytest --engine=postgres -m "torture or not torture" -s tests/properties tests/faults

.PHONY: lint
lint: .venv/.dev ## all linters
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	DEBUG=1 $(BIN)/mypy .
	$(BIN)/lint-imports
	DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') HTTPS=1 ALLOWED_HOSTS=hub.example.com \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING

.PHONY: lock
lock: ## resolve requirements/*.in anew (needs uv)
	cd requirements && uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header base.in -o base.txt
	cd requirements && uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header dev.in -o dev.txt

SIZE ?= 10000
.PHONY: bench
bench: .venv/.dev ## how fast, beside others that write the same rows (SIZE=10000, ARGS=--check)
	$(BIN)/python -m tests.benchmarks --size $(SIZE) $(ARGS)
	$(BIN)/python -m tests.benchmarks --engine sqlite --size $(SIZE) $(ARGS)
