# Every target is one line over the command line tool `transferpain`; `make help` lists them.
# DATA=folder sets the data root; ARGS="..." is passed on.

VENV := .venv
BIN := $(VENV)/bin
TRANSFERPAIN := $(BIN)/transferpain
READY := ready
# Two processes: alone, a test leaves the second core idle half of the time. Files begin in the order of tests/order.py.
WORKERS := -n 2 --dist loadfile --no-loadscope-reorder
ROOT := $(if $(DATA),--data-root "$(DATA)")
EXPERIMENTS := ferplus-resnet18-64 ferplus-resnet18 ferplus-vgg16-32 ferplus-vgg16 biovid-vgg16 biovid-texture biovid-texture-demo biovid-ensemble biovid-ensembles-demo biovid-eccnet unbc-vgg16 ai4pain-vgg16 mintpain-vgg16 ai4pain-ann ai4pain-lstm unbc-lstm unbc-frames-ann mintpain-lstm leakage-demo corpora-demo biovid-temporal-demo biovid-signals biovid-signals-cnn biovid-signals-demo biovid-clip biovid-clip-demo biovid-federated biovid-federated-demo unbc-7level unbc-7level-paper unbc-7level-demo unbc-7level-sweep unbc-pspi unbc-pspi-demo unbc-units unbc-units-demo pain3d-vgg16 unbc-from-pain3d unbc-from-pain3d-demo unbc-hybrid multimodal-fusion multimodal-fusion-demo multimodal-cross multimodal-cross-demo reference-demo

# One a network: those of further seeds say how far a training moves.
AT_EQUAL_PRICE := $(filter-out %-seed1 %-seed2,$(shell sed -n 's/^  equal-price-\([^:]*\):.*/\1/p' experiments/backbones.yaml))
MATRICES := transfer-matrix transfer-matrix-demo deep-adaptation deep-adaptation-demo

# Whoever sets it has each of some hundred processes compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup $(READY) lock demo figures pain-model au-cnn-hybrid backbones known-answers null-check test test-fast test-python fuzz baseline bench lint architecture third-party reference docs doctor $(EXPERIMENTS) $(MATRICES)

help: ## list the targets
	@grep -hE '^[a-z0-9 -]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## build .venv with the newest Python of 3.11 to 3.13; PYTHON=... names one, LEAN=1 leaves torch, openvino and the server out
	@VENV="$(VENV)" PYTHON="$(PYTHON)" SET=$(if $(LEAN),lean,full) sh setup.sh

$(READY):
	@VENV="$(VENV)" PYTHON="$(PYTHON)" SET=$(if $(LEAN),lean) sh setup.sh

lock: $(READY) ## locks/: every package, resolved for each Python; ARGS=--upgrade takes newer ones
	sh lock.sh $(ARGS)

demo: $(READY) ## the whole transfer experiment on synthetic twins: a table and reports/demo/index.html
	$(TRANSFERPAIN) run experiments/demo.yaml $(ARGS)

au-cnn-hybrid: $(READY) ## action units, a CNN and both on synthetic twins, in one report
	$(TRANSFERPAIN) run experiments/au_cnn_hybrid.yaml $(ARGS)

pain-model: $(READY) ## a small pain model on drawn faces, to try live, serve, predict and explain with: some minutes
	$(TRANSFERPAIN) run experiments/pain-model.yaml $(ARGS)

$(EXPERIMENTS): $(READY) ## one experiment on licensed data: make ai4pain-ann DATA=/path/to/data
	$(TRANSFERPAIN) run experiments/$@.yaml $(ROOT) $(ARGS)

$(MATRICES): $(READY) ## a matrix of sources, targets and heads: make transfer-matrix DATA=/path/to/data
	$(TRANSFERPAIN) matrix experiments/$@.yaml $(ROOT) $(ARGS)

backbones: $(READY) ## seventeen networks at an equal price on real faces, then frozen on drawn ones: make backbones DATA=/path/to/fer2013
	$(TRANSFERPAIN) run experiments/backbones.yaml $(ROOT) $(ARGS)
	@for name in $(AT_EQUAL_PRICE); do \
		$(TRANSFERPAIN) models push equal-price-$$name shared/backbones/$$name || exit 1; \
	done
	$(TRANSFERPAIN) matrix experiments/backbones-biovid-demo.yaml
	$(BIN)/python docs/backbones.py --workspace .

figures: $(READY) ## every figure of README and docs with its command: fails where a page and what was measured disagree; ARGS="--keep reports/demo"
	$(BIN)/python docs/figures.py $(ARGS)

known-answers: $(READY) ## what the literature knows, on five sets of drawn faces: hours, and resumable
	$(TRANSFERPAIN) run experiments/known-answers.yaml --confirm $(ARGS)

null-check: $(READY) ## every strategy, head, adaptation and both matrices where nothing can be learned: fails unless each is at chance
	$(TRANSFERPAIN) run experiments/null-check.yaml --null --jobs 3 $(ARGS)
	$(TRANSFERPAIN) matrix experiments/null-check-matrix.yaml --null --jobs 3 $(ARGS)

docs: $(READY) ## the site of these pages: build/docs/index.html; every warning is an error; ARGS=--links asks addresses outside, too
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r pyproject.toml --extra docs \
		-c locks/python$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])').txt
	$(BIN)/python docs/website.py $(ARGS)

doctor: $(READY) ## versions, processor, data found, compute dtype
	$(TRANSFERPAIN) doctor $(ROOT)

test: $(READY) lint ## every test, 20 to 45 minutes on two cores
	$(BIN)/python -m pytest $(WORKERS) $(ARGS)

test-fast: $(READY) ## the tests that are not marked slow, about 3 minutes on two cores
	$(BIN)/python -m pytest -m "not slow" $(WORKERS) $(ARGS)

test-python: $(READY) ## the quick tests of sources, faces and features: PYTHON=python3.13 VENV=.venv-3.13, beside another Python's .venv
	$(BIN)/python -m pytest -m "not slow" tests/models/sources tests/inputs/faces tests/inputs/features $(ARGS)

fuzz: $(READY) ## damaged and changed files for every reader (docs/fuzz.md), some minutes; ARGS=--write keeps the table
	$(BIN)/python -m tests.fuzz $(ARGS)

baseline: $(READY) ## hashes of every number of tiny studies; ARGS=--check compares them, under 12 minutes
	$(BIN)/python -m tests.end_to_end.baseline $(ARGS)

bench: $(READY) ## speed and memory: benchmarks/results/*.json and the table in benchmarks/README.md
	$(BIN)/python -m benchmarks $(ARGS)

lint: $(READY) ## style, formatting, and the floors of docs/architecture.md
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

architecture: $(READY) ## the figures of the house, read from its imports
	$(BIN)/python docs/architecture.py $(ARGS)

third-party: $(READY) ## THIRD_PARTY.md: the licences of what is installed
	$(BIN)/python docs/third_party.py $(ARGS)

reference: $(READY) ## docs/reference: every key of experiment, study, matrix, task and dataset files; ARGS=--check
	$(BIN)/python docs/reference.py $(ARGS)
