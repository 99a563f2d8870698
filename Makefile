# `make demo` and `make test` do all set-up. They need only python3 (3.10 or newer, with venv) and
# the Python package registry.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# Bytecode is kept beside the packages, so that the checkout contains only what git tracks.
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/$(VENV)/cache/bytecode

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-shuffled test-airflow test-airbyte test-dlt test-containers system strangers docs reference lint types contracts tests format lock clean wheel audit changelog live bench bench-quick faults kills soak fuzz sim sim-mutants mutants

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

$(STAMP): requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("planhat-sync needs Python 3.10 or newer: make PYTHON=python3.12 ...") if sys.version_info < (3, 10) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP) ## two sandbox tenants, a pipe between them, and the comparison
	$(BIN)/python -m planhat_sandbox.demo

test: lint types contracts tests ## everything that CI runs

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/zizmor --quiet --offline --pedantic .github/workflows

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports

tests: $(STAMP) system strangers
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

test-all: lint types contracts system strangers .venv-release/.installed ## make test, and the tests that take longer
	$(BIN)/python -m pytest -n 2 --dist worksteal
	@$(MAKE) --no-print-directory test-airbyte
	@$(MAKE) --no-print-directory test-dlt

# With one process (WORKERS=0) a seed repeats the order exactly; with more, the first tests of
# each process are the same, and the last ones depend on which process is free first.
WORKERS := 2
SEED := $(or $(SEED),$(shell date +%s))
test-shuffled: $(STAMP) system strangers ## the tests of make test in a random order; SEED=123 repeats one
	@echo "make test-shuffled SEED=$(SEED) repeats this order and its examples"
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow" \
	  --random-order-bucket=global --random-order-seed=$(SEED) --hypothesis-seed=$(SEED)

system: ## install the Debian packages that some tests need, if root runs it and apt is there
	@tools/system.sh

# Third-party programs that the tests and the site run, each in its own environment.
STRANGERS := github-extractor jira-extractor postgres-loader postgres-extractor jsonl-loader meltano docs
strangers:
	@$(MAKE) --no-print-directory --jobs 2 $(STRANGERS:%=.venv-%/.installed)

$(STRANGERS:%=.venv-%/.installed): .venv-%/.installed: requirements/%.txt
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r $<
	@touch $@

docs: .venv-docs/.installed ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet --strict

reference: $(STAMP) ## write the generated parts of README, docs, meltano.yml and hub/
	$(BIN)/python -m tools.reference

# Airflow is large: it has its own environment, and its tests are not in make test.
.venv-airflow/.installed: examples/airflow/requirements.txt tests/platform/airflow/requirements.txt
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r examples/airflow/requirements.txt
	$(@D)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r tests/platform/airflow/requirements.txt
	@touch $@

test-airflow: $(STAMP) system .venv-airflow/.installed ## test the Airflow example: a DAG, two tenants, shards that fail and are killed
	.venv-airflow/bin/python -m pytest -c tests/platform/airflow/pytest.ini tests/platform/airflow
	$(BIN)/python -m pytest tests/docs -k airflow.md

# airbyte-cdk and PyAirbyte are large: each has its own environment, and make test needs neither.
.venv-airbyte-cdk/.installed: requirements/airbyte-cdk.txt
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv-pyairbyte/.installed: requirements/pyairbyte.txt
	test -x $(@D)/bin/python || $(PYTHON) -c 'import sys; sys.exit("PyAirbyte needs Python 3.10, 3.11 or 3.12: make test-airbyte PYTHON=python3.12") if sys.version_info >= (3, 13) else None'
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r $<
	@touch $@

test-airbyte: $(STAMP) .venv-airbyte-cdk/.installed .venv-pyairbyte/.installed ## test the source and the destination with airbyte-cdk's standard tests and with PyAirbyte
	.venv-airbyte-cdk/bin/python -m pytest -c tests/platform/airbyte/pytest.ini tests/platform/airbyte/test_airbyte_cdk.py
	.venv-pyairbyte/bin/python -m pytest -c tests/platform/airbyte/pytest.ini tests/platform/airbyte/test_pyairbyte*.py

# dlt, pandas and polars take half a minute to install: they are not in make test either.
.venv-dlt/.installed: requirements/dlt.txt pyproject.toml
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r $<
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

test-dlt: $(STAMP) .venv-dlt/.installed ## test the examples of dlt with DuckDB, and the pages on them and on pandas
	.venv-dlt/bin/python -m pytest -c tests/platform/dlt/pytest.ini tests/platform/dlt
	$(BIN)/python -m pytest tests/docs -k "dataframes.md or dlt.md"

.venv-containers/.installed: tests/platform/containers/requirements.txt
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

test-containers: $(STAMP) .venv-containers/.installed ## test the Dockerfiles, without a container engine, and the Kubernetes manifest
	$(BIN)/python -m pytest tests/platform/containers

format: $(STAMP) ## format the code and apply automatic fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

live: $(STAMP) ## check our assumptions about the API (needs PLANHAT_API_TOKEN of a tenant that may be changed)
	@test -n "$$PLANHAT_API_TOKEN" || { echo "make live needs PLANHAT_API_TOKEN in the environment: the token of a tenant that may be changed" >&2; exit 1; }
	$(BIN)/python -m pytest tests/contract --live --verbose

bench: $(STAMP) ## measure CPU, pipes and requests beside peers, in half an hour (docs/performance.md)
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.pipe
	$(BIN)/python -m benchmarks.quiet
	$(BIN)/python -m benchmarks.requests
	$(BIN)/python -m benchmarks.all_models

bench-quick: $(STAMP) ## a short look at CPU a record, in a minute
	$(BIN)/python -m benchmarks --quick

faults: $(STAMP) ## every fault on both sides with three seeds; writes docs/reliability-table.md
	$(BIN)/python -m reliability faults --write docs/reliability-table.md

kills: $(STAMP) ## kill the pipe 120 times, each followed by a second run
	$(BIN)/python -m reliability kills --write docs/reliability-kills.md

soak: $(STAMP) ## copy two million records under faults, ten minutes at a time (continues where it stopped)
	$(BIN)/python -m reliability soak

# atheris has wheels for Linux on x86-64 and Python 3.11 to 3.14 alone, so no other environment has it.
.venv-fuzz/.installed: requirements/fuzz.txt
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

SECONDS := 60
fuzz: .venv-fuzz/.installed ## coverage-guided fuzzing of everything that parses, SECONDS=60 for each harness
	.venv-fuzz/bin/python -m reliability.fuzz --seconds $(SECONDS)

sim: $(STAMP) ## new seeds of the simulation for SECONDS=60: runs, faults, crashes and waits in virtual time
	$(BIN)/python -m simulation --seconds $(SECONDS) --jobs 2

sim-mutants: $(STAMP) ## bugs put in on purpose, and after how many seeds the simulation sees each; SECONDS=60 for each
	$(BIN)/python -m simulation.mutants --seconds $(SECONDS)

SAMPLE := 15
mutants: $(STAMP) ## break the pure modules on purpose, SAMPLE=15 small changes in each room, and run the tests that call them
	$(BIN)/python -m tools.mutants --sample $(SAMPLE)

RELEASE := .venv-release/.installed
$(RELEASE): requirements/release.txt
	$(PYTHON) -m venv .venv-release
	.venv-release/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

wheel: $(RELEASE) ## build sdist and wheel into dist/
	rm -rf dist
	.venv-release/bin/python -m build --quiet

audit: $(RELEASE) ## check the locked packages for known vulnerabilities
	.venv-release/bin/pip-audit --disable-pip --require-hashes -r requirements/dev.txt

changelog: $(RELEASE) ## show the changelog of the next release
	.venv-release/bin/towncrier build --draft --version "$$($(PYTHON) -c 'import re; print(re.search(r"^version = .(.+).$$", open("pyproject.toml").read(), re.M)[1])')"

LOCK := uv pip compile --universal --python-version 3.10 --generate-hashes --no-annotate --no-header --quiet
lock: ## resolve requirements/*.txt again (needs uv: pip install uv)
	$(LOCK) pyproject.toml --group dev --all-extras -o requirements/dev.txt
	$(LOCK) --group release -o requirements/release.txt
	$(LOCK) --group docs -o requirements/docs.txt
	$(LOCK) pyproject.toml requirements/fuzz.in -o requirements/fuzz.txt
	$(LOCK) requirements/airbyte-cdk.in -o requirements/airbyte-cdk.txt
	$(LOCK) --no-strip-extras requirements/pyairbyte.in -o requirements/pyairbyte.txt  # pip needs the extras in it to have hashes
	$(LOCK) pyproject.toml requirements/dlt.in --extra sandbox -o requirements/dlt.txt
	for name in $(filter-out docs,$(STRANGERS)); do $(LOCK) requirements/$$name.in -o requirements/$$name.txt; done
	for name in bare airbyte dlt cruds; do $(LOCK) benchmarks/peers/$$name.in -o benchmarks/peers/$$name.txt; done
	uv pip compile --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet examples/airflow/requirements.in -o examples/airflow/requirements.txt
	uv pip compile --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet -c examples/airflow/requirements.txt tests/platform/airflow/requirements.in -o tests/platform/airflow/requirements.txt
	$(LOCK) tests/platform/containers/requirements.in -o tests/platform/containers/requirements.txt
	$(LOCK) pyproject.toml -o examples/kubernetes/requirements.txt
	$(LOCK) examples/kubernetes/build-requirements.in -o examples/kubernetes/build-requirements.txt
	$(LOCK) -c examples/kubernetes/requirements.txt examples/airbyte/requirements.in -o examples/airbyte/requirements.txt

clean:
	rm -rf $(VENV) .venv-* build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis
