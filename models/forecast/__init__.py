"""What the county's own past says about a case: the chance that it will be late, and where it may belong."""
