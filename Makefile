# Everything a person or a machine does with this checkout. `make run` and `make test` need Python 3.12 or
# newer and a package registry, nothing else: uv is installed into the checkout and called by its path.

SHELL := /bin/bash
UV := .tools/bin/uv
BIN := .venv/bin
export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy
export PYTHONDONTWRITEBYTECODE := 1
# State of this checkout's demo, unless DOORSTEP_HOME says otherwise.
export DOORSTEP_HOME ?= $(CURDIR)/.state

.PHONY: setup setup-dev run dev test check format bench faults replay targets web schema openapi screenshots clean web-check bench-web hour first-run failures explore

help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

# Packages of Python and of the pages come from two registries, side by side.
setup: $(UV) ## Install what running needs; build the pages when their sources changed
	@.tools/bin/python scripts/build_pages.py --if-stale & pages=$$!; failed=; trap 'kill $$pages' INT TERM; \
	$(MAKE) --silent --no-print-directory .venv/.run || failed=1; wait $$pages || failed=1; [ -z "$$failed" ]

setup-dev: $(UV) ## Install what tests and checks need, too; compile the kernels
	@.tools/bin/python scripts/build_pages.py --if-stale --keep & pages=$$!; failed=; trap 'kill $$pages' INT TERM; \
	$(MAKE) --silent --no-print-directory .venv/.warm || failed=1; wait $$pages || failed=1; [ -z "$$failed" ]

$(UV):
	@scripts/find-python -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check "uv>=0.9,<1" || { echo "Could not install uv: is a package registry reachable?" >&2; rm -rf .tools; exit 1; }

.venv/.run: $(UV) pyproject.toml uv.lock
	@[ -e .venv/.dev ] || $(UV) sync --quiet --frozen --no-dev --python "$$(scripts/find-python -c 'import sys; print(sys.executable)')"
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python scripts/compile_imports.py
	@touch $@

.venv/.dev: $(UV) pyproject.toml uv.lock
	@$(UV) sync --quiet --frozen --python "$$(scripts/find-python -c 'import sys; print(sys.executable)')"
	@[ .venv/.run -nt uv.lock ] || PYTHONDONTWRITEBYTECODE= $(BIN)/python scripts/compile_imports.py
	@touch $@ .venv/.run

KERNELS := $(wildcard src/doorstep/engine/*.py src/doorstep/engine/*/*.py)
.venv/.warm: .venv/.dev $(KERNELS)
	@$(BIN)/doorstep warm
	@touch $@

run: setup ## The living demo market; FRESH=1 starts it anew, PORT and SPEED as you like
	@exec $(BIN)/doorstep demo $(if $(SPEED),--speed $(SPEED))

dev: setup-dev ## The demo, restarted when a source file changes
	@exec $(BIN)/watchfiles --sigint-timeout 30 --filter python "$(BIN)/doorstep demo $(if $(SPEED),--speed $(SPEED))" src

PAGE_TYPES := tests/app/faces/test_types.py
KILLS := tests/scenarios/test_three_kills.py
# The kill story has the machine to itself: beside others its demo takes three times as long, and costs as much more.
# What it leaves of two processors compiles the kernels of mixed trips, once, before three processes want them.
test: setup-dev ## All tests on real parts (within ten minutes on two cores)
	@export PYTHONDONTWRITEBYTECODE=; failed=; \
	$(if $(TESTS),,nice -n 19 $(BIN)/doorstep warm --mixing >/dev/null & trap "kill $$!" INT TERM; \
	$(BIN)/pytest -q -n 0 $(KILLS) || failed=1; wait || failed=1;) \
	$(BIN)/pytest -q -n 3 $(or $(TESTS),--ignore=$(KILLS) --ignore=$(PAGE_TYPES)) || failed=1; [ -z "$$failed" ]

explore: setup-dev ## Laws by examples nobody has tried: whatever fails becomes an example of its test
	@DOORSTEP_EXAMPLES=explore $(BIN)/pytest -q -n 2 -m hypothesis $(TESTS)

check: setup-dev ## Lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup-dev ## Format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-dev ## Speed beside its limits; writes docs/measured/bench.json
	@exec $(BIN)/python -m bench.run --json docs/measured/bench.json

bench-web: setup-dev ## Sizes of the pages, first paint on a slow phone, the console under a crowd; writes docs/measured/web.json
	@exec $(BIN)/python -m bench.web --json docs/measured/web.json

hour: setup-dev ## An hour of demo with all pages open; MINUTES as you like; writes docs/measured/hour.json
	@exec $(BIN)/python -m bench.hour --minutes $(or $(MINUTES),60) --json docs/measured/hour.json

failures: setup-dev ## Ten minutes of a demo nobody walks into: when each kind of failure happened; writes docs/measured/demo.json
	@exec $(BIN)/python -m bench.demo --minutes $(or $(MINUTES),10) --json docs/measured/demo.json

screenshots: setup-dev ## Pictures of every page, and the console moving, from a running demo; writes docs/pictures
	@exec $(BIN)/python -m scripts.pictures docs/pictures

faults: setup-dev ## The kill campaign: 20 of each kind; writes docs/measured/faults.json
	@exec $(BIN)/python -m bench.faults --kills 20 --json docs/measured/faults.json

first-run: setup-dev ## A fresh clone set up and run as somebody new would; writes docs/measured/first-run.json
	@exec $(BIN)/python -m bench.first_run --json docs/measured/first-run.json

replay: setup-dev ## A whole recorded day through HTTP and database; writes docs/measured/replay.json
	@exec $(BIN)/doorstep replay-day "$${DOORSTEP_DATA:-../shared/data}/mdrp/0o100t100s1p100" --speed 60 --json docs/measured/replay.json

targets: setup-dev ## Ticks and plans replayed to the bit on another processor target; writes docs/measured/targets.json
	@exec $(BIN)/python -m bench.targets --json docs/measured/targets.json

schema: setup-dev ## Rewrite the first migration from the declared rows (before the first release only)
	@$(BIN)/python scripts/write_first_schema.py

openapi: setup-dev ## Rewrite openapi.json from the routes
	@$(BIN)/doorstep openapi openapi.json

web: $(UV) ## Build the pages from web/
	@.tools/bin/python scripts/build_pages.py

web-check: setup-dev ## Lint, format and types of the pages; that a change of the API breaks their build
	@cd web && npm run --silent check
	@$(BIN)/pytest -q -n 0 $(PAGE_TYPES)

clean: ## Forget the environment and the demo's state
	rm -rf .venv .tools .state
