"""What the model will see: a sheet of samples with their boxes, a row a technique, or rows of a preset.

A configuration and the names of rows in, an RGB picture out. The columns are photographs of the train split,
the same in each row, so that a row can be compared with the first, which varies nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.config import FitConfig
from trainer.data.augment import TECHNIQUES, Policy, Sample, closed, compose, sample_generator
from trainer.data.cache import InMemory, PhotoCache, free_memory
from trainer.data.cutouts import Cutouts, read_cutouts
from trainer.data.folder import read_folder
from trainer.draw import Image8, draw_boxes, drawable, headed
from trainer.errors import TrainerError

TILE = 240  # pixels: the long side of one sample on the sheet
GAP = 4
NAMED = 8  # boxes of a sample at most that bear their names
ROWS = 4  # of a run's own samples
UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Row:
    """One row of the sheet."""

    title: str
    policy: Policy
    epoch: int  # so that rows of one policy differ


@dataclass(frozen=True)
class Sheet:
    """The picture and what to say about it."""

    image: Image8
    rows: tuple[str, ...]  # titles, from top to bottom
    notes: tuple[str, ...]


def draw_sheet(
    config: FitConfig,
    *,
    techniques: Sequence[str] | None = None,
    run: str | None = None,
    given: Mapping[str, Any] | None = None,
    columns: int = 6,
) -> Sheet:
    """The sheet of `config.data`'s train split.

    `techniques` are the rows, each with settings at which it shows, or those `given`; None for all. `run`,
    where given, is the heading of rows with all of `config`'s settings together and of one as in the last
    part of the run. Raises TrainerError for a technique that is none, or where the folder cannot be read.
    """
    folder = read_folder(config.data)
    train = folder.split("train")
    assert train is not None  # read_folder refuses a folder without
    notes = []
    cutouts = None
    if config.cutouts is not None:
        cutouts, line = read_cutouts(config.cutouts, folder.classes, train, config.imgsz)
        notes.append(line)
    rows, skipped = _technique_rows(techniques, given or {}, cutouts)
    notes += skipped
    if run is not None:
        policy = Policy.of(config)
        rows += [Row(run, policy, epoch) for epoch in range(ROWS)]
        rows.append(Row(f"{run}: last {config.close_mosaic:.0%} of the run", closed(policy), 0))
    if not rows:
        raise TrainerError(
            "no row is left to draw" + "".join(f": {line}" for line in skipped),
            f"choose of {', '.join(technique.name for technique in TECHNIQUES)}",
        )
    cache = PhotoCache(train, config.imgsz, InMemory(int(config.cache_share * free_memory())))
    places, _ = train.part(columns)
    names, missing = drawable(folder.classes)
    notes += [missing] if missing else []
    strips = []
    for row in rows:
        samples = [_sample(cache, place, row, config, cutouts) for place in places]
        strips.append(_strip(row.title, samples, names))
    return Sheet(np.concatenate(strips), tuple(row.title for row in rows), tuple(notes))


def _technique_rows(
    names: Sequence[str] | None, given: Mapping[str, Any], cutouts: Cutouts | None
) -> tuple[list[Row], list[str]]:
    known = {technique.name: technique for technique in TECHNIQUES}
    wanted = list(known) if names is None else [name.replace("-", "_") for name in names]
    for name in wanted:
        if name not in known:
            raise TrainerError(f"there is no technique {name!r}", f"choose of {', '.join(known)}")
    rows, notes = [], []
    for name in wanted:
        if name == "copy_paste" and cutouts is None:
            notes.append("copy_paste is left out: give --cutouts DIR")
            continue
        settings = {setting: given.get(setting, value) for setting, value in known[name].shown.items()}
        title = ", ".join(f"{key} {value:g}" for key, value in settings.items())
        title = title if name in settings else f"{name}: {title}"
        rows.append(Row(title, Policy(**settings, least_visible=given.get("least_visible", 0.4)), 0))
    if rows:
        rows.insert(0, Row(UNCHANGED, Policy(), 0))
    return rows, notes


def _sample(cache: PhotoCache, index: int, row: Row, config: FitConfig, cutouts: Cutouts | None) -> Sample:
    rng = sample_generator(config.seed, row.epoch, index)
    size = (config.imgsz, config.imgsz)
    return compose(index, cache.__getitem__, len(cache), size, row.policy, rng, cutouts)


def _strip(title: str, samples: Sequence[Sample], names: Sequence[str]) -> Image8:
    """One row: its title over its samples."""
    tiles: list[Image8] = []
    for sample in samples:
        # names would hide a crowd; colours are those of the samples with few
        shown = names if len(sample.boxes) <= NAMED else [""] * len(names)
        tiles.append(draw_boxes(sample.image, sample.boxes, sample.labels, shown, long_side=TILE))
        tiles.append(np.full((TILE, GAP, 3), 255, np.uint8))
    return headed(np.concatenate(tiles[:-1], axis=1), title)
