"""A report as one page for a browser: `page.to_html` puts the parts below together.

words          every word of the page's own, by language
catalogue      the rules' documentation as HTML
excerpts       the lines a finding is about, before and after its repair
subjects       which image and which boxes a finding is about
panes          how it is looked at: which picture, turned or close, and where the boxes lie on it
drawing        these pictures as small JPEGs
pictures       which findings get one: a bounded number of them
listing        findings as the compact table that the page's script reads
shapes         what the boxes look like at the training resolution, as numbers
charts         such numbers as SVG
distributions  charts, classes and splits
overview       the head and the rules
page.html .css .js   what the browser gets; the page loads nothing and sends nothing
"""
