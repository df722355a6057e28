# Every developer task, the same for people and CI. `make help` lists them.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One more than there are cores: the tests wait for radios more than they compute.
PARALLEL = --numprocesses=$(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)') --dist=worksteal

.PHONY: help setup demo test test-all wheel bench hardware lint format clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## make the virtual environment and fetch MicroPython

$(READY): pyproject.toml constraints.txt host/sim/package.json host/sim/package-lock.json
	@test -n "$(PYTHON)" || { echo "Kitdock needs Python 3.11 or later: none found"; exit 1; }
	@echo "Setting up in $(VENV) (once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/npm ci --prefix host/sim --no-audit --no-fund --loglevel=error
	@touch $@

demo: $(READY) ## a small fictional force on the virtual station
	@$(BIN)/kitdock demo

test: $(READY) ## all tests
	@$(BIN)/pytest --cov $(PARALLEL)

test-all: $(READY) ## all tests and the exhaustive ones
	@$(BIN)/pytest --cov --exhaustive $(PARALLEL)

wheel: $(READY) ## the package as somebody gets it who has no checkout
	@$(BIN)/pytest --no-cov --exhaustive tests/e2e/test_wheel.py

bench: $(READY) ## benchmarks, as a table and build/bench.json
	@$(BIN)/python -m tests.bench

hardware: $(READY) ## check and make all of the hardware: board, case, simulations; gets KiCad
	@hardware/tools.sh
	@$(BIN)/python -m hardware

lint: $(READY) ## style, types, and whether the firmware compiles
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@tests/check_firmware.sh

format: $(READY) ## put the code into its style
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format --quiet

clean: ## remove what was made
	rm -rf $(VENV) build host/sim/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
