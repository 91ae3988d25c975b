# make run    a demo shop at http://localhost:8080 (needs Go alone)
# make test   everything that is tested; installs what it misses on Debian
# make pictures  the README's pictures, every layout in light and dark
# make bench  the benchmarks, each beside its yardstick in the same run
# make compare  this product beside three others from npm on the same page, in Chromium; ARGS=--write for the README
# make crash  kill -9 under load, 1 000 times each: the server on the embedded store, the server on Redis, and Redis; takes hours
# make scale  a million decisions on either store, ten million records exported, a million verified: memory and time; may take hours, and several GB of disk

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BUILD   := CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

.PHONY: run build test pictures bench compare crash scale generate

build:
	@$(BUILD) -o bin/consentry ./cmd/consentry

run: build
	@./bin/consentry demo --dir .demo

test:
	@.ci/install
	@.ci/test

pictures: build
	@cd static && CONSENTRY=../bin/consentry node test/screenshots.mjs

bench:
	@.ci/bench

compare: build
	@.ci/install
	@cd static/test/compare && { [ -d node_modules ] || npm ci --ignore-scripts --no-audit --no-fund --silent; }
	@cd static && CONSENTRY=../bin/consentry node test/compare.mjs $(ARGS)

crash:
	CGO_ENABLED=0 CONSENTRY_KILLS=1000 go test ./cmd/consentry -run 'OutlivesKill$$' -v -timeout 12h
	CGO_ENABLED=0 CONSENTRY_KILLS=150 go test ./cmd/consentry -run 'OutlivesKillsBesideRedis$$' -v -count 10 -timeout 12h

scale:
	@.ci/scale

generate:
	go tool templ generate
	go generate ./...
