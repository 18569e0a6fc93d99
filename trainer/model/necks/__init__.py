"""Necks by kind: they mix the backbone's maps across levels. One file each."""

from trainer.model.necks.pan import PAN

NECKS: dict[str, type] = {part.kind: part for part in (PAN,)}
