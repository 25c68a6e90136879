"""The evaluation (绩效评价): from the traces of cases to figures that any later day recomputes alike.

`folding` (pure) reads one case as of the end of a month; `books` keeps what it found, month by month; `scoring` (pure)
makes shares, scores and grades of it by the formulas in force then; `appeals` takes cases out, with a trace.
"""
