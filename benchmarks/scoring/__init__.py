"""Risks of many customers from stored features."""
