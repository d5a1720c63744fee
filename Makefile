# Thin on purpose: each target is one line. `scripts/setup.py` does the set-up and is a no-op when nothing changed.
# The first Python that runs and is new enough; a version manager's shim may be found and still not run.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; done; echo python3)
BIN := .venv/bin

.PHONY: setup serve test check update new bench
setup:
	@$(PYTHON) scripts/setup.py
serve: setup  ## build the site and serve it on 127.0.0.1:8000 with live reload
	@$(BIN)/vaultkit serve --run
test: setup  ## every test there is
	@$(BIN)/python -m pytest
check: setup  ## the quick lane: lint, types, fast tests, notes
	@$(BIN)/python scripts/check.py
update: setup  ## rewrite output fences and figures of the notes: make update NOTE="KV cache"
	@$(BIN)/vaultkit update $(if $(NOTE),"$(NOTE)")
new: setup  ## scaffold a note pair: make new TITLE="Logit lens"
	@$(BIN)/vaultkit new concept "$(TITLE)"
bench: setup  ## ratios, side by side in one run
	@$(BIN)/python scripts/bench_engine.py
