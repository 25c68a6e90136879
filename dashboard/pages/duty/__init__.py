"""Duty's pages: the hand-over sheet, its archive, and the coverage of the grids."""
