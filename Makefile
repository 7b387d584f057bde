# Two commands matter: `make run` starts the notes service, `make test` tests everything. `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# Every module of the repository, the root first.
MODULES := . $(patsubst ./%/go.mod,%,$(sort $(shell find . -mindepth 2 -name go.mod -not -path '*/testdata/*')))

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
TESTFLAGS ?=
FUZZTIME ?= 30s
BENCHFLAGS ?= -count=1
RATIOFLAGS ?=

# The race detector needs cgo, and cgo a C compiler.
RACE := $(shell command -v "$$(go env CC)" >/dev/null 2>&1 && echo -race)

.PHONY: help run test lint fuzz bench tidy

help: ## List the commands.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build and start the notes service: https://127.0.0.1:8443
	@cd examples && go build -o ../bin/notes ./notes && cd notes && exec ../../bin/notes

test: ## Check format, vet and test every module, with the race detector where there is a C compiler.
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	@[ -n "$(RACE)" ] || echo "no C compiler found: testing without the race detector"
	@for v in SALLYPORT_TEST_POSTGRES SALLYPORT_TEST_MYSQL SALLYPORT_TEST_REDIS SALLYPORT_TEST_NODE; do \
		eval "[ -n \"\$$$$v\" ]" || echo "$$v is empty: the tests that need it are skipped"; \
	done
	@for m in $(MODULES); do \
		echo "== module $$m"; \
		(cd $$m && go vet ./... && go test $(RACE) -shuffle=on $(TESTFLAGS) ./...) || exit 1; \
	done

lint: ## Run staticcheck on every module, and golangci-lint where it is installed.
	@for m in $(MODULES); do \
		echo "== module $$m"; \
		(cd $$m && go run $(STATICCHECK) ./...) || exit 1; \
		if command -v golangci-lint >/dev/null 2>&1; then (cd $$m && golangci-lint run ./...) || exit 1; fi; \
	done

fuzz: ## Fuzz each target for FUZZTIME (30s).
	@FUZZTIME=$(FUZZTIME) sh .ci/fuzz $(MODULES)

bench: ## Run the benchmarks (BENCHFLAGS=-count=6 compares), then the races with peers (RATIOFLAGS="-house auth").
	@go test -run '^$$' -bench . -benchmem $(BENCHFLAGS) ./...
	@cd internal/bench && go run ./cmd/ratios $(RATIOFLAGS)

tidy: ## Bring go.mod and go.sum of every module up to date.
	@for m in $(MODULES); do (cd $$m && go mod tidy) || exit 1; done
