"""Channels: how a notification leaves the house. `kinds` (what there is, which hosts), `sending` (one try), `words` (what is said)."""
