"""The nouns of the field, their legal moves, their clocks and their storage."""
