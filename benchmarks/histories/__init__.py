"""Point-in-time features beside DuckDB, polars, pandas and featuretools: ``python -m benchmarks.histories``."""
