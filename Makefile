# Everything the project is built, tested and measured with. `make help` lists the targets.
SHELL      := /bin/bash
PREFIX     ?= $(HOME)/.local
RID        ?= $(if $(filter aarch64,$(shell uname -m)),linux-arm64,linux-x64)
PUBLISH    := artifacts/publish
COMMANDS   := gbatch gqueue gjob gcancel ginfo gctl gstats

.DEFAULT_GOAL := help
.PHONY: help build test lint publish install uninstall e2e bench bench-builds bench-lists bench-deliveries bench-arrays bench-attacked bench-notify soak history faults frames ci clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -ts $$'\t'

build: ## compile everything
	dotnet build gflow.slnx -warnaserror

test: ## what needs only the SDK
	dotnet test

lint: ## warnings are errors; formatting as .editorconfig says
	dotnet build gflow.slnx --no-incremental -warnaserror
	dotnet format gflow.slnx --verify-no-changes --no-restore

publish: ## native binaries in artifacts/publish
	@eng/aot-tools
	@echo "three programs to native code; this takes minutes"
	@dotnet msbuild eng/publish.proj -t:Restore -p:RuntimeIdentifier=$(RID) -nologo -v:quiet
	@dotnet msbuild eng/publish.proj -m -p:RuntimeIdentifier=$(RID) -p:PublishDir=$(CURDIR)/$(PUBLISH)/ -nologo -v:quiet -warnaserror
	@rm -f $(PUBLISH)/*.dbg $(PUBLISH)/*.pdb $(PUBLISH)/*.json
	@ls -l $(PUBLISH)

install: publish ## native binaries and their links into PREFIX/bin (default ~/.local)
	@eng/install $(PUBLISH) "$(PREFIX)" $(COMMANDS)

uninstall: ## remove what install put into PREFIX
	rm -f $(foreach c,gflow gflowd $(COMMANDS),"$(PREFIX)/bin/$(c)") && rm -rf "$(PREFIX)/libexec/gflow"

e2e: publish ## the published binaries with real processes, signals and mail servers
	eng/e2e $(PUBLISH)

bench: publish ## side by side with named alternatives; tables in bench/results (about 7 minutes, as root)
	bench/run $(PUBLISH)

bench-builds: publish ## against the published programs of another commit, in BEFORE; table in bench/results (about 10 minutes)
	python3 -B bench/measure/builds.py "$(BEFORE)" $(PUBLISH) bench/results/builds.md

bench-lists: publish ## lists of 10,000 jobs beside curl; table in bench/results (about 3 minutes)
	python3 -B bench/measure/lists.py $(PUBLISH) bench/results/lists.md

bench-deliveries: publish ## pages of 100,000 deliveries beside the same rows read from the file; table in bench/results (about a minute)
	python3 -B bench/measure/deliveries.py $(PUBLISH) bench/results/deliveries.md

bench-arrays: publish ## arrays of 10,000 beside single jobs of another commit's programs, in BEFORE, and task-spooler; table in bench/results (about 5 minutes)
	command -v tsp >/dev/null || eng/apt task-spooler
	python3 -B bench/measure/arrays.py $(PUBLISH) bench/results/arrays.md $(BEFORE)

bench-attacked: publish ## a user beside one who floods a daemon for everybody; table in bench/results (about 2 minutes, as root)
	python3 -B bench/measure/attacked.py $(PUBLISH) bench/results/attacked.md

bench-notify: publish ## notifications: order, speed, isolation, memory, beside Alertmanager; table in bench/results (about 13 minutes, as root)
	bench/run-notify $(PUBLISH)

soak: publish ## the daemon killed again and again under jobs and 200,000 deliveries, its heartbeat, parsers with made inputs; verdict in bench/results (about 22 minutes, as root)
	bench/soak $(PUBLISH)

history: publish ## 1,000,000 operations of many users, checked call by call; verdict in bench/results (about 30 minutes, as root)
	bench/history $(PUBLISH)

faults: publish ## a disk that fails, is full or ends with the daemon, at every sync and many writes; table in bench/results (about 7 minutes, as root)
	bench/faults $(PUBLISH)

frames: publish ## 20,000 reads on frames of the event stream and 1,000 waits on a slow disk; table in bench/results (about 3 minutes, as root)
	bench/frames $(PUBLISH)

ci: ## what .ci/run calls: lint, tests, native binaries, end to end
	eng/ci

clean:
	rm -rf artifacts
	find src tests bench -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
