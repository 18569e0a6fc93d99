"""Heads by kind: feature maps in, raw boxes and classes out. One file each."""

from trainer.model.heads.anchor import AnchorHead

HEADS: dict[str, type] = {part.kind: part for part in (AnchorHead,)}
