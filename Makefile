# Set-up is part of every target: `make demo` and `make test` work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test test-slow test-engines lint prism bench reference clean clean-kernels help docs wheel

help:
	@echo "make demo   set up, curate the documentation in this Python environment, and measure on models if that helped"
	@echo "make test   set up, and run the tests"
	@echo "make test-engines  runs on real engines; needs Java and Maven"
	@echo "make lint   formatting, types, and who may import whom"
	@echo "make docs   the documentation as pages, in build/docs"
	@echo "make wheel  the package, in dist"
	@echo "make reference  docs/reference, from the code"
	@echo "make bench  speed and quality, side by side with the peers"

demo: $(VENV)/.train
	$(BIN)/gristmill demo --to runs/demo
	$(BIN)/gristmill ablate demo-study --to runs/demo-study --open

test: $(VENV)/.dev
	$(BIN)/python -m pytest -m "not slow and not gpu" -n logical --maxprocesses 4 --dist loadgroup

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

# Flink, a Flink cluster and Spark; needs Java and Maven, and fetches half a gigabyte once.
test-engines: $(VENV)/.dev
	$(BIN)/gristmill engine fetch flink
	$(BIN)/gristmill engine fetch spark
	$(BIN)/python -m pytest tests/engines -m slow

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Beam's own portable runner, a Go program: one more engine that must leave the same bytes.
prism: $(VENV)/.dev
	GOBIN=$(CURDIR)/$(BIN) go install github.com/apache/beam/sdks/v2/go/cmd/prism@v$$($(BIN)/python -c "from importlib.metadata import version; print(version('apache-beam'))")

reference: $(VENV)/.dev
	$(BIN)/python -m pipelines.reference docs/reference

# Warnings are errors: a link that leads nowhere, a page that no list names.
docs: $(VENV)/.dev
	$(BIN)/sphinx-build -q -W --keep-going -b html docs build/docs
	@echo "build/docs/index.html"

wheel: $(VENV)/.dev
	$(BIN)/python -m build --no-isolation --outdir dist

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# With torch: the demo ends with a study.
$(VENV)/.train: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) -e ".[train]"
	touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) -e ".[all]"
	touch $@ $(VENV)/.train

# numba's cache does not notice edits in modules that a kernel imports; run this after such an edit.
clean-kernels:
	find curation -name "*.nb[ic]" -delete -o -name "tables.*.npz" -delete

clean:
	rm -rf $(VENV) build dist *.egg-info runs
