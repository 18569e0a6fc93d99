"""Findings that the user knows of and does not want to see again: they are neither shown nor repaired.

globs.py         which files a pattern means
suppressions.py  [[suppress]] of the configuration, and comments in the XML
baseline.py      everything that was found on one day, in a file
screen.py        all of them together, and the rules that are ignored in some files
"""
