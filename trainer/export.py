"""Weights in, a file that other programs run out: checked against the network before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from trainer.checkpoint import load_model
from trainer.detect import check_imgsz, coarsest_stride, find_weights
from trainer.errors import TrainerError
from trainer.files import refuse_no_folder, write_atomically
from trainer.formats import format_of, is_exported
from trainer.formats.about import About
from trainer.formats.exported import Exported
from trainer.formats.onnx import OPSETS, USUAL_OPSET
from trainer.formats.whole import LAYOUTS, ROWS, Whole, layout_of
from trainer.model.folding import folded

AUTO = "auto"
SCHEMA = 1  # of the JSON
#: Numbers of the file and of the network differ by no more than that part of themselves and one.
AGREE = 1e-3
_SEED = 0  # of the images that both look at


@dataclass(frozen=True)
class Exportation:
    """What was written."""

    weights: Path
    path: Path
    format: str
    opset: int | None
    about: About
    layout: str  # of `trainer.formats.whole`
    output: tuple[int, ...]  # shape, for images of the size that `about` says
    size: int  # bytes
    difference: float  # largest between file and network, as a part of the number and one

    @property
    def values(self) -> str:
        """What of a box stands before its classes."""
        return "cx, cy, w, h, objectness" if self.layout == ROWS else "cx, cy, w, h"

    def as_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "schema": SCHEMA,
            "weights": str(self.weights),
            "path": str(self.path),
            "format": self.format,
            "opset": self.opset,
            "classes": list(self.about.classes),
            "imgsz": self.about.imgsz,
            "stride": self.about.stride,
            "batch": self.about.batch,
            "free": self.about.free,
            "layout": self.layout,
            "output": list(self.output),
            "bytes": self.size,
            "difference": self.difference,
        }


def export(
    weights: Path,
    out: Path,
    *,
    imgsz: int | None = None,
    batch: int = 1,
    free: bool = False,
    opset: int | None = None,
    layout: str = AUTO,
    overwrite: bool = False,
) -> Exportation:
    """Write the network of `weights` (a .pt file or a run's folder) to `out`, whose suffix is the format.

    The file takes `batch` square images of `imgsz` pixels (by default the size trained at), letterboxed, RGB
    in 0..1, or with `free` any number of images of any size whose sides the stride divides; it gives all
    boxes, before suppression, in the `layout` of `trainer.formats.whole`. It holds its classes and sizes.

    Raises TrainerError where a file is in the way and `overwrite` is not set, and where what the file answers
    to random images is not what the network answers; nothing has been written then.
    """
    chosen = format_of(out)
    if layout not in (AUTO, *LAYOUTS):
        raise TrainerError(f"--layout {layout} is unknown", f"choose one of {AUTO}, {', '.join(LAYOUTS)}")
    if opset is not None and not chosen.has_opset:
        raise TrainerError(f"a {chosen.suffix} file has no opset", "leave out --opset")
    if opset is not None and not OPSETS[0] <= opset <= OPSETS[1]:
        raise TrainerError(
            f"--opset {opset} cannot be written", f"choose one from {OPSETS[0]} to {OPSETS[1]}"
        )
    if batch < 1:
        raise TrainerError(f"--batch {batch} holds no image", "give at least 1")
    refuse_no_folder(out.parent)
    if out.exists() and not overwrite:
        raise TrainerError(f"{out} would be overwritten", "add --overwrite or choose another -o")
    file = find_weights(weights)
    if is_exported(file):
        raise TrainerError(f"{file} is exported already", "name the weights that it was made of")
    model, meta = load_model(file)
    size = meta.imgsz if imgsz is None else imgsz
    check_imgsz(model, size)
    about = About(meta.classes, size, meta.metrics, coarsest_stride(model), free, batch)
    laid_out = layout_of(meta.config.head.kind) if layout == AUTO else layout
    whole = Whole(folded(model), laid_out)

    # more than one image and no square, so that nothing is taken for a constant by its value
    tall = size + about.stride if free else size
    example = _noise(batch + 1 if free else batch, tall, size)
    opset = (USUAL_OPSET if opset is None else opset) if chosen.has_opset else None
    content = chosen.write(whole, example, about, opset or USUAL_OPSET)
    run, told = chosen.load(content)
    answers = Exported(run, told)
    others = [_noise(batch, size, size)] + ([_noise(1, size, 2 * size)] if free else [])
    difference = max(_difference(whole, answers, images) for images in (example, *others))
    if not difference <= AGREE:
        raise TrainerError(
            f"the {chosen.name} file does not answer as the network does: numbers differ by {difference:.2g}",
            "try another --opset" if chosen.has_opset else "export to .onnx",
        )
    write_atomically(out, content)
    with torch.inference_mode():
        shape = tuple(whole(others[0]).shape)
    return Exportation(
        weights=file,
        path=out,
        format=chosen.name,
        opset=opset,
        about=about,
        layout=laid_out,
        output=shape,
        size=len(content),
        difference=difference,
    )


def _noise(batch: int, height: int, width: int) -> Tensor:
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(_SEED))


@torch.inference_mode()
def _difference(whole: nn.Module, exported: Exported, images: Tensor) -> float:
    """The largest one of the two's answers, as a part of one and the number; nan where one is no number."""
    wanted = whole(images)
    (found,) = exported(images)
    if found.shape != wanted.shape:
        return float("inf")
    return float(((found - wanted).abs() / (1 + wanted.abs())).max())
