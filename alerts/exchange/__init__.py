"""What the `alerts` process exchanges with other systems: feeds of warnings in, facts to webhooks out."""
