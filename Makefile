# Everything runs in .venv, which the first target to need it makes. Needs Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-browser screenshots sweep coverage check format bench check-deploy clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: .venv/installed  ## three real nodes on loopback screen a real attendee list
	$(BIN)/python -m tests.demo

test: .venv/installed  ## every test but the long sweeps
	$(BIN)/pytest -n 3 --dist loadfile -m "not sweep and not browser"

test-browser: .venv/installed /usr/bin/chromium  ## the pages in Chromium; needs: apt-get install chromium
	$(BIN)/pytest -n 2 --dist loadfile -m browser tests/browser

screenshots: .venv/installed /usr/bin/chromium  ## the pictures of the pages under docs/pages
	SCREENSHOTS=docs/pages $(BIN)/pytest tests/browser/test_screenshots.py

/usr/bin/chromium:
	apt-get update && apt-get install --yes chromium

sweep: .venv/installed  ## the long sweeps: random acts, simulated years, budgets, whole alphabets
	$(BIN)/pytest -n 3 --dist load -m "sweep and not browser"

coverage: .venv/installed  ## every test and sweep but the browser's, with branch coverage; takes twice as long
	$(BIN)/pytest -n 2 --dist loadfile -m "not browser" --cov --cov-report=term:skip-covered

check: .venv/installed  ## format, lint, strict types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/installed  ## write the format and the safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/installed  ## ratios against libsodium and openmined-psi
	$(BIN)/python -m tests.bench

check-deploy:  ## the systemd unit; needs: apt-get install systemd
	mkdir -p build
	# The unit names the installed program, which need not be there for its options to be checked.
	sed 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' deploy/comity.service > build/comity.service
	systemd-analyze verify build/comity.service

clean:  ## remove what the other targets made
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
