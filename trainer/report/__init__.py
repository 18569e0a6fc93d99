"""One self-contained page of an evaluation: everything is inside, nothing is loaded, nothing is sent.

page         the frame: style, script, and a policy that forbids every other; tables
svg          what charts are made of; the page colours it, light or dark
lines        curves over shares, and calibration
rows         bars, shares and differences, one a row
matrix       counts in cells
gallery      where images are looked at
pictures     the images that cost most, made small, with their labels, detections and mistakes
judgement    the page of one set of weights
comparison   the page of two
"""
