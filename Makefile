# The two commands a newcomer needs: `make demo` and `make test`. Both make their own .venv on a fresh machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test slow lint docs bench clean

# torch first and by itself: so its CPU build is taken where there is one, and nothing after it asks for another
$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) torch

$(VENV)/.demo: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable '.[demo]'
	touch $@

$(VENV)/.test: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable '.[test]'
	touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable '.[all,dev]'
	touch $(VENV)/.demo $(VENV)/.test $@  # whose packages are among these

$(VENV)/.docs: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable '.[docs]'
	touch $@

demo: $(VENV)/.demo
	$(BIN)/python examples/solar_cells.py demo/solar-cells.csv
	$(BIN)/jeoni fit demo/solar-cells.csv --image-column file --label-column defect --out demo/run --overwrite
	@echo
	@echo "The report: file://$(CURDIR)/demo/run/report.html"

# a worker per core, each with one thread: on networks this small, more threads wait for each other
test: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist worksteal

slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# the site in site/index.html; a link that leads nowhere stops it
docs: $(VENV)/.docs
	$(BIN)/mkdocs build --strict

bench: $(VENV)/.dev
	@ls benchmarks/*.py

clean:
	rm -rf $(VENV) demo runs site
