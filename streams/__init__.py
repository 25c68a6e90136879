"""What cameras see: sources, masks, health, pictures out. Places are watched, never persons."""
