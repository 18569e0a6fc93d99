"""Which cells answer for which box: one rule a file. Boxes in, indices out; no network, no image."""
