# The two commands of the README: `make chat` and `make test`. Both set up what they need.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-done

ifeq ($(shell command -v $(PYTHON) 2>/dev/null),)
PYTHON := python3
endif

.PHONY: chat test setup run check bench vendor lock clean

chat: setup
	@$(BIN)/founder-bot chat

run: setup
	@$(BIN)/founder-bot run

# Two processes: more are no faster on two cores. ARGS="-n 0 tests/bot -x" overrides.
# As root on Debian it installs Chromium for the browser tests; elsewhere they are skipped and say so.
test: setup
	@[ "$$CHROMIUM_MISSING" = allowed ] || .ci/packages chromium || true
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

setup: $(STAMP)
	@$(BIN)/founder-bot setup

$(STAMP): requirements/runtime.txt requirements/dev.txt requirements/uv.txt pyproject.toml
	@echo "Installing founder-bot into $(VENV) (first time only, about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "founder-bot needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements/uv.txt requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	@$(BIN)/python -m benchmarks

# What the console's pages use from npm, as tools/vendor.py names it.
vendor: $(STAMP)
	$(BIN)/python tools/vendor.py

lock:
	@echo 'setuptools>=80\nuv>=0.9' > requirements/uv.in
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url requirements/uv.in -o requirements/uv.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml -o requirements/runtime.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml --group dev -o requirements/dev.txt

clean:
	rm -rf $(VENV) data
