"""Repairs as data: plan them in memory, show them, write them so that they can be taken back.

plan.py     findings -> edits -> changed bytes, to a fixpoint; nothing is written
diff.py     a plan as a unified diff of decoded text
apply.py    a plan -> the disk, journal first
journal.py  what a run changed and what was there before
undo.py     a journal -> the disk as it was
lock.py     one process at a time
durable.py  one file at a time: whole and on the disk, or not at all
"""
