"""Pascal VOC folders in and out. The only place that knows VOC's pixels: 1-based, the far edge inclusive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from curate.formats.voc_document import Document, parse
from curate.tree import Tree

if TYPE_CHECKING:  # polars is loaded by the one process that builds tables, not by every worker
    from curate.dataset import Dataset

__all__ = ["Document", "VocAnnotation", "VocObject", "parse", "read", "write"]

SYNTHETIC_SOURCE = "curate paste"  # <source><database> of an image that curate drew


@dataclass(frozen=True)
class VocObject:
    """A box to be written; `xyxy` in pixels, 0-based, far edge exclusive."""

    name: str
    xyxy: tuple[float, float, float, float]
    difficult: bool = False
    truncated: bool = False


@dataclass(frozen=True)
class VocAnnotation:
    """A new annotation file. `source` fills `<source>`; without "database" it says Unknown, like labelImg."""

    folder: str
    filename: str
    width: int
    height: int
    depth: int = 3
    objects: Sequence[VocObject] = ()
    source: Mapping[str, str] = field(default_factory=dict)


def write(annotation: VocAnnotation) -> bytes:
    """A VOC file as labelImg writes it: UTF-8, no declaration, tabs."""
    raise NotImplementedError


def read(tree: Tree, classes: Sequence[str] | None = None, workers: int | None = None) -> Dataset:
    """Read every annotation and image below the tree's root."""
    raise NotImplementedError
