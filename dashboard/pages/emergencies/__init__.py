"""Pages of emergency coordination."""
