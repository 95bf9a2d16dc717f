.PHONY: check format sample

check: ## format, lint, types, spelling, tests
	ruff format --check .
	ruff check .
	codespell
	mypy
	python -m pytest

format: ## let ruff set the lines
	ruff format .
	ruff check --fix .

sample: ## remake the sample report, and what is drawn from it
	python reports/sample/make.py
	python -m retaliation_risk.plots.gallery reports/sample docs
	python -m tests.browser.screenshots
