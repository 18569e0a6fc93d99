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
            "width": self.about.size[0],
            "height": self.about.size[1],
            "stride": self.about.stride,
            "batch": self.about.batch,
            "dynamic": self.about.shape is None,
            "layout": self.layout,
            "output": list(self.output),
            "bytes": self.size,
            "difference": self.difference,
        }


@dataclass(frozen=True)
class Form:
    """What a file shall be like. Raises TrainerError where its parts do not go together."""

    imgsz: int | None = None  # pixels: sides of the images, squares; None: the size trained at
    shape: tuple[int, int] | None = None  # width and height, where they are no squares
    batch: int = 1  # images that pass together
    dynamic: bool = False  # any number of images of any size whose sides the stride divides
    opset: int | None = None  # of ONNX; None: the usual one
    layout: str = AUTO  # of the output, see `trainer.formats.whole`; auto: what suits the head

    def __post_init__(self) -> None:
        if self.layout not in (AUTO, *LAYOUTS):
            known = ", ".join((AUTO, *LAYOUTS))
            raise TrainerError(f"--layout {self.layout} is unknown", f"choose one of {known}")
        if self.opset is not None and not OPSETS[0] <= self.opset <= OPSETS[1]:
            least, most = OPSETS
            raise TrainerError(
                f"--opset {self.opset} cannot be written", f"choose one from {least} to {most}"
            )
        if self.shape is not None and (self.dynamic or self.imgsz is not None):
            other = "--dynamic" if self.dynamic else "--imgsz"
            raise TrainerError("--shape fixes the size", f"leave out {other} or --shape")
        if self.batch < 1:
            raise TrainerError(f"--batch {self.batch} holds no image", "give at least 1")
        if self.dynamic and self.batch > 1:
            raise TrainerError(
                "with --dynamic any number of images may pass", "leave out --batch or --dynamic"
            )

    def size_for(self, model: nn.Module, trained: int) -> tuple[int, int]:
        """(width, height) of the images that the file is for. Raises TrainerError where they cannot be."""
        stride = coarsest_stride(model)
        if self.shape is None:
            size = trained if self.imgsz is None else self.imgsz
            check_imgsz(model, size)
            return size, size
        if any(side < stride or side % stride for side in self.shape):
            asked = "x".join(map(str, self.shape))
            near = "x".join(str(max(stride, round(side / stride) * stride)) for side in self.shape)
            raise TrainerError(f"--shape {asked}: sides must be multiples of {stride}", f"try --shape {near}")
        return self.shape


AS_TRAINED = Form()


def export(weights: Path, out: Path, form: Form = AS_TRAINED, *, overwrite: bool = False) -> Exportation:
    """Write the network of `weights` (a .pt file or a run's folder) to `out`, whose suffix is the format.

    The file takes letterboxed images, RGB in 0..1, and gives all boxes, before suppression. It tells its
    classes and sizes. The same weights give the same ONNX file, byte for byte.

    Raises TrainerError where a file is in the way and `overwrite` is not set, and where what the file answers
    to random images is not what the network answers; nothing has been written then.
    """
    chosen = format_of(out)
    if form.opset is not None and not chosen.has_opset:
        raise TrainerError(f"a {chosen.suffix} file has no opset", "leave out --opset")
    refuse_no_folder(out.parent)
    if out.exists() and not overwrite:
        raise TrainerError(f"{out} would be overwritten", "add --overwrite or choose another -o")
    file = find_weights(weights)
    if is_exported(file):
        raise TrainerError(f"{file} is exported already", "name the weights that it was made of")
    model, meta = load_model(file)
    size, stride = form.size_for(model, meta.imgsz), coarsest_stride(model)
    shape = None if form.dynamic else size
    about = About(meta.classes, max(size), meta.metrics, stride, shape, form.batch)
    layout = layout_of(meta.config.head.kind) if form.layout == AUTO else form.layout
    whole = Whole(folded(model), layout)

    usual = _noise(form.batch, *size)
    seen = [usual]
    if form.dynamic:  # several images, and no squares, so that nothing is taken for a constant by its value
        seen = [_noise(2, size[0], size[1] + stride), usual, _noise(1, 2 * size[0], size[1])]
    opset = form.opset or USUAL_OPSET
    content = chosen.write(whole, seen[0], about, opset)
    answers = Exported(*chosen.load(content))
    difference = max(_difference(whole, answers, images) for images in seen)
    if not difference <= AGREE:
        raise TrainerError(
            f"the {chosen.name} file does not answer as the network does: numbers differ by {difference:.2g}",
            "try another --opset" if chosen.has_opset else "export to .onnx",
        )
    write_atomically(out, content)
    with torch.inference_mode():
        output = tuple(whole(usual).shape)
    return Exportation(
        weights=file,
        path=out,
        format=chosen.name,
        opset=opset if chosen.has_opset else None,
        about=about,
        layout=layout,
        output=output,
        size=len(content),
        difference=difference,
    )


def _noise(batch: int, width: int, height: int) -> Tensor:
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(_SEED))


@torch.inference_mode()
def _difference(whole: nn.Module, exported: Exported, images: Tensor) -> float:
    """The largest one of the two's answers, as a part of one and the number; nan where one is no number."""
    wanted = whole(images)
    (found,) = exported(images)
    if found.shape != wanted.shape:
        return float("inf")
    return float(((found - wanted).abs() / (1 + wanted.abs())).max())
