"""Hostile input: what it may look like (inputs.py) and what must hold of it (properties.py).

`tests/curate/test_hostile.py` tries a little of it in each run of the tests; `python -m tests.fuzz` goes on
for as long as it is told.
"""
