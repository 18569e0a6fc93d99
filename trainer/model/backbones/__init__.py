"""Backbones by kind: an image in, one feature map for each stride out. One file each."""

from trainer.model.backbones.csp import CSPDarknet

BACKBONES: dict[str, type] = {part.kind: part for part in (CSPDarknet,)}
