"""Where a thing goes: hosts and cut-outs (as numbers) in, a table of placements out. No pixels."""
