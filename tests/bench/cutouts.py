"""Cut-outs: how many boxes give one, how fast, and whether what the score calls good looks good.

    python -m tests.bench.cutouts DATA... [--others 50] [--judge OUT] [--seed 0]

Of every data set DATA the boxes that were judged (VERDICTS) are cut out, and those of --others pictures drawn
at random, so that there are kin to compare with. Precision is the share of the cut-outs with a quality of at
least GOOD that were called good, recall the share of those called good that have it. The verdicts there are
were given by eye, on contact sheets of `curate cutouts` that showed the score, and about half of
the boxes had a part in fitting the weights: the figures are rather too good than too bad.

`--judge OUT` draws what was cut out again, enlarged, in random order and without scores, with a list to write
verdicts in: a verdict is of a cut-out, and a new way of cutting asks for new ones.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from curate.engine.local import available_cores
from curate.formats.discover import open_dataset
from curate.formats.images import read_pixels
from curate.paste.compose import encode_png
from curate.paste.cutouts import GOOD, Cutout, Refusal
from curate.paste.cutouts.collect import Picture, collect, pictures
from curate.paste.lettering import written
from curate.tree import Tree

# One line a box: data set, image, number of the object; good or bad, with a question mark where in doubt.
VERDICTS = Path(__file__).with_name("cutout_verdicts.txt")
_TILE = 230  # pixels

Key = tuple[str, str, int]


def verdicts() -> dict[Key, str]:
    lines = [line.split("\t") for line in VERDICTS.read_text("utf-8").splitlines() if line]
    return {(name, image, int(number)): said for name, image, number, said in lines}


def to_cut(found: list[Picture], judged: set[tuple[str, int]], others: int, seed: int) -> list[Picture]:
    """The pictures with judged things, with these alone, and some others."""
    order = np.random.default_rng(seed).permutation(len(found))
    extra = {found[i].image for i in order[:others]}
    chosen = []
    for picture in found:
        own = tuple(t for t in picture.things if (picture.image, t.object) in judged)
        if own or picture.image in extra:
            chosen.append(replace(picture, things=own or picture.things[:2]))
    return chosen


def report(rows: list[tuple[str, float]], title: str) -> None:
    """What the score says against the verdicts."""
    quality = np.array([q for _, q in rows])
    good = np.array([said.startswith("good") for said, _ in rows])
    taken = quality >= GOOD
    both = (good & taken).sum()
    auc = roc_auc_score(good, quality) if 0 < good.sum() < len(good) else float("nan")
    print(
        f"{title:22} {len(rows):4} judged, {good.sum():4} good; {taken.sum():4} taken: "
        f"precision {both / max(taken.sum(), 1):.2f}  recall {both / max(good.sum(), 1):.2f}  AUC {auc:.3f}"
    )


def tile(root: Path, got: Cutout, label: str) -> NDArray[np.uint8]:
    image = read_pixels(Tree(root), got.source)
    assert image is not None
    assert got.box is not None
    x0, y0, x1, y1 = got.box
    half = 0.75 * max(x1 - x0, y1 - y0) + 6
    left, top = max(int((x0 + x1) / 2 - half), 0), max(int((y0 + y1) / 2 - half), 0)
    part = image[top : int((y0 + y1) / 2 + half), left : int((x0 + x1) / 2 + half)].copy()
    line = max(1, round(max(part.shape) / 200))
    cv2.rectangle(part, (int(x0) - left, int(y0) - top), (int(x1) - left, int(y1) - top), (255, 0, 255), line)
    alpha = got.rgba[..., 3:].astype(np.float32) / 255
    grounds = [
        got.rgba[..., :3] * alpha + np.float32(c) * (1 - alpha) for c in ((20, 150, 60), (255, 0, 255))
    ]
    flat = got.rgba.shape[1] > 1.5 * got.rgba.shape[0]
    shown = np.vstack([fit(g, _TILE, _TILE // 2) for g in grounds]) if flat else fit(grounds[1], _TILE, _TILE)
    title = written(label, 2 * _TILE, 20, (0, 0, 0), (255, 255, 255))
    return np.vstack([np.hstack([fit(part, _TILE, _TILE), shown]), title])


def fit(picture: NDArray[np.generic], width: int, height: int) -> NDArray[np.uint8]:
    zoom = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, int(picture.shape[1] * zoom)), max(1, int(picture.shape[0] * zoom)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC)
    out = np.full((height, width, 3), 40, np.uint8)
    out[: size[1], : size[0]] = np.clip(small, 0, 255)
    return out


def judge(out: Path, cut: list[tuple[str, Path, Cutout]], seed: int) -> None:
    """Sheets of twenty without scores, and a list to fill in."""
    out.mkdir(parents=True, exist_ok=True)
    order = np.random.default_rng(seed).permutation(len(cut))
    tiles = [tile(cut[i][1], cut[i][2], f"{n}  {cut[i][0]} {cut[i][2].name}") for n, i in enumerate(order)]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % 20)
    for start in range(0, len(tiles), 20):
        rows = [np.hstack(tiles[i : i + 4]) for i in range(start, start + 20, 4)]
        (out / f"{start // 20:02}.png").write_bytes(encode_png(np.vstack(rows)))
    lines = [f"{cut[i][0]}\t{cut[i][2].source}\t{cut[i][2].object}\t" for i in order]
    (out / VERDICTS.name).write_text("\n".join(lines) + "\n", "utf-8")
    print(f"write good, good?, bad or bad? behind each line of {out / VERDICTS.name}, in the numbers' order")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--others", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--judge", type=Path)
    asked = parser.parse_args()
    said = verdicts()
    rows: dict[str, list[tuple[str, float]]] = defaultdict(list)
    judged: list[tuple[str, Path, Cutout]] = []
    for path in asked.data:
        tree = Tree.open(path)
        dataset = open_dataset(tree)
        # every picture, as none of them is to be trained on
        found, _ = pictures(replace(dataset, splits=dataset.splits.clear()), tree, ())
        own = {(image, number) for name, image, number in said if name == path.name}
        chosen = to_cut(found, own, asked.others, asked.seed)
        begun, spent = time.perf_counter(), sum(os.times()[:4])
        results = collect(tree.root, chosen)
        wall, cpu = time.perf_counter() - begun, sum(os.times()[:4]) - spent
        good = sum(isinstance(got, Cutout) and got.quality >= GOOD for got in results)
        print(
            f"{path.name:22} {len(results):4} boxes, {good:4} good cut-outs, "
            f"{cpu / len(results):.2f} CPU s each, {len(results) / wall:.1f} a second "
            f"on {available_cores()} cores"
        )
        for got in results:
            if (key := (path.name, got.source, got.object)) in said:
                quality = 0.0 if isinstance(got, Refusal) else got.quality
                rows[path.name].append((said[key], quality))
        judged += [(path.name, tree.root, got) for got in results if isinstance(got, Cutout)]
    if asked.judge is not None:
        judge(asked.judge, judged, asked.seed)
        return
    for name, own_rows in rows.items():
        report(own_rows, name)
    every = [row for own_rows in rows.values() for row in own_rows]
    if every:
        report(every, "all")
        report([row for row in every if not row[0].endswith("?")], "those beyond doubt")


if __name__ == "__main__":
    main()
