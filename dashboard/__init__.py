"""What people see and touch: Dash pages, the HTTP API, the command line."""
