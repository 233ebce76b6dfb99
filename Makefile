# Two commands on a fresh machine with python3 (3.11 or newer) and make: `make run` and `make test`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

.PHONY: run test verify proof docs gallery clean

run: $(VENV)/.run  ## train on the digits, offline
	$(BIN)/chainrule train digits --output runs/digits.safetensors

test: $(VENV)/.dev  ## style, types and every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q

verify: $(VENV)/.dev  ## every road to the gradient, over random networks
	$(BIN)/chainrule verify --survey 500

proof: $(VENV)/.dev  ## the long figures behind what the docs claim
	$(BIN)/python benchmarks/digits_accuracy.py
	$(BIN)/python benchmarks/hadamard_or_matrix.py
	$(PIP) --editable '.[dev,peers]'
	$(BIN)/python benchmarks/circuits.py
	CHAINRULE_EXAMPLES=5000 $(BIN)/python -m pytest -q tests/test_roads.py tests/test_explain.py
	CHAINRULE_EXAMPLES=1000 $(BIN)/python -m pytest -q tests/test_forms.py
	CHAINRULE_EXAMPLES=2000 $(BIN)/python -m pytest -q tests/test_verification_roads.py
	$(BIN)/chainrule verify --survey 10000

docs: $(VENV)/.dev  ## write the generated pages again
	$(BIN)/python docs/generate.py

gallery: $(VENV)/.dev  ## every figure at every size, on one page
	$(BIN)/python docs/gallery.py build/gallery.html

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "chainrule needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@mkdir -p runs
	@touch $@

$(VENV)/.run: $(VENV)/.made pyproject.toml
	$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.run
