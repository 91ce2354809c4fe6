# Two targets are all that most people need: `make run` and `make test`. Both install what is missing (scripts/setup.sh).

LISTEN ?= 127.0.0.1:8080
DATA_DIR ?= .jingtu

# A toolchain installed a minute ago is not yet on the path of this terminal.
export PATH := $(PATH):$(HOME)/.cargo/bin
# Queries are checked against the committed .sqlx; no database is needed to build.
export SQLX_OFFLINE = true

WEB_SOURCES := $(shell find web/src -type f 2>/dev/null) $(wildcard web/*.mjs web/*.json web/*.html)
WEB_INSTALLED := web/node_modules/.package-lock.json
# Beside what npm installed, not in web/dist, which is built into the binary whole.
WEB_BUILT := web/node_modules/.jingtu-built

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test clients bench web lint bless clean setup-run setup-test

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
	@echo "  run takes LISTEN=$(LISTEN) and DATA_DIR=$(DATA_DIR)"

run: setup-run web ## install what is missing, build, start with sample data
	cargo run --locked --release --bin jingtu -- serve --demo --listen $(LISTEN) --data-dir $(DATA_DIR)

test: setup-test web lint ## install what is missing, build, run every check and test
	cd web && npm run --silent check && npm test --silent --if-present
	cargo test --locked

clients: setup-test web ## let real clients (GDAL, QGIS, OpenLayers, ...) read everything; ONLY= for a part, see tests/clients
	cargo build --locked --bin jingtu
	tests/clients/run.py $(if $(ONLY),--only $(ONLY))

# rustfmt and clippy are parts of a toolchain that may be left out; then this says so and goes on.
bench: setup-test web ## measure against the bare limit; ONLY= screen, classify, seal, land_check or layers for a part
	cargo bench --locked --bench bench -- $(ONLY) $(UNITS)

lint: ## formatting and clippy
	@if cargo fmt --version >/dev/null 2>&1; then echo cargo fmt --check; cargo fmt --check; \
	else echo "rustfmt is not installed: formatting is not checked"; fi
	@if cargo clippy --version >/dev/null 2>&1; then \
	echo cargo clippy; cargo clippy --locked --all-targets -- -D warnings; \
	else echo "clippy is not installed: lints are not checked"; fi

web: $(WEB_BUILT) ## the page, when its sources have changed

ifeq ($(wildcard web/dist/*),)
.PHONY: $(WEB_BUILT)
endif
$(WEB_BUILT): $(WEB_INSTALLED) $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

$(WEB_INSTALLED): web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

bless: setup-test web ## regenerate .sqlx, openapi/openapi.json and the committed tables; read the diff
	scripts/sqlx-prepare.sh
	JINGTU_BLESS=1 cargo test --locked

clean: ## remove what was built; data stays
	cargo clean
	rm -rf web/dist web/node_modules

setup-run:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test
