# Two commands on a fresh machine with python3 (3.11 or newer) and make: `make run` and `make test`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

# what the proof calls beside Python, and where Debian has it; with CHAINRULE_PROOF=1 a test that lacks its program fails
TOOLS  := pdflatex rsvg-convert chromium node
DEBIAN := texlive-latex-base librsvg2-bin chromium nodejs fonts-liberation fonts-dejavu-core
BROWSER := chromium fonts-liberation fonts-dejavu-core
SKIPPED := skipped the tests in a browser, for chromium is not installed; on Debian: apt-get install $(BROWSER)
PROVED := $(addprefix tests/test_,$(addsuffix .py,methods explain verification_methods))

# The tests start Python hundreds of times: keep what it compiles, whatever the environment says.
test proof docs: export PYTHONDONTWRITEBYTECODE =
test proof docs: export PYTHONPYCACHEPREFIX = $(CURDIR)/$(VENV)/pycache

# $(call timed,COMMAND) runs it and says how long it took.
timed = @echo "$(1)"; began=$$(date +%s); $(1) || exit $$?; echo "… took $$(( $$(date +%s) - began )) s"

.PHONY: run test verify proof proof-tools bench docs site gallery clean

run: $(VENV)/.run  ## train on the digits, offline
	$(BIN)/chainrule train digits --output runs/digits.safetensors

test: $(VENV)/.dev $(VENV)/.browser  ## style, types and every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q
	@command -v chromium >/dev/null || echo "$(SKIPPED)"

verify: $(VENV)/.dev  ## one gradient by every method, over random networks
	$(BIN)/chainrule verify --survey 500

# First every test, with every type checked and every program called; then more random examples of what is proved by them.
proof: export CHAINRULE_PROOF = 1
proof: proof-tools $(VENV)/.dev  ## the long figures behind what the docs claim
	$(PIP) --editable '.[dev,docs,peers]'
	$(call timed,$(BIN)/python -m pytest -q)
	$(call timed,env CHAINRULE_EXAMPLES=1000 $(BIN)/python -m pytest -q $(PROVED))
	$(call timed,$(BIN)/chainrule verify --survey 2000)
	$(call timed,$(BIN)/python benchmarks/digits_accuracy.py)
	$(call timed,$(BIN)/python benchmarks/best_on_validation.py)
	$(call timed,$(BIN)/python benchmarks/hadamard_or_matrix.py)
	$(call timed,$(BIN)/python benchmarks/circuits.py --peer-rounds 1)
	$(call timed,$(BIN)/python benchmarks/small_calls.py)
	$(call timed,$(BIN)/python benchmarks/figures.py)
	$(call timed,$(BIN)/python benchmarks/explorer.py --minutes 10)

proof-tools:  ## LaTeX, rsvg, Chromium and Node, installed where that is possible
	@missing() { for each in $(TOOLS); do command -v $$each >/dev/null || echo $$each; done; }; \
	as_root() { if [ "$$(id -u)" = 0 ]; then "$$@"; else sudo -n "$$@"; fi 2>/dev/null; }; \
	if [ -n "$$(missing)" ] && as_root apt-get --version >/dev/null; then \
	  echo "installing $(DEBIAN)"; as_root apt-get -qq update; \
	  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $(DEBIAN) >/dev/null; \
	fi; \
	if [ -n "$$(missing)" ]; then echo "make proof needs" $$(missing)", which is not installed here; on Debian:" \
	  "apt-get install $(DEBIAN)"; exit 1; fi

bench: $(VENV)/.bench  ## speed beside PyTorch, JAX and scikit-learn; QUICK=1 takes about three minutes
	$(BIN)/python benchmarks/speed.py

docs: $(VENV)/.dev  ## write the generated pages again
	$(BIN)/python docs/generate.py

site: $(VENV)/.docs  ## the documentation as a website, in build/site
	$(BIN)/python docs/website.py build/site

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

# Tried once: root gets Chromium by itself, as in a container; elsewhere the tests that need it are skipped, and make test says so.
$(VENV)/.browser:
	@if ! command -v chromium >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  echo "installing $(BROWSER)"; apt-get -qq update && \
	  DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $(BROWSER) >/dev/null || true; \
	fi
	@touch $@

$(VENV)/.bench: $(VENV)/.made pyproject.toml
	$(PIP) --editable '.[bench]'
	@touch $@ $(VENV)/.run

$(VENV)/.docs: $(VENV)/.made pyproject.toml
	$(PIP) --editable '.[docs]'
	@touch $@ $(VENV)/.run
