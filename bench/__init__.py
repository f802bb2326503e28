"""`make bench`: what Dateline costs, beside the least that the same answers could cost.

`docs/bench.md` says how to run it and how to read its table.
"""
