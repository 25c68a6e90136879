"""The one door for change: checks the move, writes row, trace and outbox in ONE transaction, returns what happened.

`facade` (open a transaction, do a deed) → `reporting`, `moving`, `ticking` (the deeds) → `orders`, `clocks`, `levels`,
`merging`, `endings`, `escalation` (what follows from them) → `doing` (a move in the making), `standing` (what of the rows
decides it) → `writing` (the transaction's own bookkeeping) → `chain`, `facts`, `sight` (values).
"""

from models.door.chain import verified
from models.door.escalation import next_clock
from models.door.facade import Deed, Door
from models.door.facts import case_fields, escalated_fact
from models.door.reporting import Report
from models.door.sight import visible
from models.door.standing import standing_of
from models.door.writing import Conflict, Outcome, Overtaken

__all__ = [
    "Conflict",
    "Deed",
    "Door",
    "Outcome",
    "Overtaken",
    "Report",
    "case_fields",
    "escalated_fact",
    "next_clock",
    "standing_of",
    "verified",
    "visible",
]
