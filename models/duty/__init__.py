"""Duty: who is on, what is handed over, which rounds were made. Cores in `roster` and `rounds`, storage in the others."""
