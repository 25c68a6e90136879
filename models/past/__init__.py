"""The time machine: any past day as it was known then, from the trace; and what the county's picture really said then."""
