"""Settings from the environment and a county's reference data as files; knows no other room."""
