"""The one door for change: checks the move, writes row, trace and outbox in ONE transaction, returns what happened.

`facade` (open a transaction, do a deed) → `reporting`, `moving`, `ticking` (the deeds) → `orders`, `escalation` (their
parts) → `writing` (the transaction's own bookkeeping) → `chain`, `facts`, `sight` (values).
"""

from models.door.chain import chained, verified
from models.door.escalation import next_clock
from models.door.facade import Deed, Door
from models.door.facts import case_fields, escalated_fact
from models.door.reporting import Report
from models.door.sight import visible
from models.door.writing import Conflict, Outcome

__all__ = [
    "Conflict",
    "Deed",
    "Door",
    "Outcome",
    "Report",
    "case_fields",
    "chained",
    "escalated_fact",
    "next_clock",
    "verified",
    "visible",
]
