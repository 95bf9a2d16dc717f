"""Imports of millions of ticket events: time and memory from export files to features, beside pandas."""
