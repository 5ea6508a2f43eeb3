# The few words that building, running and testing take. Meson does the work, in build/.
#
# `make run` and `make test` are all that a fresh Debian machine needs: missing packages are
# installed (tools/deps.sh says which). DESTDIR and PREFIX work as usual.

BUILD = build
PORT = 4000
FUZZ_SECONDS = 600
SETUP = meson setup $(if $(PREFIX),--prefix=$(PREFIX)) $(BUILD)
SOURCES = $(shell git ls-files '*.c' '*.h')

.PHONY: all run test asan tsan fuzz bench bench-tokens corpus matrix params parity schema sim bless data fmt lint install uninstall
.PHONY: clean help

all: $(BUILD)/build.ninja  ## build the program, the library and the tests
	@ninja -C $(BUILD)

$(BUILD)/build.ninja: | packages
	@$(SETUP)

.PHONY: packages packages-%
packages:
	@tools/deps.sh build test
packages-%:
	@tools/deps.sh build test $*

run: all  ## start the gateway on port 4000 with examples/config.yaml
	@exec $(BUILD)/llmux serve --config examples/config.yaml --port $(PORT) --hints

test: packages  ## build, and run every test that needs no network
	@python3 tools/run_tests.py test

asan: packages  ## the tests under the address and undefined-behaviour sanitizers
	@python3 tools/run_tests.py asan

tsan: packages  ## the threaded tests under the thread sanitizer
	@python3 tools/run_tests.py tsan

fuzz: packages-fuzz  ## every fuzz target for FUZZ_SECONDS (600) each
	@FUZZ_SECONDS=$(FUZZ_SECONDS) python3 tools/run_tests.py fuzz

bench: packages-bench all  ## measure, against nginx and other JSON libraries
	@meson configure $(BUILD) -Dbench=true
	@ninja -C $(BUILD)
	@$(BUILD)/bench/json_bench
	@python3 bench/run.py --build $(BUILD)

bench-tokens: all  ## how fast tokens are counted, against tiktoken of PyPI
	@meson configure $(BUILD) -Dbench=true
	@ninja -C $(BUILD) bench/tokens_bench
	@python3 bench/tokens.py $(BUILD)

corpus: all  ## recorded traffic through `llmux translate`, a table of what passed
	@python3 test/corpus/run.py $(BUILD)/llmux --def src/cmd/recorded.def
	@python3 test/corpus/prices.py $(BUILD)/llmux

matrix: all  ## every pair of features, and what clients get, against the vendors' specifications
	@python3 test/spec/matrix.py $(BUILD)/llmux
	@python3 test/spec/replies.py $(BUILD)/llmux

params: all  ## which parameters a model takes, what names and variables mean, against LiteLLM (from PyPI)
	@test -x $(BUILD)/parity-venv/bin/python || python3 -m venv $(BUILD)/parity-venv
	@$(BUILD)/parity-venv/bin/python -c 'import litellm' 2>/dev/null || \
	  $(BUILD)/parity-venv/bin/pip install -q litellm==1.106.2
	@$(BUILD)/parity-venv/bin/python test/params/supported.py $(BUILD)/llmux
	@$(BUILD)/parity-venv/bin/python test/params/names.py $(BUILD)/llmux
	@$(BUILD)/parity-venv/bin/python test/params/variables.py $(BUILD)/llmux

parity: all  ## the same calls through LiteLLM (from PyPI) and through llmux
	@python3 test/parity/run.py $(BUILD)/llmux --venv $(BUILD)/parity-venv
	@python3 test/parity/reasons.py >doc/parity.md

schema: all  ## what follows a JSON Schema, against the package jsonschema (from PyPI)
	@test -x $(BUILD)/parity-venv/bin/python || python3 -m venv $(BUILD)/parity-venv
	@$(BUILD)/parity-venv/bin/python -c 'import jsonschema' 2>/dev/null || \
	  $(BUILD)/parity-venv/bin/pip install -q jsonschema
	@$(BUILD)/parity-venv/bin/python test/schema/make.py --check $(BUILD)/test/schema/schema_vectors

sim: all  ## the router in outages, in virtual time; and LiteLLM's (from PyPI) in real time, shortened
	@$(BUILD)/test/sim/sim
	@echo "--- shortened: llmux, in virtual time"
	@$(BUILD)/test/sim/sim --short
	@echo "--- shortened: LiteLLM, in real time (some ten minutes)"
	@test -x $(BUILD)/parity-venv/bin/python || python3 -m venv $(BUILD)/parity-venv
	@$(BUILD)/parity-venv/bin/python -c 'import litellm' 2>/dev/null || \
	  $(BUILD)/parity-venv/bin/pip install -q litellm==1.106.2
	@$(BUILD)/parity-venv/bin/python test/sim/litellm_router.py $(BUILD)/test/sim/sim

bless: all  ## rewrite the expectations in test/case/ as things are now
	@ninja -C $(BUILD) bless

data:  ## make share/models.json anew from LiteLLM's map and genai-prices (needs pip, npm)
	@python3 -B tools/data/models.py
	@python3 tools/data/tokens.py

fmt: packages-lint  ## format all C sources
	@clang-format -i $(SOURCES)

lint: packages-lint all  ## formatting, clang-tidy (ten minutes on two cores) and the tests of test/lint
	@clang-format --dry-run -Werror $(SOURCES)
	@run-clang-tidy -quiet -p $(BUILD) '/(src|test|bench|examples)/.*\.(c|cc|cpp)$$'
	@meson test -C $(BUILD) --suite lint

install: all  ## binary, libraries, headers, pkg-config file, man page (DESTDIR, PREFIX)
	@$(if $(PREFIX),meson configure $(BUILD) -Dprefix=$(PREFIX))
	@meson install -C $(BUILD)

uninstall:  ## remove what install put in place
	@ninja -C $(BUILD) uninstall

clean:  ## remove all build folders
	@rm -rf $(BUILD) build-asan build-tsan build-fuzz

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' Makefile | expand -t 12
