"""Heads by kind: feature maps in, raw boxes and classes out. One file each."""

from trainer.model.heads.anchor import AnchorHead, Yolov3Head
from trainer.model.heads.free import FreeHead
from trainer.model.heads.ssd import PriorHead

HEADS: dict[str, type] = {part.kind: part for part in (AnchorHead, Yolov3Head, FreeHead, PriorHead)}
