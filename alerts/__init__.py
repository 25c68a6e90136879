"""What must reach people: news over Redis to browsers, figures, escalation, notification."""
