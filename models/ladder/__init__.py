"""The ladder (domain.md §5): urge, supervise, the contacts in turn; who is told, how, and the proof that it reached them.

`plan` (what comes next, and when: pure) → `floods` (a flood as a handful of groups: pure) → `steps` (rungs as rows, in
the door's transaction) → `people` (who is told) → `deliveries` (each channel's tries) → `inbox`, `talk` (what people
read and answer).
"""
