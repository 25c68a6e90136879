"""简报: daily, weekly and monthly briefs: which are due, what they say, their archive. Made by the alerts process."""
