# What a newcomer and CI run. Needs Python 3.11 or later, make and git.
# `make demo` and `make test` work offline from the second time on.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test lint types examples templates docs corpus fuzz bench clean

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; say which: make PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(BIN)/python || { echo "Making an environment in .venv (once) ..."; $(PYTHON) -m venv .venv; }
	@$(PIP) install --quiet --upgrade "pip>=25.1"
	@$(PIP) install --quiet --editable . --group dev
	@touch $@

demo: $(STAMP)  ## Loads a real workbook of a new branch office against the embedded sandbox.
	@rm -rf demo && mkdir demo && cp example_workbooks/new-branch-office.xlsx demo/
	@echo '$$ xlsx2opeasy load demo/new-branch-office.xlsx --sandbox'
	@XLSX2OPEASY_HOME="$(CURDIR)/demo/home" $(BIN)/xlsx2opeasy load demo/new-branch-office.xlsx --sandbox
	@echo
	@echo "Open demo/new-branch-office.rehearsal.xlsx in Excel or LibreOffice: what became of each row stands"
	@echo "in its columns Result, Error code, Error detail and Job."

lint: $(STAMP)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(STAMP)
	@$(BIN)/mypy

test: lint types  ## Lint, types, tests.
	@$(BIN)/pytest --numprocesses auto --dist loadfile

examples: $(STAMP)  ## Makes the example workbooks anew.
	@$(BIN)/python example_workbooks/make.py

templates: $(STAMP)  ## Makes the blank workbooks anew.
	@$(BIN)/xlsx2opeasy template --force templates/workbooks/all-tasks.xlsx
	@$(BIN)/xlsx2opeasy template --force templates/workbooks/add-user-device.xlsx --command AddUserDevice
	@$(BIN)/xlsx2opeasy template --force templates/workbooks/modify-user.xlsx --command ModifyUser
	@$(BIN)/xlsx2opeasy template --force templates/workbooks/delete-user.xlsx --command DeleteUser --command DeleteUserAndDevices
	@$(BIN)/xlsx2opeasy template --force templates/workbooks/phone-numbers.xlsx --task-type PhoneNumbers

docs: $(STAMP)  ## Makes the reference documents anew.
	@$(BIN)/python docs/make.py

corpus: $(STAMP)  ## Checks every workbook of a folder, and writes results into them: make corpus DIR=/some/folder
	@$(BIN)/python tests/corpus/run.py "$(DIR)"
	@PYTHONPATH=tests SHARE="$(or $(SHARE),0.3)" SEED="$(or $(SEED),0)" $(BIN)/python -m corpus.results "$(DIR)"

fuzz: $(STAMP)  ## Plays random loads with faults and crashes: make fuzz SEEDS=1000 FIRST=0
	@PYTHONPATH=tests $(BIN)/python -m load.fuzz --seeds "$(or $(SEEDS),1000)" --first "$(or $(FIRST),0)"

bench: $(STAMP)  ## Measures and writes docs/benchmark.*: make bench ROWS=100000, or a first look: make bench QUICK=1
	@$(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(ROWS),--rows $(ROWS))

clean:
	rm -rf .venv demo
