# Every target is one command that a person could type. `make` alone prints this help.
SHELL := bash
TOOL    := go tool -modfile=internal/tools/go.mod
# What measures memory or time has the machine to itself, and no race detector.
ALONE   := ^(TestHostile|TestDrillOfMany)$$
# The main job, of all that `make e2e` tests.
JOB     := ^(TestWorkloadsOfEveryRole|TestSchedulerBindsToTheRightPool|TestRunsMeetTheRestrictedStandard|TestStockPolyaxon|TestRefusals|TestCoreIsEarned|TestHelm|TestVersion)$$
UNIT    := $$(go list ./... | grep -vE '/e2e(/certs|/displacement|/failure|/soak|/static|/twin)?$$|/internal/cost$$')
# Inputs, not seconds: at the end of a time Go's fuzzing may fail with "context deadline exceeded" although nothing did.
FUZZTIME ?= 20000x
SOAK     ?= 1h
# The Kubernetes of the control plane, 1.34 to 1.37: make job K8S=1.36. Empty: the newest.
export K8S ?=
# The packages with golden files, and the tests whose golden files hold what a real cluster answers.
GOLDENS  := $$(grep -rl --include='*_test.go' 'flag.Bool("update"' internal webhook | xargs -n1 dirname | sort -u | sed 's,^,./,')
LIVEGOLDENS := ^(TestBesidePolymoat|TestDoctor|TestPluginLooksAtTheCluster|TestRefusals|TestSiege)$$
ONLYTWIN := $(if $(filter only,$(TWIN)),twin)
# What a binary says of itself with --version; internal/release and the Dockerfile write the same.
BUILD   := github.com/polymoat/polymoat/internal/build
VERSION  = $(shell git describe --tags --always --dirty --match 'v*' 2>/dev/null)
COMMIT   = $(shell git rev-parse HEAD 2>/dev/null)
# gRPC's own page of traces, which nobody serves, keeps the linker from leaving out what is not called: 19 MB.
TAGS    := grpcnotrace
LDFLAGS  = -s -w -X $(BUILD).version=$(VERSION) -X $(BUILD).commit=$(COMMIT)

##@ See it

.PHONY: help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: ## a tour: a real control plane, pods of every role, attempts that are refused
	@echo "Compiling the demo: about 60 s where nothing is cached"
	go run ./e2e/demo demo

.PHONY: up
up: ## keep the same cluster running, for playing with kubectl; GATES=GenericWorkload=true,... opens feature gates, TWIN=only installs the twin, K8S=1.36 is an older Kubernetes
	go run ./e2e/demo up $(GATES) $(ONLYTWIN)

.PHONY: down
down: ## stop it
	go run ./e2e/demo down

.PHONY: siege
siege: ## every known attack on core, tried by a tenant: held or open; TWIN=only without polymoat, with its native twin
	go run ./e2e/demo siege $(ONLYTWIN)

##@ Build

.PHONY: build
build: ## bin/polymoat and bin/kubectl-polymoat
	CGO_ENABLED=0 go build -trimpath -tags $(TAGS) -ldflags "$(LDFLAGS)" -o bin/ ./cmd/...

.PHONY: image
image: ## dist/image and dist/polymoat.tar: amd64 and arm64, without a container engine
	go run -C internal/release . image

.PHONY: release
release: ## the image, the plugin's archives and krew manifest, checksums and notes of a tag, in dist
	go run -C internal/release . all

.PHONY: manifests
manifests: ## manifests/install.yaml, the schema of the chart's values and its dashboard (builds helm: two minutes, once)
	go test -count=1 ./e2e/chart -update
	cd e2e/monitoring && go test -count=1 -run Fresh . -update

.PHONY: goldens
goldens: ## every golden file, schema and generated table anew, in nested modules too; then read git diff. LIVE=1: those of a real cluster, too
	go test -count=1 ./internal/cli -run PolicySchema -update
	go test -count=1 -p 1 -timeout 15m -skip '$(ALONE)' $(GOLDENS) -update
	go test -count=1 ./e2e/chart -update
	cd e2e/scheduler && go test -count=1 -run Gates . -update
	cd e2e/monitoring && go test -count=1 -run Fresh . -update
	$(if $(LIVE),go run ./e2e/demo build && go test -count=1 -timeout 20m -run '$(LIVEGOLDENS)' ./e2e -update && go test -count=1 -run '^TestSiege$$' ./e2e -twin -update)

.PHONY: clean
clean: down ## remove what was built, the control plane in .cache too
	rm -rf bin dist .cache

##@ Test

.PHONY: test
test: vet lint build unit job ## unit tests, the corpus, the chart, and the main job in a real control plane

.PHONY: check
check: SOAK := 5m
check: race e2e native monitoring map published fuzz soak ## the long rest; .ci/run is both

.PHONY: quick
quick: ## what decides, in a minute: policy, roles, landing, cases, doctor, documents
	go test ./internal/api/... ./internal/policy ./internal/override ./internal/polyaxon ./internal/landing ./internal/corpus ./internal/doctor ./internal/arch

.PHONY: vet
vet: ## go vet
	go vet ./...

.PHONY: lint
lint: ## golangci-lint, built from internal/tools (the first time takes two minutes)
	$(TOOL) golangci-lint run ./...
	go tool -modfile=internal/tools/actionlint/go.mod actionlint

.PHONY: unit
unit: ## unit tests, the corpus and the chart; what a decision costs (builds helm: two minutes, once)
	go test -timeout 15m -skip '$(ALONE)' $(UNIT)
	go test -count=1 -timeout 10m -p 1 -run '$(ALONE)' ./webhook ./internal/cli
	go test -count=1 -timeout 10m ./internal/cost

.PHONY: job
job: ## pods of every role end on their nodes and attempts are refused, in a real control plane; K8S=1.34 to 1.37
	go run ./e2e/demo build
	go test -count=1 -timeout 20m -v -run '$(JOB)' ./e2e

.PHONY: race
race: ## the unit tests again, with the race detector
	go test -race -timeout 15m $(UNIT)

.PHONY: published
published: ## image, archives, bills of materials and krew manifest, twice
	cd internal/release && go test -timeout 15m ./...

.PHONY: native
native: ## the native twin of a policy against the policy, with the API server's own packages
	cd e2e/native && go vet ./... && GOGC=400 go test -timeout 30m . -twin.policies 200 -twin.requests 500

.PHONY: monitoring
monitoring: ## the dashboard and the alerts, with Prometheus' own libraries (the first time takes three minutes)
	cd e2e/monitoring && go vet ./... && go test -timeout 15m ./...

.PHONY: e2e
e2e: ## a real control plane, and cert-manager, built from Go modules (the first time takes ten minutes); K8S=1.34 to 1.37
	go run ./e2e/demo build
	cd e2e/scheduler && go test -count=1 -timeout 20m -v ./...
	go test -count=1 -timeout 20m -v -p 1 ./e2e ./e2e/certs ./e2e/displacement ./e2e/failure ./e2e/static ./e2e/twin
	go test -count=1 -timeout 10m -v ./e2e -twin -run '^(TestSiege|TestSiegeForReal|TestSchedulerBindsToTheRightPool|TestStockPolyaxon)$$/^2.15$$'

.PHONY: soak
soak: ## a mixed load for SOAK (1h), with rotations, rollouts and node churn: nothing fails, memory is flat
	go run ./e2e/demo build
	go test -count=1 -timeout 0 -v ./e2e/soak -soak $(SOAK)

.PHONY: map
map: browser ## the page that the plugin draws, in Chromium; screenshots in dist/map
	cd e2e/map && go vet ./... && go test -count=1 -timeout 5m -v ./...

.PHONY: browser
browser: ## Chromium from Debian, unless it is there; as root
	e2e/map/browser.sh

.PHONY: fuzz
fuzz: ## every fuzz test with FUZZTIME (20000x) inputs
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z]*' cmd webhook internal | while IFS=: read -r file func; do \
	  go test -run '^$$' -fuzz "^$${func#func }$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "./$$(dirname "$$file")" || exit; done

.PHONY: bench
bench: ## what admission costs, against a webhook that does nothing; through a real API server, against its own policies
	go test -run '^$$' -bench . -benchmem ./internal/... ./webhook/...
	go test -count=1 -timeout 10m -run TestHostile ./webhook -quiet
	go run ./e2e/demo build
	go test -count=1 -run TestFloodOfObjects ./e2e -quiet
	go test -run '^$$' -bench . -benchtime 1x -timeout 20m -v ./e2e/bench
