"""Fit anchors to the boxes of a data set, and compare them with the usual ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curate.anchors import COCO_DEFAULT, Quality, fit, judge, shapes
from curate.errors import CurateError
from curate.formats.discover import open_dataset
from curate.tree import Tree

STRIDES = (8, 16, 32, 64, 128)  # levels P3, P4, ... of the head, finest first


@dataclass(frozen=True)
class Result:
    """Anchors (w, h) in pixels at `imgsz`, smallest first; `per_layer` of them belong to each stride."""

    anchors: tuple[tuple[float, float], ...]
    imgsz: int
    strides: tuple[int, ...]
    per_layer: int
    boxes: int
    left_out: int  # boxes without a usable shape
    quality: Quality
    default: Quality  # of YOLOv5's published anchors on the same boxes

    @property
    def default_was_better(self) -> bool:
        """Whether the published anchors serve these boxes at least as well."""
        return self.default.fitness >= self.quality.fitness

    def as_object(self) -> dict[str, object]:
        """For JSON."""
        return {
            "anchors": [list(anchor) for anchor in self.anchors],
            "fitness": round(self.quality.fitness, 6),
            "mean_iou": round(self.quality.mean_iou, 6),
            "bpr": round(self.quality.bpr, 6),
            "imgsz": self.imgsz,
            "strides": list(self.strides),
            "boxes": self.boxes,
            "left_out": self.left_out,
            "default": {
                "fitness": round(self.default.fitness, 6),
                "mean_iou": round(self.default.mean_iou, 6),
                "bpr": round(self.default.bpr, 6),
            },
        }


def run(
    path: Path,
    *,
    imgsz: int = 640,
    layers: int = 3,
    per_layer: int = 3,
    seed: int = 0,
    workers: int | None = None,
) -> Result:
    """Anchors for every box under `path`, whatever its split and class. Raises CurateError."""
    if not 1 <= layers <= len(STRIDES):
        raise CurateError(f"--layers {layers} is no head.", f"Give 1 to {len(STRIDES)}; the usual is 3.")
    if imgsz < 32:
        raise CurateError(f"--imgsz {imgsz} is too small to train at.", "Give pixels, such as 640.")
    dataset = open_dataset(Tree.open(path), workers=workers)
    found = shapes(dataset, imgsz)
    anchors = fit(found.wh, layers * per_layer, seed)
    return Result(
        anchors=tuple((float(w), float(h)) for w, h in anchors),
        imgsz=imgsz,
        strides=STRIDES[:layers],
        per_layer=per_layer,
        boxes=len(found.wh),
        left_out=found.left_out,
        quality=judge(found.wh, anchors),
        default=judge(found.wh, COCO_DEFAULT),
    )


def describe(result: Result) -> str:
    """The result for people: one line a level, the figures beside those of the usual anchors, the verdict."""
    lines = [f"{result.boxes:,} boxes at {result.imgsz} px"]
    if result.left_out:
        lines[0] += f" ({result.left_out:,} left out: no area inside the image, or image unreadable)"
    for level, stride in enumerate(result.strides):
        mine = result.anchors[level * result.per_layer : (level + 1) * result.per_layer]
        lines.append(f"  stride {stride:>3}:  " + "  ".join(f"{w:g},{h:g}" for w, h in mine))
    lines.append(f"  {'':<22}{'fitness':>9}{'mean IoU':>10}{'recall':>8}")
    for name, quality in (("these", result.quality), ("COCO's, as published", result.default)):
        lines.append(f"  {name:<22}{quality.fitness:>9.4f}{quality.mean_iou:>10.4f}{quality.bpr:>8.4f}")
    if result.default_was_better:
        lines.append("Keep the published anchors: they serve these boxes as well or better.")
    else:
        gain = result.quality.fitness - result.default.fitness
        lines.append(f"Use these: on average {gain:.1%} nearer to a box than the published ones.")
    return "\n".join(lines)
