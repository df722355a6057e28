# Every developer task, the same for people and CI. `make help` lists them.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One more than there are cores: the tests wait for radios more than they compute.
PARALLEL = --numprocesses=$(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)') --dist=worksteal

# Says what is going on, but not under `make -s`.
SAY := @$(if $(findstring s,$(firstword -$(MAKEFLAGS))),:,echo)
PACKAGES = $(shell grep -c == constraints.txt)

.PHONY: help setup demo test test-all wheel bluez bench hardware lint format clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## make the virtual environment and fetch MicroPython

$(READY): pyproject.toml constraints.txt host/sim/package.json host/sim/package-lock.json
	@test -n "$(PYTHON)" || { echo "Kitdock needs Python 3.11 or later, and there is none here." >&2; exit 1; }
	$(SAY) "Setting up Kitdock in $(VENV). This takes one to two minutes: packages are downloaded, and unpacked to"
	$(SAY) "some 600 MB. It needs a network. It is done again only when the lists of packages change."
	$(SAY) "1 of 3: making the virtual environment with $$($(PYTHON) --version)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(SAY) "2 of 3: installing the $(PACKAGES) packages that constraints.txt pins, which takes most of the time"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	$(SAY) "3 of 3: fetching MicroPython's WebAssembly build, for the virtual station"
	@$(BIN)/npm ci --prefix host/sim --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@
	$(SAY) "Ready. Try: make demo"

demo: $(READY) ## a small fictional force on the virtual station
	@$(BIN)/kitdock demo

test: $(READY) ## all tests
	@$(BIN)/pytest --cov $(PARALLEL)

test-all: $(READY) ## all tests and the exhaustive ones
	@$(BIN)/pytest --cov --exhaustive $(PARALLEL)

wheel: $(READY) ## the package as somebody gets it who has no checkout
	@$(BIN)/pytest --no-cov --exhaustive tests/e2e/test_wheel.py

bluez: $(READY) ## the dock on Linux's real Bluetooth, in a virtual machine; gets QEMU and a kernel
	@$(BIN)/python -m tests.bluez

bench: $(READY) ## benchmarks, as a table and build/bench.json
	@PYTHONPATH=firmware/lib $(BIN)/python -m tests.bench

hardware: $(READY) ## check and make all of the hardware: board, case, simulations; gets KiCad
	@hardware/tools.sh
	@$(BIN)/python -m hardware

lint: $(READY) ## style, types, spelling, and whether the firmware compiles
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@tests/check_firmware.sh
	@$(BIN)/codespell
	@$(BIN)/python -m tests.english

format: $(READY) ## put the code into its style
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format --quiet

clean: ## remove what was made
	rm -rf $(VENV) build host/sim/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
