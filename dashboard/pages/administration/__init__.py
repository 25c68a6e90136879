"""The administrator's pages of reference data."""
