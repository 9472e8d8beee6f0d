# The thin door to CMake and the scripts: `make help` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
# DEPENDENCIES=no: install no packages (for systems that scripts/install_dependencies.sh does not know).
DEPENDENCIES ?= yes
CTEST_ARGS ?=
FUZZ_SECONDS ?= 60
# Inputs that `make fuzz` gives each target; 0: as many as FUZZ_SECONDS allow.
FUZZ_RUNS ?= 0
# Of `make mutants`: a regular expression for the names of those that are tried.
MUTANTS ?=
BENCH_ARGS ?=
STORY_ARGS ?=
PYTHON ?= python3

# The demo: four of SmolLM2's 30 layers. DEMO=short is a minute's taste of it, as CI runs it.
DEMO ?= full
ifeq ($(DEMO),full)
  demo_folder := demo
  demo_options := --layers 14,20,24,28 --epsilons 0:10:11 --directions 8
else ifeq ($(DEMO),short)
  demo_folder := demo/short
  demo_options := --layers 14,28 --epsilons 0:10:3 --directions 4 --max-examples 2
else
  $(error DEMO is '$(DEMO)'; it can be full or short)
endif

install_dependencies = $(if $(filter yes,$(DEPENDENCIES)),scripts/install_dependencies.sh $(1),:)
build = cmake --preset $(1) $(2) && cmake --build --preset $(1) -j $(JOBS)
# A skip that tests/allowed_skips.toml does not allow fails.
run_tests = ctest --preset $(1) -j $(JOBS) --output-junit tests.xml $(CTEST_ARGS) && tests/check_skips.py build/$(1)
# LLVM's OpenMP, of clang's builds, keeps a file in /dev/shm while its process runs. A process that is killed between
# making and filling it leaves it empty, and a later process with the same number gets SIGBUS as it starts.
forget_killed = find /dev/shm -maxdepth 1 -name '__KMP_REGISTERED_LIB_*' -empty -user "$$(id -u)" -delete
tugline := build/release/src/tugline/cli/tugline
cxx_files = git ls-files '*.h' '*.cpp'

.PHONY: help demo wheel python-test cluster-test test soak asan tsan coverage valgrind mutants fuzz bench bench-story study release install format format-check tidy

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22
	@echo 'Options: DEMO=short, PREFIX=/usr/local, CTEST_ARGS=, FUZZ_SECONDS=60, FUZZ_RUNS=0, MUTANTS=, BENCH_ARGS=, STORY_ARGS=, PYTHON=python3, JOBS=, DEPENDENCIES=no'

release: ## install the packages it needs, and build build/release/src/tugline/cli/tugline
	@$(call install_dependencies,)
	@$(call build,release,)

demo: release ## sweep a small real model: demo/report.html, demo/curve.svg, demo/curve.png; a second run resumes
	@mkdir -p $(demo_folder)
	@model=$$(scripts/fetch_smollm2.py); set -x; \
	$(tugline) sweep "$$model" examples/traces.json -o $(demo_folder)/run.db $(demo_options); \
	$(tugline) summary $(demo_folder)/run.db; \
	$(tugline) plot $(demo_folder)/run.db -o $(demo_folder)/curve.svg; \
	$(tugline) plot $(demo_folder)/run.db -o $(demo_folder)/curve.png; \
	$(tugline) report $(demo_folder)/run.db examples/traces.json -o $(demo_folder)/report.html
	@echo "The page: $(demo_folder)/report.html. The figure: $(demo_folder)/curve.svg and $(demo_folder)/curve.png"

test: ## build with assertions and run every test (CTEST_ARGS="-L fast" runs some)
	@$(call install_dependencies,--tests)
	@$(call build,dev,)
	@scripts/fetch_smollm2.py >/dev/null || echo "The tests labelled model will skip: the model could not be fetched (see above)."
	@scripts/fetch_javascript.py axe >/dev/null || echo "The accessibility of report pages will not be checked: axe could not be fetched (see above)."
	@$(call run_tests,dev)

soak: ## kill, fail and damage runs many thousand times, for some hours (docs/reliability.md)
	@$(call install_dependencies,--tests)
	@$(call build,dev,)
	@TUGLINE_SOAK=1 ctest --preset dev -L reliability --verbose $(CTEST_ARGS)

# The tools of the wheel, and what its tests compare with, in an environment of their own.
python_tools := build/python_tools
$(python_tools)/bin/python: scripts/python_tools.txt
	@$(call install_dependencies,--python)
	@$(PYTHON) -m venv $(python_tools)
	@$(python_tools)/bin/python -m pip install -q --disable-pip-version-check -r scripts/python_tools.txt
	@touch $@

wheel: $(python_tools)/bin/python ## build the Python package: dist/tugline-*.whl, with its shared libraries
	@$(call install_dependencies,--python)
	@rm -rf build/wheel_raw dist/tugline-*.whl
	@# The compiler by the name by which `make release` calls it: what that has compiled is then in ccache.
	@PATH="$$PWD/$(python_tools)/bin:$$PATH" CXX="$${CXX:-c++}" CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) $(python_tools)/bin/python -m pip wheel -q --disable-pip-version-check --no-deps -w build/wheel_raw .
	@PATH="$$PWD/$(python_tools)/bin:$$PATH" auditwheel repair -w dist build/wheel_raw/*.whl

python-test: wheel ## the Python package's tests, in an environment that has the wheel and nothing of the build's
	@$(PYTHON) -m venv --clear build/python_test
	@build/python_test/bin/python -m pip install -q --disable-pip-version-check dist/*.whl -r tests/python/requirements.txt
	@build/python_test/bin/python -m pytest -q --junitxml build/python_test/tests.xml tests/python
	@build/python_test/bin/python tests/check_skips.py --python build/python_test/tests.xml
	@build/python_test/bin/python -m mypy

cluster-test: release ## shards under Slurm and Open MPI on this machine: a node that fails, a preemption; needs root for Slurm
	@$(call install_dependencies,--clusters) || echo "What needs the packages that could not be installed (see above) will skip."
	@for test in mpi slurm; do TUGLINE_BINARY="$$PWD/$(tugline)" python3 -B tests/clusters/$${test}_test.py; done

asan: ## the tests under AddressSanitizer and UBSan (clang)
	@$(call install_dependencies,--tests --clang)
	@$(call build,asan,)
	@$(forget_killed)
	@$(call run_tests,asan)

tsan: ## the tests under ThreadSanitizer (clang)
	@$(call install_dependencies,--tests --clang)
	@$(call build,tsan,)
	@$(forget_killed)
	@$(call run_tests,tsan)

coverage: ## the tests, and which lines of the library they run: build/coverage/report/index.html; fails below 90 %
	@$(call install_dependencies,--tests --coverage)
	@$(call build,coverage,)
	@find build/coverage -name '*.gcda' -delete  # the counts of earlier runs
	@$(call run_tests,coverage)
	@scripts/coverage.py build/coverage

valgrind: ## two small sweeps, and commands that read their store, under valgrind's memcheck
	@$(call install_dependencies,--tests --valgrind)
	@$(call build,dev,)
	@TUGLINE_BINARY="$$PWD/build/dev/src/tugline/cli/tugline" python3 -B tests/reliability/valgrind_run.py

mutants: ## change the arithmetic in one place at a time, and see a test fail each time (MUTANTS=regex tries some)
	@$(call install_dependencies,--tests)
	@tests/mutants/run_mutants.py --jobs $(JOBS) --only '$(MUTANTS)'

fuzz: ## run every libFuzzer target for FUZZ_SECONDS, or on FUZZ_RUNS inputs
	@$(call install_dependencies,--clang)
	@cmake --preset fuzz -DTUGLINE_FUZZ_SECONDS=$(FUZZ_SECONDS) -DTUGLINE_FUZZ_RUNS=$(FUZZ_RUNS)
	@cmake --build --preset fuzz -j $(JOBS) --target fuzzers
	@cmake --build --preset fuzz -j 1 --target run_fuzzers

bench: ## build and run the benchmarks (BENCH_ARGS go to each)
	@$(call install_dependencies,--tests)
	@$(call build,bench,)
	@for program in build/bench/bench/*_bench; do echo "== $$program"; "$$program" $(BENCH_ARGS); done

bench-story: release ## time tugline beside a notebook's loop and a PyTorch replay (STORY_ARGS=--quick; PYTHON has bench/requirements.txt)
	@$(PYTHON) bench/story.py --tugline build/release/src/tugline/cli/tugline $(STORY_ARGS)

study: release ## run the commands of docs/study.md (some minutes on two cores) and put what they print into it; an interrupted one is resumed
	@$(PYTHON) study/study.py --tugline $(tugline)

install: release ## cmake --install under PREFIX: binary, completion, manual pages, library, headers, CMake package
	@cmake --install build/release --prefix "$(PREFIX)"

format: ## clang-format every C++ file in place
	@$(call install_dependencies,--tests)
	@$(cxx_files) | xargs -r clang-format -i

format-check: ## fail where clang-format would change something
	@$(call install_dependencies,--tests)
	@$(cxx_files) | xargs -r clang-format --dry-run -Werror

tidy: ## clang-tidy over every source file of the library
	@$(call install_dependencies,--tests --tidy)
	@cmake --preset dev
	@git ls-files 'src/*.cpp' | xargs -r -n 1 -P $(JOBS) clang-tidy -p build/dev --quiet
