"""Benchmarks: our code beside the libraries that people would use instead, values compared, in fresh processes."""
