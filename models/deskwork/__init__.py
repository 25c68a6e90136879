"""What the desk works with: the inbox in the order of urgency, cases like this one, kept filters."""
