"""An ablation for people: its numbers and pictures in; a table, a plot and a page out.

words      every word of it, by language
view       what is shown, without a word of how it is shown
table      for the terminal
plot       ablation.png
bars       the same intervals as inline SVG, for the page
pictures   photographs with labels and detections, small enough to be part of a page
page       ablation.html, one file that loads nothing; page.html and page.css are its parts
"""
