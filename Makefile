.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
PHOTOS ?= local/photos
STAGES ?= in-process
OUTPUT ?= demo
DOCKER ?= docker
PLATFORM ?=
BASE_IMAGE ?=
LABELER ?= rekognition
PYTEST ?=

CODE := images local tests tools
IMAGES := extract thumbnail tag
BIN := .venv/bin
EXPORT := $(BIN)/uv export --quiet --frozen --no-emit-project --no-annotate --no-header

# All that is installed and cached stays in this folder.
unexport VIRTUAL_ENV CONDA_PREFIX
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
export UV_PYTHON := $(CURDIR)/.venv/bin/python
export UV_PYTHON_DOWNLOADS := never

.PHONY: help  ## Show this list
help:
	@sed -nE 's/^\.PHONY: ([^ ]+)  ## (.*)/\1	\2/p' $(MAKEFILE_LIST) | expand -t 10

.PHONY: demo  ## Photos through the whole pipeline, here: PHOTOS=… STAGES=docker OUTPUT=…
demo: .venv/.local $(if $(filter docker,$(STAGES)),build)
	$(BIN)/python -m local demo --stages $(STAGES) --output $(OUTPUT) $(PHOTOS)

.PHONY: test  ## All that CI runs: style, static types, every test
test: lint types model
	$(BIN)/pytest --numprocesses auto --dist loadfile $(PYTEST)

.PHONY: check  ## Style, static types, and the state machine's definition
check: lint types validate

.PHONY: lint  ## Style of Python and Dockerfiles
lint: .venv/.dev
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/hadolint images/*/Dockerfile images/tag/embedded/Dockerfile

.PHONY: types  ## Static types
types: .venv/.dev
	$(BIN)/mypy $(CODE)

.PHONY: validate  ## The state machine's definition, by AWS's rules
validate: .venv/.dev
	$(BIN)/pytest --quiet tests/workflow/test_validators.py

.PHONY: format  ## Rewrite Python files in the house style
format: .venv/.dev
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

.PHONY: model  ## The label model, made once from published weights
model: .venv/.local
	$(BIN)/python -m tools.labels.model

ifeq ($(filter rekognition embedded,$(LABELER)),)
$(error LABELER is '$(LABELER)', expected rekognition or embedded)
endif

.PHONY: build  ## The three container images: PLATFORM=linux/arm64 BASE_IMAGE=… LABELER=embedded
build: $(IMAGES:%=build-%)

# The label model goes on top of the tag image (docs/decisions/0004-label-model-runtime.md).
ifeq ($(LABELER),embedded)
build: .venv/.local
	$(BIN)/python -m tools.labels.model images/networks
	$(DOCKER) build --tag gallery-tag:latest --file images/tag/embedded/Dockerfile \
	    $(if $(PLATFORM),--platform $(PLATFORM)) --build-arg TAG_IMAGE=gallery-tag:latest images
endif

build-%:
	$(DOCKER) build --tag gallery-$*:latest --file images/$*/Dockerfile \
	    $(if $(PLATFORM),--platform $(PLATFORM)) \
	    $(if $(BASE_IMAGE),--build-arg BASE_IMAGE=$(BASE_IMAGE)) images

.PHONY: docs  ## Write the generated parts of docs/ again
docs: .venv/.dev
	$(BIN)/python tools/docs.py

.PHONY: lock  ## Renew uv.lock where pyproject.toml asks for it, and the hashed lists made of it
lock: .venv/.bootstrap
	$(BIN)/uv lock
	$(EXPORT) --only-group bootstrap --output-file tools/bootstrap.txt
	for group in $(IMAGES) builder; do \
	    $(EXPORT) --only-group $$group --output-file images/$$group/requirements.txt || exit; \
	done
	$(EXPORT) --only-group networks --output-file images/tag/embedded/requirements.txt

.PHONY: setup  ## Make .venv exactly as uv.lock says, with all that development needs
setup: .venv/.dev

.venv/.bootstrap: tools/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo 'Python 3.11 or later is needed: make PYTHON=/path/to/python3.13' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --no-cache-dir --require-hashes --requirement $<
	touch $@

# The demo's part is added, so that it takes nothing away from a developer's environment.
.venv/.local: .venv/.bootstrap pyproject.toml uv.lock
	$(BIN)/uv sync --locked --inexact --group local
	touch $@

.venv/.dev: .venv/.bootstrap pyproject.toml uv.lock
	$(BIN)/uv sync --locked --group dev
	touch .venv/.local $@

.PHONY: clean  ## Remove all that make has made here
clean:
	rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache demo images/networks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
