# Countenance's commands. Each does its own set-up: a second run starts work within seconds.

PREFIX ?= /usr/local
PARTS := $(CURDIR)/.parts

# The linker finds OpenVINO through pkg-config; the programs find it beside themselves, wherever the checkout or the
# installation lies: from PREFIX/bin, from bin/ in a checkout, and from the build folders of the tests and benchmarks.
export PKG_CONFIG_PATH := $(PARTS)/lib/pkgconfig:$(PKG_CONFIG_PATH)
RPATHS := $$ORIGIN/../lib/countenance $$ORIGIN/../.parts/lib $$ORIGIN/../../../.parts/lib $$ORIGIN/../../../../.parts/lib
SWIFT_FLAGS := --explicit-target-dependency-import-check error $(foreach path,$(RPATHS),-Xlinker -rpath -Xlinker '$(path)')
# The runtime's libraries are linked in, so that the installed program needs no Swift.
RELEASE_FLAGS := $(SWIFT_FLAGS) -c release --product countenance --static-swift-stdlib -Xlinker -s

.PHONY: help setup build demo test torture audit benchmark fuzz install uninstall clean

help: ## Say what there is to make.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## Fetch and check the pinned parts; install what is missing.
	@setup/setup
	@mkdir -p $(PARTS)/share/countenance/models
	@for entry in Models/*.json; do cmp -s $$entry $(PARTS)/share/countenance/models/$${entry##*/} || cp $$entry $(PARTS)/share/countenance/models/; done

build: setup ## Build the program at bin/countenance.
	@swift build $(RELEASE_FLAGS)
	@mkdir -p bin
	@program="$$(swift build $(RELEASE_FLAGS) --show-bin-path)/countenance"; \
	  cmp -s "$$program" bin/countenance || { cp "$$program" bin/countenance.new && mv bin/countenance.new bin/countenance; }

demo: build ## Show every stage on sample photographs; writes demo.png.
	@rm -rf .parts/demo-data
	@bin/countenance demo --samples .parts/samples --data .parts/demo-data --picture demo.png --cases Examples/june-2020.cases.yaml

test: build ## Run every test.
	@python3 setup/test_setup.py
	@setup/setup --with clients
	@swift build $(SWIFT_FLAGS) --build-tests
	@COUNTENANCE_PROGRAM=$(CURDIR)/bin/countenance COUNTENANCE_PARTS=$(PARTS) swift test $(SWIFT_FLAGS) --skip-build

torture: build ## Kill enrolment and forgetting 200 times each; what was reported must hold.
	@swift build $(SWIFT_FLAGS) --build-tests
	@COUNTENANCE_KILLS=200 COUNTENANCE_PROGRAM=$(CURDIR)/bin/countenance COUNTENANCE_PARTS=$(PARTS) swift test $(SWIFT_FLAGS) --skip-build --filter Damage/killed

audit: build ## Accuracy and fairness, as reports in audit/; needs COUNTENANCE_DATASETS.
	@python3 Benchmarks/audit.py audit

benchmark: build ## Measure beside face_recognition, dlib, faiss and usearch; needs COUNTENANCE_DATASETS.
	@setup/setup --with benchmark
	@setup/setup --with clients
	@python3 Benchmarks/benchmark.py

fuzz: setup ## Fuzz the decoder and our file formats for a minute each.
	@FuzzTesting/run

install: build ## Install into PREFIX (default /usr/local).
	@setup/install "$(PREFIX)"

uninstall: ## Remove what install put into PREFIX.
	@setup/install --remove "$(PREFIX)"

clean: ## Remove what was built; the fetched parts stay.
	@rm -rf .build bin demo.png .parts/demo-data
