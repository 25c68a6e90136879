"""Benchmarks behind `gridcommand bench NAME`; each prints one JSON line of figures last."""
