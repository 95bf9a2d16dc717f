.PHONY: check format

check: ## format, lint, types, spelling, tests
	ruff format --check .
	ruff check .
	codespell
	mypy
	python -m pytest

format: ## let ruff set the lines
	ruff format .
	ruff check --fix .
