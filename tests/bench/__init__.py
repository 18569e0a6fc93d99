"""Benchmarks: `python -m tests.bench.NAME` prints our figure, the reference and the ratio."""
