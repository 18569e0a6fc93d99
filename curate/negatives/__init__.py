"""Images without objects: decisions on record, and where such images come from."""
