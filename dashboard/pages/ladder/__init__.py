"""Pages of the ladder: one's own inbox, and messages."""
