.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
PHOTOS ?= local/photos
STAGES ?= in-process
OUTPUT ?= demo
DOCKER ?= docker
PLATFORM ?=
BASE_IMAGE ?=
BASE_IMAGE_AMD64 ?=
BASE_IMAGE_ARM64 ?=
LABELER ?= rekognition
TERRAFORM ?= terraform
NPM ?= npm
REGISTRY ?=
STATE_BUCKET ?=
KEEP_PHOTOS ?=
BACKFILL ?=
RECONCILE ?=
REPROCESS ?=
REDRIVE ?=
VERIFY ?=
FIND ?=
PYTEST ?=
PIN ?=
BENCH ?=
BENCH_PHOTOS ?=
FUZZ ?=

# A setting as one word of the shell, whatever is in it: spaces, quotes, a dollar sign.
quoted = '$(subst ','\'',$(value $(1)))'

CODE := bench gallery images local models tests tools
IMAGES := extract thumbnail tag
BIN := .venv/bin
EXPORT := $(BIN)/uv export --quiet --frozen --no-emit-project --no-annotate --no-header
TF := $(TERRAFORM) -chdir=terraform
SCHEMA := $(BIN)/check-jsonschema --builtin-schema vendor.github-

# Everything that make installs and caches stays in this folder.
unexport VIRTUAL_ENV CONDA_PREFIX
# A container may set it. Then every process of a test compiles all that it imports, for seconds.
unexport PYTHONDONTWRITEBYTECODE
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
export UV_PYTHON := $(CURDIR)/.venv/bin/python
export UV_PYTHON_DOWNLOADS := never

# With attestations an image becomes an index, which Lambda does not run.
export BUILDX_NO_DEFAULT_ATTESTATIONS := 1

.PHONY: help  ## Show this list
help:
	@sed -nE 's/^\.PHONY: ([^ ]+)  ## (.*)/\1	\2/p' $(MAKEFILE_LIST) | expand -t 17

.PHONY: demo  ## Process photos on this machine and show the results: PHOTOS=… STAGES=docker OUTPUT=…
demo: .venv/.local $(if $(filter docker,$(STAGES)),build)
	$(BIN)/python -m local demo --stages=$(call quoted,STAGES) --output=$(call quoted,OUTPUT) -- $(call quoted,PHOTOS)

.PHONY: run  ## Open the gallery in a browser, on an embedded AWS: PHOTOS=…
run: .venv/.local web
	$(BIN)/python -m local.site -- $(call quoted,PHOTOS)

.PHONY: web  ## Build the gallery page into web/dist
web: web/node_modules/.package-lock.json
	cd web && $(NPM) run build

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && $(NPM) ci --no-audit --no-fund && touch node_modules/.package-lock.json

.PHONY: screenshots  ## Take the screenshots in docs/ again
screenshots: .venv/.dev web
	$(BIN)/python -m tools.screenshots

.PHONY: test  ## Run what CI runs: style, static types, every test
test:
	+@$(MAKE) --no-print-directory --jobs \
	    lint types model .cache/checkov/.made .cache/ministack/.made
	@# Two more processes than processors: Terraform's tests wait for minutes.
	$(BIN)/pytest --second-opinions too --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) + 2)) --dist loadfile \
	    --no-loadscope-reorder $(PYTEST)

.PHONY: unit  ## Run the tests that need no emulator, Docker, browser, Terraform, npm or network
unit: .venv/.dev
	$(BIN)/pytest --unit -m 'not docker and not photos' --numprocesses auto --dist loadfile $(PYTEST)

.PHONY: second-opinions  ## Compare the embedded AWS with DynamoDB Local, MiniStack and the reference JSONata
second-opinions: .venv/.dev .cache/ministack/.made
	$(BIN)/pytest --second-opinions only $(PYTEST)

.PHONY: test-arm64  ## Compare the images for arm64 with those for amd64: BASE_IMAGE_ARM64=… (slow)
test-arm64: .venv/.dev
	$(BIN)/pytest -m arm64 --capture=no tests/infra/test_arm64.py $(PYTEST)

.PHONY: fuzz  ## Mutate photos for an hour, and report what costs too much: FUZZ='--seconds 60 TIFF'
fuzz: .venv/.dev
	$(BIN)/python tests/fuzzing.py $(FUZZ)

.PHONY: check  ## Check style, static types and the state machine definition
check: lint types validate

.PHONY: lint  ## Check style and import rules: Python, Dockerfiles, .github, Terraform, web/
lint: .venv/.dev $(if $(shell command -v $(NPM)),web/node_modules/.package-lock.json)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	PYTHONPATH=.:images $(BIN)/lint-imports --no-logo --cache-dir .cache/import-linter
	$(BIN)/hadolint images/*/Dockerfile images/tag/embedded/Dockerfile
	$(SCHEMA)workflows .github/workflows/*.yml
	$(SCHEMA)issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/feature.yml
	$(SCHEMA)issue-config .github/ISSUE_TEMPLATE/config.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/zizmor --offline --quiet .github
	$(if $(shell command -v $(TERRAFORM)),$(TERRAFORM) fmt -check -diff -recursive terraform, \
	    @echo 'lint: skipped terraform/, because Terraform is not installed' >&2)
	$(if $(shell command -v $(NPM)),cd web && $(NPM) run lint, \
	    @echo 'lint: skipped web/, because npm is not installed' >&2)

.PHONY: types  ## Check static types
types: .venv/.dev
	$(BIN)/mypy $(CODE)

.PHONY: validate  ## Check the state machine definition with the linters that AWS users use
validate: .venv/.dev
	$(BIN)/pytest --quiet tests/workflow/test_validators.py

.PHONY: checkov  ## Run checkov on the plan of terraform/, minus the waivers
checkov: .venv/.dev .cache/checkov/.made
	$(BIN)/python -m tools.checkov

.PHONY: format  ## Format the Python files
format: .venv/.dev
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

.PHONY: model  ## Build the label model from published weights
model: .venv/.local
	$(BIN)/python -m models.build

ifeq ($(filter rekognition embedded,$(LABELER)),)
$(error LABELER is '$(LABELER)', expected rekognition or embedded)
endif

.PHONY: build  ## Build the three container images: PLATFORM=linux/arm64 BASE_IMAGE=… LABELER=embedded
build: $(IMAGES:%=build-%)

# The label model goes on top of the tag image (docs/decisions/0004-label-model-runtime.md).
ifeq ($(LABELER),embedded)
build: .venv/.local
	$(BIN)/python -m models.build images/networks
	$(DOCKER) build --tag gallery-tag:latest --file images/tag/embedded/Dockerfile \
	    $(if $(PLATFORM),--platform $(PLATFORM)) --build-arg TAG_IMAGE=gallery-tag:latest images
endif

build-%:
	$(DOCKER) build --tag gallery-$*:latest --file images/$*/Dockerfile \
	    $(if $(PLATFORM),--platform $(PLATFORM)) \
	    $(if $(BASE_IMAGE),--build-arg BASE_IMAGE=$(BASE_IMAGE)) images

# `make build push apply` runs one after the other, also with --jobs.
push: $(filter build,$(MAKECMDGOALS))
init: $(filter build push,$(MAKECMDGOALS))

.PHONY: push  ## Push the images and record their digests for Terraform: REGISTRY=HOST:PORT
push: .venv/.local
	$(BIN)/python -m gallery push --docker $(DOCKER) --terraform $(TERRAFORM) \
	    $(if $(REGISTRY),--registry $(REGISTRY))

.PHONY: init  ## Initialize Terraform, with its state in this folder or in S3: STATE_BUCKET=…
init: $(if $(STATE_BUCKET),terraform/backend.tf)
	$(TF) init $(if $(STATE_BUCKET),-migrate-state -backend-config=bucket=$(STATE_BUCKET),-input=false)

terraform/backend.tf:
	cp terraform/backend.tf.example $@

.PHONY: plan  ## Show what `make apply` would change in AWS
plan: init
	$(TF) plan

.PHONY: apply  ## Deploy the pushed images, once you confirm the plan, then the gallery page
apply: init
	$(TF) apply
	@if command -v $(NPM) > /dev/null; then $(MAKE) --no-print-directory publish; else \
	    echo 'apply: deployed everything but the gallery page, which needs npm.' \
	        'Run `make publish` where npm is installed.' >&2; fi

.PHONY: publish  ## Build the gallery's page and upload it
publish: .venv/.local web init
	$(BIN)/python -m gallery publish --terraform $(TERRAFORM)

.PHONY: destroy  ## Destroy the deployment, once you confirm it twice: KEEP_PHOTOS=false
destroy: init
	@keep=$(or $(KEEP_PHOTOS),$$(echo var.keep_photos | $(TF) console)); [ "$$keep" = false ] || { \
	    echo 'destroy: keep_photos is true, so photos, table and buckets stay.' \
	        'To destroy everything, photos included: make destroy KEEP_PHOTOS=false' >&2; exit 1; }
	@# keep_photos=false is applied first: it lifts the protection of buckets, table and users. Only
	@# what still exists is a target, so that nothing is created again.
	targets=$$($(TF) state list | sed -nE 's/^module\.gallery\.module\.((photos(\[0\])?|derived|logs)\.aws_s3_bucket|table\.aws_dynamodb_table|client\[0\]\.aws_cognito_user_pool)\.this$$/-target=&/p'); \
	    [ -z "$$targets" ] || $(TF) apply $$targets -var keep_photos=false
	KEEP_PHOTOS=false $(TF) destroy -var keep_photos=false

# The commands read the names of resources from Terraform's outputs.
GALLERY = $(BIN)/python -m gallery $@ --terraform $(TERRAFORM)

.PHONY: verify  ## Check that the deployment works, with photos of its own: VERIFY=--dry-run
verify: .venv/.local init
	$(GALLERY) $(VERIFY)

.PHONY: find  ## Find photos: FIND='--place Portugal --label dog --before 2019', --json …
find: .venv/.local init
	$(GALLERY) $(FIND)

.PHONY: redrive  ## Redrive failed executions from the dead-letter queue: REDRIVE=--dry-run
redrive: .venv/.local init
	$(GALLERY) $(REDRIVE)

.PHONY: backfill  ## Process photos already in the bucket: BACKFILL=--dry-run
backfill: .venv/.local init
	$(GALLERY) $(BACKFILL)

.PHONY: reprocess  ## Process photos again: REPROCESS='--older thumbnail --dry-run', --failed, --album …
reprocess: .venv/.local init
	$(GALLERY) $(REPROCESS)

.PHONY: reconcile  ## Compare bucket, table and renditions: RECONCILE=--repair
reconcile: .venv/.local init
	$(GALLERY) $(RECONCILE)

.PHONY: bench  ## Measure the project and its peers, and write docs/performance.md: BENCH='quick memory' BENCH_PHOTOS=…
bench: .venv/.bench
	$(BIN)/python -m bench $(BENCH) $(if $(BENCH_PHOTOS),--photos=$(call quoted,BENCH_PHOTOS))

.PHONY: docs  ## Write the generated parts of docs/
docs: .venv/.dev
	$(BIN)/python -m tools.docs
	$(if $(shell command -v $(TERRAFORM)),$(BIN)/python -m tools.permissions && $(BIN)/python -m tools.tenants)

.PHONY: places  ## Make images/places/places.bin from the packages that tools/places/ pins
places: .cache/places/python/.made
	PYTHONPATH=.:images .cache/places/python/bin/python -m tools.places

.PHONY: world  ## Make web/public/world.json from the packages that tools/places/ pins
world: .cache/places/python/.made
	PYTHONPATH=.:images .cache/places/python/bin/python -m tools.places.world

.PHONY: lock  ## Update uv.lock after a change of pyproject.toml, and the hashed lists made from it
lock: .venv/.bootstrap
	$(BIN)/uv lock
	$(BIN)/uv lock --project tools/checkov
	$(BIN)/uv lock --project tools/ministack
	$(BIN)/uv lock --project tools/places
	$(EXPORT) --only-group bootstrap --output-file tools/bootstrap.txt
	for group in $(IMAGES) builder; do \
	    $(EXPORT) --only-group $$group --output-file images/$$group/requirements.txt || exit; \
	done
	$(EXPORT) --only-group networks --output-file images/tag/embedded/requirements.txt

.PHONY: pin  ## Pin the base image of the Dockerfiles by its digest: PIN=public.ecr.aws/lambda/python:3.13
pin: .venv/.dev
	$(BIN)/python -m tools.pin $(PIN)

.PHONY: setup  ## Install the development environment into .venv, exactly as uv.lock says
setup: .venv/.dev

.venv/.bootstrap: tools/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo 'Python 3.11 or later is needed: make PYTHON=/path/to/python3.13' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --no-cache-dir --require-hashes --requirement $<
	touch $@

# `gallery` is `python -m gallery`, from any folder. The project is no package (pyproject.toml).
define SCRIPT
#!$(CURDIR)/.venv/bin/python
import sys
sys.path.insert(0, "$(CURDIR)")
from gallery.__main__ import main
sys.exit(main(sys.argv[1:], prog="gallery"))
endef
export SCRIPT

# --inexact: the demo adds its packages, and removes none of a developer's.
.venv/.local: .venv/.bootstrap pyproject.toml uv.lock
	$(BIN)/uv sync --locked --inexact --group local
	printf '%s\n' "$$SCRIPT" > $(BIN)/gallery && chmod +x $(BIN)/gallery
	touch $@

# The peers of the bench are added as well. No test needs them.
.venv/.bench: .venv/.bootstrap pyproject.toml uv.lock
	$(BIN)/uv sync --locked --inexact --group bench
	touch $@

.venv/.dev: .venv/.bootstrap pyproject.toml uv.lock
	$(BIN)/uv sync --locked --group dev
	printf '%s\n' "$$SCRIPT" > $(BIN)/gallery && chmod +x $(BIN)/gallery
	touch .venv/.local $@

# checkov pins versions that conflict with ours, so it has an environment of its own.
.cache/checkov/.made: .venv/.bootstrap tools/checkov/pyproject.toml tools/checkov/uv.lock
	UV_PROJECT_ENVIRONMENT=$(CURDIR)/.cache/checkov $(BIN)/uv sync --locked --project tools/checkov
	touch $@

# MiniStack needs packages that nothing else here uses, so it has its own environment too.
.cache/ministack/.made: .venv/.bootstrap tools/ministack/pyproject.toml tools/ministack/uv.lock
	UV_PROJECT_ENVIRONMENT=$(CURDIR)/.cache/ministack $(BIN)/uv sync --locked --project tools/ministack
	touch $@

# So do borders and towns: what makes the places needs them, and nothing that runs.
.cache/places/python/.made: .venv/.bootstrap tools/places/pyproject.toml tools/places/uv.lock
	UV_PROJECT_ENVIRONMENT=$(CURDIR)/.cache/places/python $(BIN)/uv sync --locked --project tools/places
	touch $@

.PHONY: clean  ## Remove everything that make has created in this folder
clean:
	rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache demo images/networks web/dist web/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
