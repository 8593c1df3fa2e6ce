# Everything here needs only Node (20 with npm 11, or 24) and make; `npm ci` brings Node 24 on Linux. `stack` needs Docker 25
# or newer with compose, `stack-local` instead a JDK, 17 or newer, and Maven.

.PHONY: run test test-long check install stack stack-demo stack-down stack-local

run: install
	@bin/oms start --sample

test: install
	npm test

# Tests that take minutes: engines that are taken away or hang, files without end, and mutations of the code, each of which the others must find.
test-long: install
	npm run test:long

check: install
	npm run check

# The stack profile: MongoDB, Kafka, S3, SQS and the service in three roles.
stack:
	docker compose up --build --detach --wait --wait-timeout 600

stack-demo: install
	@npm run --silent stack-demo

# Removes its data, too.
stack-down:
	docker compose down --volumes --remove-orphans

# The same without Docker, until Ctrl-C. `make stack-local ARGS=--demo` shows it at work and ends.
stack-local: install
	@npm run --silent stack-local -- $(ARGS)

install: node_modules/.installed

node_modules/.installed: package.json package-lock.json
	npm ci
	@touch $@
