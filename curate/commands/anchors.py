"""Fit anchors to the boxes of a data set, and compare them honestly with the published ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from curate.anchors import class_numbers, shapes
from curate.errors import CurateError
from curate.formats.discover import open_dataset
from curate.resolution import refuse_size
from curate.tree import Tree

if TYPE_CHECKING:
    from trainer.anchor_choice import Choice
    from trainer.anchors import Quality


NAMES = {"fitted": "these", "alike": "with classes alike", "published": "COCO's, as published"}


def run(
    path: Path,
    *,
    imgsz: int = 640,
    layers: int = 3,
    per_layer: int = 3,
    strides: Sequence[int] | None = None,
    objective: Literal["ratio", "iou"] = "ratio",
    anchor_t: float = 4.0,
    seed: int = 0,
    workers: int | None = None,
) -> Choice:
    """Anchors for every box under `path`, whatever its split and class. Raises CurateError.

    `strides` say which levels there are, and go before `layers`, the number of the usual ones.
    """
    from trainer.anchor_choice import STRIDES, choose  # loads no torch

    _refuse(imgsz, layers, objective, anchor_t)
    levels = tuple(strides) if strides is not None else STRIDES[:layers]
    if not levels or any(s not in (4, *STRIDES) for s in levels) or sorted(set(levels)) != list(levels):
        shown = ",".join(map(str, levels))
        raise CurateError(f"--strides {shown} is no head.", "Give some of 4,8,16,32,64,128 in that order.")
    dataset = open_dataset(Tree.open(path), workers=workers)
    found = shapes(dataset, imgsz)
    if not len(found.wh):
        raise CurateError("There is no box to fit anchors to.", "Label some objects first.")
    return choose(
        found.wh,
        found.image,
        imgsz=imgsz,
        strides=levels,
        per_layer=per_layer,
        objective=objective,
        anchor_t=anchor_t,
        seed=seed,
        left_out=found.left_out,
        classes=class_numbers(dataset, found),
    )


def _refuse(imgsz: int, layers: int, objective: str, anchor_t: float) -> None:
    from trainer.anchor_choice import STRIDES
    from trainer.anchor_search import OBJECTIVES

    if not 1 <= layers <= len(STRIDES):
        raise CurateError(f"--layers {layers} is no head.", f"Give 1 to {len(STRIDES)}; the usual is 3.")
    refuse_size(imgsz)
    if objective not in OBJECTIVES:
        raise CurateError(f"--objective {objective} is unknown.", f"Choose {' or '.join(OBJECTIVES)}.")
    if not 1 < anchor_t < 100:
        what = "would match every box with every anchor" if anchor_t >= 100 else "matches nothing"
        raise CurateError(f"--anchor-t {anchor_t:g} {what}.", "Give 2 to 8; the usual is 4.")


def describe(result: Choice) -> str:
    """The result for people: one line a level, the figures beside those of the usual anchors, the verdict."""
    lines = [f"{result.boxes:,} boxes at {result.imgsz} px"]
    if result.left_out:
        lines[0] += f" ({result.left_out:,} left out: no area inside the image, or image unreadable)"
    for level, stride in enumerate(result.strides):
        mine = result.anchors[level * result.per_layer : (level + 1) * result.per_layer]
        lines.append(f"  stride {stride:>3}:  " + "  ".join(f"{w:g},{h:g}" for w, h in mine))
    lines.append(
        f"  {'':<22}{'fitness':>9}{'mean IoU':>10}{'recall':>8}{'on its level':>14}{'answering':>11}"
    )
    for name, one in result.judged.items():
        lines.append(_row(NAMES[name], one.quality) + f"{one.at_home:>14.1%}{one.answering:>11.1f}")
    if result.held_out is not None:
        lines.append(_row("these, on other images", result.held_out))
    lines += verdict(result)
    return "\n".join(lines)


def _row(name: str, quality: Quality) -> str:
    return f"  {name:<22}{quality.fitness:>9.4f}{quality.mean_iou:>10.4f}{quality.bpr:>8.4f}"


def verdict(result: Choice) -> list[str]:
    """What to do, and why, in sentences."""
    from trainer.anchor_choice import ENOUGH, TOLD, WORTH

    what = "mean IoU" if result.objective == "iou" else "fitness"
    gain = f"{what} {result.gain:+.3f} on {'other images' if result.held_out else 'the same boxes'}"
    if result.verdict == "keep" and result.gain > 0:
        lines = [
            f"Keep the published anchors: fitted ones are nearer ({gain}), but {result.misplaced:.0%} of the "
            "boxes would be learnt on a level that does not suit their size. Fit levels first: curate stats."
        ]
    elif result.verdict == "keep":
        lines = [f"Keep the published anchors: they serve these boxes as well or better ({gain})."]
    elif result.verdict == "either":
        lines = [
            f"Keep the published anchors: they answer for {result.default.bpr:.1%} of the boxes, and fitted "
            f"ones are hardly nearer ({gain}, less than {WORTH:g})."
        ]
    elif result.default.bpr < ENOUGH:
        lines = [
            f"Use these: the published ones answer for {result.default.bpr:.1%} of the boxes only ({gain})."
        ]
    else:
        lines = [
            f"Use these when training from scratch ({gain}). With weights that know the published ones keep "
            f"those: they answer for {result.default.bpr:.1%} of the boxes."
        ]
    if result.verdict == "fit" and result.misplaced >= TOLD:
        lines.append(
            f"But {result.misplaced:.0%} of the boxes would be learnt on a level that does not suit their "
            "size: compare both, or fit the levels first (curate stats)."
        )
    if result.verdict == "fit" and result.alike is not None:
        shown = "  ".join(f"{w:g},{h:g}" for w, h in result.alike.anchors)
        lines.append(
            f"trainer fit counts every class alike, or the rare ones are left without anchors: {shown}"
        )
    now = result.taken.quality.bpr
    if result.advised_t == result.anchor_t:
        lines.append(f"Keep anchor_t {result.anchor_t:g}: some anchor answers for {now:.1%} of the boxes.")
        return lines
    then = result.at(result.advised_t)
    if then.anchor_t > result.anchor_t:
        lines.append(
            f"Raise anchor_t from {result.anchor_t:g} to {then.anchor_t:g}: some anchor then answers for "
            f"{then.bpr:.1%} of the boxes instead of {now:.1%}."
        )
    else:
        lines.append(
            f"Take anchor_t {then.anchor_t:g} with them, as trainer fit does: some anchor answers for "
            f"{then.bpr:.1%} of the boxes, {then.answering:.1f} on average; with {result.anchor_t:g} it "
            f"would be {result.taken.answering:.1f}, and the levels would learn each other's sizes."
        )
    return lines
