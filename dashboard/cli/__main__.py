"""`python -m dashboard.cli`: the same as `gridcommand`."""

from dashboard.cli.app import main

main()
