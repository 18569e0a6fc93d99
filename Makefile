# `make demo` and `make test` each do all set-up on a fresh machine (Python 3.10+, pip, make, gcc).
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help install demo test lint types unit samples bench clean

help:  ## show this help
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

install: .venv/.installed  ## create .venv and install everything, pinned by constraints.txt

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,evolve,dev]'
	@touch $@  # written last, so its existence means the installation completed

demo: install  ## the main job on samples/: from a messy folder to a trained detector, pictures and a table
	$(BIN)/curate run samples/curate.toml

test: install lint types unit  ## lint, types and tests

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

# worksteal, since some tests take a minute and most take none; each process may need a gigabyte
unit: install
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

samples: install  ## draw samples/ again (same seed, same bytes)
	$(BIN)/python -m samples.generate

clean:
	rm -rf .venv runs build *.egg-info .mypy_cache .ruff_cache .pytest_cache
