"""The boxes of a data set in numbers, and the network that suits them: terminal, page and plot.

groups  what is measured of all boxes, of each split and of each class
words   every word, in English and Chinese
advice  the sentences: which levels, which size, which anchors, which threshold
table   on the terminal
page    as HTML
plot    as PNG
"""
