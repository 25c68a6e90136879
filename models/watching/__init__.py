"""Watching under law: which camera may be shown to whom and for what, who looked, how long it is kept (domain.md §9)."""
