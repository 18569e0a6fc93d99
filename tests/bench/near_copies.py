"""Near-copies: how many are found among altered copies of real photographs, and how many others.

    python -m tests.bench.near_copies DATA... [--seed 0] [--copies 4] [--growth] [--sheet FALSE.png]

Every image below DATA gets copies, each altered in one of the ways of ALTERATIONS or in two of them. Truth:
a picture and its copies are one family, and no two families are alike, but for the originals that were looked
at and are the same scene (JUDGED). For pairs the search compares also those that others connect already:
precision is the share of the pairs found that lie in one family, recall the share of the pairs of a picture
and its copy that are found. Clusters are those of the search as data sets have it, and are judged over all
their pairs.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels
from curate.commands import validate
from curate.copies.clusters import clusters
from curate.copies.near import near_copies
from curate.engine.local import map_shards
from curate.formats.images import decode_pixels
from curate.formats.pairing import is_image_name
from curate.pixels.look import SIDE, look_at

LONGEST = 1024  # pixels; larger originals are shrunk first, so that the benchmark takes minutes
QUALITY = 92  # of copies that another alteration does not encode worse

Rng = np.random.Generator

# Originals that show one scene, found in a run without this list and looked at one by one: names up to the
# first dot.
JUDGED: tuple[tuple[str, ...], ...] = (
    ("raccoon-120", "raccoon-83"),
    ("raccoon-50", "raccoon-52", "raccoon-74"),
    ("raccoon-65", "raccoon-98"),
    ("raccoon-11", "raccoon-116"),
    ("raccoon-21", "raccoon-45"),
    ("Image_1", "Image_28"),
    ("BloodImage_00037", "BloodImage_00038"),  # one slide, moved a little
    ("IMG-20230312-WA0616_jpg", "IMG-20230312-WA0621_jpg"),  # the same gesture held for two shots
    ("IMG-20230312-WA0620_jpg", "IMG-20230312-WA0630_jpg"),
    ("IMG-20230312-WA0833_jpg", "IMG-20230312-WA0837_jpg"),
)


def resized(pixels: Pixels, rng: Rng) -> Pixels:
    factor = 2 ** rng.uniform(-1, 1)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=how)


def cropped(pixels: Pixels, rng: Rng) -> Pixels:
    """70 to 95 % of the area, both sides cut, each by its own share."""
    height, width = pixels.shape[:2]
    area = rng.uniform(0.7, 0.95)
    across = rng.uniform(max(area, 0.8), min(1, area / 0.8))
    w, h = round(width * across), round(height * area / across)
    x, y = rng.integers(0, width - w + 1), rng.integers(0, height - h + 1)
    return pixels[y : y + h, x : x + w]


def brightened(pixels: Pixels, rng: Rng) -> Pixels:
    shift = rng.choice([-1, 1]) * rng.uniform(15, 50)
    return np.clip(pixels + shift, 0, 255).astype(np.uint8)


def contrasted(pixels: Pixels, rng: Rng) -> Pixels:
    return np.clip((pixels - 128.0) * rng.uniform(0.6, 1.5) + 128, 0, 255).astype(np.uint8)


def gamma(pixels: Pixels, rng: Rng) -> Pixels:
    return (255 * (pixels / 255) ** rng.uniform(0.6, 1.6)).astype(np.uint8)


ALTERATIONS: dict[str, Callable[[Pixels, Rng], Pixels]] = {
    "JPEG 30-90": lambda pixels, rng: pixels,  # its quality is drawn when it is encoded
    "resize 0.5-2": resized,
    "mirror": lambda pixels, rng: pixels[:, ::-1],
    "upside down": lambda pixels, rng: pixels[::-1],
    "turn by 90": lambda pixels, rng: np.rot90(pixels),
    "turn by 180": lambda pixels, rng: np.rot90(pixels, 2),
    "turn by 270": lambda pixels, rng: np.rot90(pixels, 3),
    "crop 70-95 %": cropped,
    "brightness": brightened,
    "contrast": contrasted,
    "gamma": gamma,
}
PAIRS = [f"{a} + {b}" for a, b in itertools.combinations(ALTERATIONS, 2)]


def altered(pixels: Pixels, how: str, rng: Rng) -> bytes:
    """A copy, encoded as JPEG."""
    steps = how.split(" + ")
    for step in steps:
        pixels = ALTERATIONS[step](pixels, rng)
    quality = int(rng.integers(30, 91)) if "JPEG 30-90" in steps else QUALITY
    bgr = np.ascontiguousarray(pixels[:, :, ::-1])
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


Made = tuple[int, str, NDArray[np.uint8]]  # number of the original, alteration ("" for the original), thumb


def make(seed: int, copies: int, items: Sequence[tuple[int, Path]]) -> tuple[list[Made], float]:
    """Thumbnails of originals and copies, and the seconds spent on decoding them."""
    cv2.setNumThreads(1)
    made: list[Made] = []
    seconds = 0.0
    for number, path in items:
        rng = np.random.default_rng((seed, number))
        content = path.read_bytes()
        pixels = decode_pixels(content)
        if pixels is None:
            continue
        shrink = LONGEST / max(pixels.shape[:2])
        if shrink < 1:
            pixels = cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        singles = rng.choice(list(ALTERATIONS), (copies + 1) // 2, replace=False)
        hows = ["", *singles, *rng.choice(PAIRS, copies // 2, replace=False)]
        files = [content, *(altered(pixels, how, rng) for how in hows[1:])]
        began = time.perf_counter()
        looks = [look_at(file) for file in files]
        seconds += time.perf_counter() - began
        made += [(number, str(how), look.thumb) for how, look in zip(hows, looks, strict=True)]
    return made, seconds


def measure(paths: Sequence[Path], seed: int, copies: int, sheet: Path | None) -> None:
    """Print the tables of one set of originals."""
    from tests.bench.near_copies import make as named  # workers get functions by name, and know no __main__

    shards = map_shards(partial(named, seed, copies), list(enumerate(paths)), shard=40, in_process_below=80)
    made = [one for shard, _ in shards for one in shard]
    looking = sum(seconds for _, seconds in shards)
    thumbs = np.stack([thumb for _, _, thumb in made])
    began = time.perf_counter()
    used = time.process_time()
    found = near_copies(thumbs)
    finding, used = time.perf_counter() - began, time.process_time() - used
    joined = clusters(zip(found.a.tolist(), found.b.tolist(), strict=True))
    print(f"{len(paths):,} originals, {len(made):,} images")
    print(
        f"looking {looking:.1f} s of one core; finding {finding:.1f} s, {used:.1f} s of one core: "
        f"{len(found):,} pairs connect them"
    )
    found = near_copies(thumbs, every=True)
    for title, judged in (("no two originals alike", ()), ("originals of one scene together", JUDGED)):
        family = families(paths, [number for number, _, _ in made], judged)
        direct = {tuple(sorted(pair)) for pair in zip(found.a.tolist(), found.b.tolist(), strict=True)}
        wrong = [pair for pair in direct if family[pair[0]] != family[pair[1]]]
        within = sum(len(rows) * (len(rows) - 1) // 2 for rows in joined)
        right = sum(
            sum(family[a] == family[b] for a, b in itertools.combinations(rows, 2)) for rows in joined
        )
        sizes = np.bincount(family)
        every = int((sizes * (sizes - 1) // 2).sum())
        print(f"\n{title}")
        print(f"  pairs     precision {1 - len(wrong) / max(len(direct), 1):.4f}  ({len(wrong)} false)")
        recall = f"recall {right / every:.4f} of {every:,} pairs"
        print(f"  clusters  precision {right / max(within, 1):.4f}  {recall}")
        if sheet is not None and not judged:
            draw(sheet, wrong, [paths[number] for number, _, _ in made], thumbs)
            for a, b in sorted({tuple(sorted((made[a][0], made[b][0]))) for a, b in wrong}):
                print(f"    {paths[a].name} and {paths[b].name}")
    by_alteration(made, direct)


def families(
    paths: Sequence[Path], numbers: Sequence[int], judged: Sequence[Sequence[str]]
) -> NDArray[np.int64]:
    """The family of each image: that of its original, or of the first of the scene."""
    first = {name: scene[0] for scene in judged for name in scene}
    names = [path.name.partition(".")[0] for path in paths]
    number_of = {name: number for number, name in enumerate(names)}
    of = [number_of[first[name]] if name in first else number for number, name in enumerate(names)]
    return np.array([of[number] for number in numbers])


def by_alteration(made: Sequence[Made], found: set[tuple[int, ...]]) -> None:
    """Recall of the pairs of a picture and its copy, one line an alteration; pairs of them in one line."""
    hits: dict[str, list[bool]] = defaultdict(list)
    original = 0
    for row, (_, how, _) in enumerate(made):
        if how == "":
            original = row
            continue
        hit = (original, row) in found
        hits["two of them" if " + " in how else how].append(hit)
        if " + " in how and "crop" in how:
            hits["of these, with a crop"].append(hit)
    print(f"\n{'picture and copy':<24}{'copies':>8}{'recall':>8}")
    for how in [*ALTERATIONS, "two of them", "of these, with a crop"]:
        print(f"{how:<24}{len(hits[how]):>8}{np.mean(hits[how]):>8.4f}")
    every = [hit for how, group in hits.items() if how != "of these, with a crop" for hit in group]
    print(f"{'all':<24}{len(every):>8}{np.mean(every):>8.4f}")


def draw(
    sheet: Path, wrong: Sequence[tuple[int, ...]], paths: Sequence[Path], thumbs: NDArray[np.uint8]
) -> None:
    """False pairs side by side, to be looked at: the originals, and below them the thumbnails."""
    tiles = []
    for a, b in wrong[:60]:
        looks = [decode_pixels(paths[row].read_bytes()) for row in (a, b)]
        pictures = [cv2.resize(look[:, :, ::-1], (160, 120)) for look in looks if look is not None]
        small = [cv2.cvtColor(cv2.resize(thumbs[row], (160, 120)), cv2.COLOR_GRAY2BGR) for row in (a, b)]
        tiles.append(np.vstack([np.hstack(pictures), np.hstack(small)]))
    tiles += [np.zeros((240, 320, 3), np.uint8)] * (-len(tiles) % 4)
    if tiles:
        rows = [np.hstack(tiles[i : i + 4]) for i in range(0, len(tiles), 4)]
        sheet.write_bytes(cv2.imencode(".png", np.vstack(rows))[1].tobytes())


def drawn_thumbs(count: int, seed: int) -> NDArray[np.uint8]:
    """Thumbnails with the spectrum of photographs (amplitude falls as 1/f); each twentieth is a copy."""
    rng = np.random.default_rng(seed)
    fall = np.maximum(np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)), 1 / SIDE)
    thumbs = np.zeros((count, SIDE, SIDE), np.uint8)
    for start in range(0, count, 1000):
        part = min(1000, count - start)
        noise = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(part, SIDE, SIDE))) / fall, s=(SIDE, SIDE))
        noise = noise / noise.std(axis=(1, 2), keepdims=True)
        noise[19::20] = noise[18::20][: len(noise[19::20]), :, ::-1]
        thumbs[start : start + part] = np.clip(noise * 45 + 128, 0, 255)
    return thumbs


def frames(count: int, seed: int) -> NDArray[np.uint8]:
    """Thumbnails of ten still cameras, a tenth of the frames each: what crowds most under one key."""
    scenes = drawn_thumbs(10, seed)
    rng = np.random.default_rng(seed)
    shown = np.repeat(scenes, -(-count // 10), axis=0)[:count]
    for start in range(0, count, 1000):
        part = shown[start : start + 1000]
        part[:] = np.clip(part + rng.integers(-4, 5, part.shape), 0, 255)
    return shown


SEARCHED: dict[str, Callable[[int, int], NDArray[np.uint8]]] = {"drawn": drawn_thumbs, "frames": frames}


def growth(kind: str) -> None:
    """Print how time and memory of finding grow with the number of images; each number in its own process."""
    print(f"\n{kind}: {(SEARCHED[kind].__doc__ or '').splitlines()[0]}")
    print(f"{'images':>8}{'seconds':>9}{'CPU s':>8}{'ms an image':>13}{'pairs':>9}{'MB':>7}{'MB thumbs':>11}")
    for count in (1_000, 10_000, 100_000):
        command = [sys.executable, "-m", "tests.bench.near_copies", "--searched", kind, str(count)]
        print(
            subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout, end="", flush=True
        )


def search(kind: str, count: int) -> None:
    """Print one line of `growth`."""
    thumbs = SEARCHED[kind](count, 0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, used = time.perf_counter(), time.process_time()
    found = near_copies(thumbs)
    seconds, used = time.perf_counter() - began, time.process_time() - used
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    row = f"{count:>8,}{seconds:>9.2f}{used:>8.2f}{1000 * used / count:>13.3f}{len(found):>9,}"
    print(f"{row}{peak:>7.0f}{thumbs.nbytes / 1e6:>11.0f}")


def exact(paths: Sequence[Path]) -> None:
    """Print how many byte copies, and files with other bytes and the same pixels, `validate` names."""
    family: dict[str, str] = {}  # name of a file -> digest of its pixels
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate(paths):
            content = path.read_bytes()
            pixels = decode_pixels(content)
            if pixels is None:
                continue
            copies = {f"a{path.suffix}": content, f"b{path.suffix}": content}
            if content.startswith(b"\xff\xd8"):
                copies[f"c{path.suffix}"] = content[:2] + b"\xff\xfe\0\x07other" + content[2:]
            bgr = np.ascontiguousarray(pixels[:, :, ::-1])
            copies["d.png"] = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
            for name, copy in copies.items():
                Path(folder, f"{number:05}{name}").write_bytes(copy)
                family[f"{number:05}{name}"] = hashlib.sha256(pixels.tobytes()).hexdigest()
        report = validate.run(Path(folder), pixels=True, select=["SET008"])
    names = list(family)
    row_of = {name: row for row, name in enumerate(names)}
    named = ((f.path, f.message.split(", of ")[1].split(" (")[0].split(";")[0]) for f in report.findings)
    joined = clusters((row_of[a], row_of[b]) for a, b in named)
    pairs = [(names[a], names[b]) for rows in joined for a, b in itertools.combinations(rows, 2)]
    right = sum(family[a] == family[b] for a, b in pairs)
    every = sum(count * (count - 1) // 2 for count in Counter(family.values()).values())
    print(f"\nbyte and pixel copies: {len(names):,} files, {every:,} pairs")
    print(f"  precision {right / max(len(pairs), 1):.4f}, recall {right / max(every, 1):.4f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure curate's search for near-copies.")
    parser.add_argument("data", nargs="*", type=Path, help="folders with photographs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--copies", type=int, default=4, help="of each photograph; half of them altered twice"
    )
    parser.add_argument("--growth", action="store_true", help="time and memory up to 100,000 thumbnails")
    parser.add_argument("--exact", action="store_true", help="find byte copies and pixel copies, too")
    parser.add_argument("--searched", nargs=2, metavar=("KIND", "COUNT"), help=argparse.SUPPRESS)
    parser.add_argument("--sheet", type=Path, help="draw the false pairs there")
    asked = parser.parse_args()
    paths = sorted(path for folder in asked.data for path in folder.rglob("*") if is_image_name(path.name))
    if paths:
        measure(paths, asked.seed, asked.copies, asked.sheet)
    if paths and asked.exact:
        exact(paths)
    if asked.searched:
        search(asked.searched[0], int(asked.searched[1]))
    if asked.growth:
        for kind in SEARCHED:
            growth(kind)


if __name__ == "__main__":
    main()
