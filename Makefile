# make run    a demo shop at http://localhost:8080 (needs Go alone)
# make test   everything that is tested; installs what it misses on Debian
# make bench  the benchmarks, each beside its yardstick in the same run

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BUILD   := CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

.PHONY: run build test bench generate

build:
	@$(BUILD) -o bin/consentry ./cmd/consentry

run: build
	@./bin/consentry demo --dir .demo

test:
	@.ci/install
	@.ci/test

bench:
	@.ci/bench

generate:
	go tool templ generate
	go generate ./...
