"""The pages of the API, one module for each concern."""
