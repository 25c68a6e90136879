"""The command line `gridcommand`: the entry points that read settings and wire the rooms together."""

from dashboard.cli.app import main

__all__ = ["main"]
