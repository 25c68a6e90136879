"""Emergency coordination (应急联动): one room for many departments, everything through the one door.

`nouns` and `moves` (the table of moves, pure) → `agenda` (which clock acts next, pure) → `drafting` (reports, pure) →
`tables` → `rooms` (a room as it is stored) → `starting`, `acting`, `ticking` (changes, in the door's transaction) →
`listing` (what lists and figures count).
"""
