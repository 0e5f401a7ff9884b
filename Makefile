# The verbs of the house. `make help` lists them.

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS   = -s -w -X main.version=$(VERSION)
LINT      = $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run
SEEDS    ?= 20
FUZZ     ?= 20000x
# Where concurrency lives; the race detector walks these.
RACE      = ./probe ./probe/callback ./probe/cloudflare ./probe/dns ./probe/signin ./probe/smtp ./probe/tls ./stage ./oracle ./store/... ./chat ./audit ./audit/limits ./audit/latency ./demo/front ./demo/mailhost ./demo/model ./demo/nameserver ./secretscan ./tail ./guard ./guard/auth ./guard/idempotency ./guard/limits ./guard/model ./guard/ownership ./guard/record ./guard/spend ./guard/state ./guard/transport ./edge

# Walks of whole applications, which make test does without the detector.
LONG      = TestFlaws|TestSusceptible|TestRefusing|TestHostile|TestRegressionOnTheDemo|TestDatabaseFlaws

.PHONY: help build test race soak bench lint vet fuzz docs arch demo clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  \1\t\2/'

build: ## a static binary in bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/launchready ./cmd/launchready

# Vet is a verb of its own: asked here as well, it would look at every package twice.
test: ## every test, and what they need beside Go
	. .ci/packages && $(GO) test -vet=off -timeout 15m ./...

race: ## the race detector where concurrency lives
	. .ci/packages && $(GO) test -race -shuffle=on -timeout 15m -skip '$(LONG)' $(RACE)

soak: ## the readiness test with many seeds: SEEDS=20
	$(GO) test -run 'TestReadiness' -timeout 120m . -single -seeds $(SEEDS)
	$(GO) test -race -skip 'TestFlaws|TestDatabaseFlaws' -timeout 20m ./demo
	$(GO) test -run 'TestSusceptible|TestHalfSusceptible' -v -timeout 120m ./audit/model -seeds $(SEEDS)

bench: ## what an audit costs: time, memory, growth, start
	$(GO) run ./bench

lint: ## golangci-lint by .golangci.yml; the first time it compiles for minutes
	$(LINT) ./...

vet: ## go vet
	$(GO) vet ./...

fuzz: ## every fuzz target for a short time: FUZZ=20000x
	.ci/fuzz $(FUZZ)

docs: ## print docs/ from the code
	$(GO) test ./config ./report/json ./internal/checkdoc -run 'Drift|Drifted' -update
	$(GO) test ./cmd/launchready -run Drift -update

arch: ## who may import whom, and the shape of the tree
	$(GO) test -run 'TestArchitecture|TestHouse|TestCatalogue' .

demo: ## the demo, from source
	$(GO) run ./cmd/launchready demo

clean: ## remove what was built
	rm -rf bin dist
