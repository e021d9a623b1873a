# Two commands for a new user: `make demo` and `make test`. Both set up .venv first; nothing else is needed
# but Python 3.11 or newer and make.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin

.PHONY: demo test thorough bench chaos pictures screens check format setup setup-dev clean

demo: setup
	$(BIN)/ml-connector demo $(ARGS)

test: setup-dev
	scripts/check
	$(BIN)/pytest -n 4 --dist loadgroup $(ARGS)

thorough: setup-dev
	scripts/check
	$(BIN)/pytest -n 4 --dist loadgroup -m "thorough or not thorough" $(ARGS)

bench: setup-dev
	$(BIN)/python -m bench $(ARGS)

chaos: setup-dev
	$(BIN)/python -m chaos $(ARGS)

pictures: setup-dev
	$(BIN)/python scripts/pictures.py $(ARGS)

screens: setup-dev
	$(BIN)/python scripts/screens.py $(ARGS)

check: setup-dev
	scripts/check

format: setup-dev
	$(BIN)/ruff format src tests bench chaos
	$(BIN)/ruff check --fix src tests bench chaos

setup: .venv/ready
setup-dev: .venv/ready-dev

.venv/ready: requirements.txt pyproject.toml scripts/setup
	PYTHON="$(PYTHON)" scripts/setup requirements.txt
	touch $@

.venv/ready-dev: requirements-dev.txt pyproject.toml scripts/setup scripts/browser
	scripts/browser & PYTHON="$(PYTHON)" scripts/setup requirements-dev.txt && wait $$!
	touch .venv/ready $@

clean:
	rm -rf .venv demo-out bench-out .mypy_cache .ruff_cache .pytest_cache .hypothesis
