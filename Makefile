# These commands carry the project; each sets up its own environment from a bare checkout.
#   make reproduce   verify the catalogue, train the models, draw every figure
#   make test        formatting, types, import floors, the documentation and the whole test suite
#   make docs        the documentation alone, in build/docs
#   make notebooks   run every teaching notebook, and store it with its outputs
#   make bench       the benchmarks beside other libraries, in an environment of their own
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
BENCH  := .venv-bench
SITE   ?= build/docs
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: reproduce test docs notebooks bench lint clean
.DELETE_ON_ERROR:

reproduce: $(VENV)/.run
	$(BIN)/w2s-theory reproduce --out figures
	$(BIN)/python -m w2s_theory.report.readme README.md figures

test: lint
	$(BIN)/python -m pytest -n 2

docs: $(VENV)/.docs
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --nitpicky --quiet docs $(SITE)
	@echo "$(SITE)/index.html"

notebooks: $(VENV)/.dev
	$(BIN)/python notebooks/run_notebooks.py

bench: $(BENCH)/.bench
	$(BENCH)/bin/python -m benchmarks

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable '.[data]'
	@touch $@

$(VENV)/.docs: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable '.[docs]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable '.[data,audit,cluster,notebooks,docs,dev]'
	@touch $@ $(VENV)/.run $(VENV)/.docs

# netcal asks for an old PyTorch, and runs with a new one
$(BENCH)/.bench: PIP := $(BENCH)/bin/python -m pip --disable-pip-version-check install --quiet --constraint benchmarks/constraints.txt
$(BENCH)/.bench: pyproject.toml benchmarks/constraints.txt
	$(PYTHON) -m venv $(BENCH)
	$(PIP) --editable '.[data,audit,cluster,bench]'
	$(PIP) --no-deps netcal
	@touch $@

clean:
	rm -rf $(VENV) $(BENCH) build docs/api docs/claims docs/notebooks .pytest_cache .ruff_cache .hypothesis
