"""Rates of metadata operations, as a family of benchmarks that a plugin adds."""
