# What a newcomer and CI run. Needs Python 3.11 or later, make and git.
# `make demo` and `make test` work offline from the second time on.
PYTHON ?= python3
BIN := .venv/bin
MAIN := .venv/installed
DEV := .venv/installed-dev
# Where it is set, each command would compile all its modules anew.
export PYTHONDONTWRITEBYTECODE =
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test lint types examples templates docs release corpus fuzz fuzz-readers fuzz-sleeps fuzz-fleet sim mutants mutants-planted bench bench-fleet clean

$(MAIN): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; say which: make PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(BIN)/python || { echo "Making an environment in .venv (once) ..."; $(PYTHON) -m venv .venv; }
	@$(PIP) install --quiet --upgrade "pip>=25.1"
	@$(PIP) install --quiet --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@

$(DEV): $(MAIN)
	@echo "Installing what the tests need (once) ..."
	@$(PIP) install --quiet --editable . --group dev
	@touch $@

demo: $(MAIN)  ## Loads a real workbook of a new branch office against the embedded sandbox.
	@rm -rf demo && mkdir demo && cp example_workbooks/new-branch-office.xlsx demo/
	@echo '$$ xlsx2opeasy load demo/new-branch-office.xlsx --sandbox'
	@XLSX2OPEASY_HOME="$(CURDIR)/demo/home" $(BIN)/xlsx2opeasy load demo/new-branch-office.xlsx --sandbox
	@echo
	@echo "Open demo/new-branch-office.rehearsal.xlsx in Excel or LibreOffice: what became of each row stands"
	@echo "in its columns Result, Error code, Error detail and Job."

lint: $(DEV)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(DEV)
	@$(BIN)/mypy

test: lint types  ## Lint, types, tests.
	@$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

examples: $(DEV)  ## Makes the example workbooks anew.
	@$(BIN)/python example_workbooks/make.py

templates: $(DEV)  ## Makes the blank workbooks anew.
	@$(BIN)/xlsx2opeasy template --force templates/workbooks/all-tasks.xlsx
	@$(BIN)/xlsx2opeasy template --force templates/workbooks/add-user-device.xlsx --command AddUserDevice
	@$(BIN)/xlsx2opeasy template --force templates/workbooks/modify-user.xlsx --command ModifyUser
	@$(BIN)/xlsx2opeasy template --force templates/workbooks/delete-user.xlsx --command DeleteUser --command DeleteUserAndDevices
	@$(BIN)/xlsx2opeasy template --force templates/workbooks/phone-numbers.xlsx --task-type PhoneNumbers

docs: $(DEV)  ## Makes the reference documents, and the documentation as a site in build/site.
	@$(BIN)/python docs/make.py
	@$(BIN)/python docs/build_site.py build/site

release: test  ## Builds and checks wheel and sdist in dist/; docs/releasing.md is the checklist.
	@version=$$($(BIN)/xlsx2opeasy --version | cut -d" " -f2); \
		grep -q "^## $$version - 20" CHANGELOG.md || \
		{ echo "CHANGELOG.md has no section \"## $$version - DATE\": cut it first"; exit 1; }
	@test -z "$$(git status --porcelain)" || { echo "Commit first: a release is made of a commit"; exit 1; }
	@rm -rf dist
	@$(BIN)/python -m build --outdir dist .
	@$(BIN)/twine check --strict dist/*
	@$(BIN)/check-wheel-contents dist/*.whl
	@cd dist && sha256sum * > SHA256SUMS && cat SHA256SUMS

corpus: $(DEV)  ## Checks every workbook of a folder, and writes results into them: make corpus DIR=/some/folder
	@$(BIN)/python tests/corpus/run.py "$(DIR)"
	@PYTHONPATH=tests SHARE="$(or $(SHARE),0.3)" SEED="$(or $(SEED),0)" $(BIN)/python -m corpus.results "$(DIR)"

fuzz: $(DEV)  ## Plays random loads with faults and crashes: make fuzz SEEDS=1000 FIRST=0
	@PYTHONPATH=tests $(BIN)/python -m load.fuzz --seeds "$(or $(SEEDS),1000)" --first "$(or $(FIRST),0)"

fuzz-readers: $(DEV)  ## Plays changed workbooks and answers before the readers: make fuzz-readers SECONDS=600 FIRST=0
	@PYTHONPATH=tests $(BIN)/python -m readers.fuzz --seconds "$(or $(SECONDS),600)" --first "$(or $(FIRST),0)"

fuzz-sleeps: $(DEV)  ## Plays loads that are stopped around each call that changes something: make fuzz-sleeps SECONDS=70
	@PYTHONPATH=tests $(BIN)/python -m load.sleeps --seconds "$(or $(SECONDS),70)"

fuzz-fleet: $(DEV)  ## Plays workers that are killed, sleep and lose their database: make fuzz-fleet LOADS=500 ENTERPRISES=50 KILLS=200 STOPS=60 RESTARTS=10 SEED=0 PART=1
	@PYTHONPATH=tests $(BIN)/python -m store.fuzz --loads "$(or $(LOADS),500)" --enterprises "$(or $(ENTERPRISES),50)" \
		--kills "$(or $(KILLS),200)" --stops "$(or $(STOPS),60)" --restarts "$(or $(RESTARTS),10)" --seed "$(or $(SEED),0)" \
		--first "$(or $(PART),1)"

sim: $(DEV)  ## Plays people, machines, wire, clock and disk from one seed, in one process: make sim SEEDS=1000 FIRST=0
	@PYTHONPATH=. $(BIN)/python -m sim --seeds "$(or $(SEEDS),1000)" --first "$(or $(FIRST),0)"

mutants: $(DEV)  ## Mutation testing, goes on where it stood: make mutants ROOM=check; ROOM=load/run/match TESTS=tests/load/test_match.py; DO=results
	@PYTHONPATH=tests $(BIN)/python -m mutants.rooms "$(or $(ROOM),check)" "$(TESTS)" $(or $(DO),run --max-children 2)

mutants-planted: $(DEV)  ## Plays the planted mutants of the protocol: make mutants-planted SEEDS=500
	@PYTHONPATH=tests $(BIN)/python -m mutants.planted --seeds "$(or $(SEEDS),500)"

bench: $(DEV)  ## Measures and writes docs/benchmark.*: make bench ROWS=100000, or a first look: make bench QUICK=1, or some: make bench ONLY="start help"
	@$(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(ROWS),--rows $(ROWS)) $(if $(ONLY),--only $(ONLY))

bench-fleet: $(DEV)  ## Measures what a shared store costs, with a PostgreSQL of its own: docs/several-machines.md
	@PYTHONPATH=tests:. $(BIN)/python -m bench.fleet

clean:
	rm -rf .venv demo dist build
