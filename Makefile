# Everything here needs only Node (20 with npm 11, or 24) and make; `npm ci` brings Node 24 on Linux. `stack` needs Docker 25
# or newer with compose, `stack-local` instead a JDK, 17 or newer, and Maven.

# The page is built again when one of its sources is newer.
PAGE_SOURCES := $(shell find src/web src/model src/http/responses.ts -type f) vite.config.ts

.PHONY: run test test-web test-long check install stack stack-demo admin-key stack-down stack-local

run: install dist/web/index.html
	@bin/oms start --sample

test: install
	npm test

# In Chromium, which must be on the machine: chromium-headless-shell is the fastest.
test-web: install dist/web/index.html
	npm run test:web

# Tests that take minutes: engines that are taken away or hang, kills at random moments, most of the fault matrix, damaged stores,
# attacks, files without end, and mutations of the code, each of which the others must find.
test-long: install
	npm run test:long

check: install
	npm run check

# The stack profile: MongoDB, Kafka, S3, SQS and the service in three roles.
stack: admin-key
	docker compose up --build --detach --wait --wait-timeout 600

stack-demo: install admin-key
	@npm run --silent stack-demo

# The secret of its admin, in .secrets/admin-key.
admin-key:
	@scripts/admin-key.sh

# Removes its data, too.
stack-down:
	docker compose --profile finalizer down --volumes --remove-orphans

# The same without Docker, until Ctrl-C. `make stack-local ARGS=--demo` shows it at work and ends.
stack-local: install
	@npm run --silent stack-local -- $(ARGS)

dist/web/index.html: node_modules/.installed $(PAGE_SOURCES)
	@npm run --silent build:web

install: node_modules/.installed

node_modules/.installed: package.json package-lock.json
	npm ci
	@touch $@
