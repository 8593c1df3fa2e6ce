# Everything here needs only Node (20 with npm 11, or 24) and make; `npm ci` brings Node 24 on Linux.

.PHONY: run test check install

run: install
	@bin/oms start --sample

test: install
	npm test

check: install
	npm run check

install: node_modules/.installed

node_modules/.installed: package.json package-lock.json
	npm ci
	@touch $@
