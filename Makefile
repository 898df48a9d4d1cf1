# Profile Hub. `make` lists what there is; `make demo` and `make test` need nothing but Python 3.11, make and a C library.

PYTHON ?= python3
BIN := .venv/bin
export PYTHONDONTWRITEBYTECODE := 1
.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

.venv/.base: requirements/base.txt
	@$(PYTHON) requirements/install.py base

.venv/.dev: requirements/dev.txt
	@$(PYTHON) requirements/install.py dev

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
test: test-sqlite test-postgres lint ## the whole suite on SQLite and on PostgreSQL, then the linters

.PHONY: test-sqlite
test-sqlite: .venv/.dev
	$(BIN)/python -m pytest --engine=sqlite $(ARGS)

.PHONY: test-postgres
test-postgres: .venv/.dev
	$(BIN)/python -m pytest --engine=postgres $(ARGS)

.PHONY: test-wire
test-wire: .venv/.dev ## ask a live server odd questions, as its OpenAPI document allows
	$(BIN)/python -m pytest --engine=sqlite tests/contract $(ARGS)

.PHONY: test-browser
test-browser: .venv/.dev ## look at the pages in a real browser (chromium or Chrome)
	$(BIN)/python -m pytest --engine=sqlite tests/browser $(ARGS)

.PHONY: coverage
coverage: .venv/.dev ## which lines and branches no test comes by (SQLite, without the long tests)
	$(BIN)/python -m pytest --engine=sqlite -m "not slow and not torture" --cov --cov-report=term $(ARGS)

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
