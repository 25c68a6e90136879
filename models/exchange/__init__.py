"""What is exchanged with other systems: warnings (CAP 1.2), webhooks, exports."""
