"""A report as one page for a browser: `page.to_html` puts the parts below together.

words          every word of the page's own, by language
catalogue      the rules' documentation as HTML
excerpts       the lines a finding is about, before and after its repair
pictures       small pictures, a bounded number of them, and where boxes lie on them
listing        findings as the compact table that the page's script reads
shapes         what the boxes look like at the training resolution, as numbers
charts         those numbers as SVG
overview       counts, classes and splits
page.html .css .js   what the browser gets; the page loads nothing and sends nothing
"""
