# Needs make and Python (3.11 or newer, with venv); everything else is installed into .venv.
PYTHON ?= python3
python := .venv/bin/python
manage := $(python) manage.py

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 18

run: install ## serve on http://127.0.0.1:8000 (PORT, HOST), with everything that it needs
	@$(python) -m config.serve

admin: install ## make an account for /admin/
	@$(manage) createsuperuser

test: install-dev ## run all tests (ARGS="-k name" for some)
	@$(python) -m pytest -n 2 --dist worksteal $(ARGS)

check: install-dev ## lint, format, types, migrations, openapi.yaml, deployment settings
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy
	$(manage) makemigrations --check --dry-run
	$(manage) spectacular --validate --fail-on-warn --file .venv/openapi.yaml
	@cmp .venv/openapi.yaml openapi.yaml || (echo "openapi.yaml is not current: make openapi"; exit 1)
	HOST=0.0.0.0 DATELINE_ALLOWED_HOSTS=news.example.org DATELINE_SSL_REDIRECT=true \
		$(manage) check --deploy --fail-level WARNING

openapi: install-dev ## write openapi.yaml anew
	@$(manage) spectacular --validate --fail-on-warn --file openapi.yaml

examples: install-dev ## write the examples of the OpenAPI document anew from the Lyman story
	@WRITE_EXAMPLES=1 $(python) -m pytest -q tests/contract/test_examples.py -k what_is_answered

format: install-dev ## format the code, mend what lint can mend
	@$(python) -m ruff check --fix .
	@$(python) -m ruff format .

bench: install ## measure what it costs beside the least that it could (BENCH_EVENTS=1000000)
	@$(python) -m bench

lock: install-dev ## write the locks anew from pyproject.toml (ARGS=--upgrade for newer versions)
	@for extra in "requirements.lock" "requirements-dev.lock --group dev -c requirements.lock"; do \
		$(python) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
			--custom-compile-command "make lock" $(ARGS) pyproject.toml -o $$extra || exit 1; done

clean: ## delete the database, its keys and the environment (asks; YES=1 does not)
	@test "$(YES)" = 1 || (printf "Delete the database and .venv? [y/N] "; read answer; test "$$answer" = y)
	@test ! -x $(python) || $(python) -m config.postgres remove
	@rm -rf .venv

install:
	@$(PYTHON) config/install.py requirements.lock

install-dev:
	@$(PYTHON) config/install.py requirements-dev.lock

.PHONY: help run admin test check openapi examples format bench lock clean install install-dev
