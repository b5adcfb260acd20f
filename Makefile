# Thin: each target calls CMake, or the program. `make help` says what each does.
.DEFAULT_GOAL := help
.PHONY: help setup build demo test release-test asan tsan bench format clean install

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
# gcc's thread sanitizer refuses some kernels' random memory layouts; where the kernel allows, its tests run with a fixed one.
FIXED_LAYOUT = $(shell setarch -R true 2>/dev/null && echo setarch -R)

help: ## Print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

setup: ## Install the Debian packages that building and testing need (elsewhere: say which)
	@cmake/setup

build: ## Build the program for use: build/release/muster
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS) --target muster

demo: setup build ## Collect from a simulated organization, check it, and say where the results are
	cmake --build --preset release --parallel $(JOBS) --target muster_simulator
	@tests/demo

test: setup ## Build and run all tests: release, then under the sanitizers
	$(MAKE) release-test asan tsan

release-test: ## All tests of the release build
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS)
	ctest --preset release --parallel $(JOBS)

asan: ## The tests labelled unit, cases and hostile, under the address and undefined-behaviour sanitizers
	cmake --preset asan
	cmake --build --preset asan --parallel $(JOBS) --target asan_tests
	ctest --preset asan --parallel $(JOBS)

tsan: ## The tests of snapshot, collect and evaluate under the thread sanitizer
	cmake --preset tsan
	cmake --build --preset tsan --parallel $(JOBS) --target tsan_tests
	$(FIXED_LAYOUT) ctest --preset tsan --parallel $(JOBS)

bench: ## Measure speed and memory against the peers (some minutes)
	cmake --preset release -DMUSTER_BENCH=ON
	cmake --build --preset release --parallel $(JOBS)
	bench/run
	bench/rules
	bench/bundle
	bench/collect

format: ## Lay out all C++ sources by .clang-format
	git ls-files -z '*.cpp' '*.h' | xargs -0 clang-format -i

install: build ## Install the program and its documents below PREFIX (default /usr/local)
	cmake --install build/release --prefix $(PREFIX)

clean: ## Remove everything that was built or written here
	rm -rf build out
