"""Take background images into a folder of their own, as recorded decisions, ready to be merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from curate.dataset import Dataset
from curate.engine.local import map_shards
from curate.errors import CurateError, OutputExists
from curate.fixes.durable import sync_folder, write_file
from curate.formats.discover import open_dataset
from curate.formats.images import decode_pixels
from curate.formats.voc import VocAnnotation, write
from curate.negatives import ADVISED, LEDGER, Decision, Negative, choose, ledger, wanted
from curate.tree import Tree, display


@dataclass(frozen=True)
class Result:
    """What was taken. `refused` counts reasons; `share` is negatives / (labelled + negatives)."""

    out: Path
    made: int
    asked: int
    labelled: int
    share: float
    refused: Mapping[str, int]
    notes: tuple[str, ...]


def run(
    path: Path,
    *,
    source: Path,
    out: Path,
    ratio: float | None = None,
    count: int | None = None,
    seed: int = 0,
    max_side: int | None = None,
    when: str | None = None,
    workers: int | None = None,
) -> Result:
    """Write background images of `source` with object-less annotations and a ledger to `out`.

    `ratio` (default 0.1) is their share of all images once merged with `path`; `count` says a number instead.
    Images are copied byte for byte unless `max_side` shrinks the larger ones. `when` is put on record as
    given; left out, the same call writes the same bytes on any day. Raises CurateError.
    """
    if ratio is not None and count is not None:
        raise CurateError("--ratio and --count both say how many.", "Give one of them.")
    if count is not None and count < 1:
        raise CurateError(f"{count} images cannot be taken.", "Give --count at least 1.")
    if max_side is not None and max_side < 32:
        raise CurateError(f"Images of {max_side} pixels show nothing.", "Give --max-side at least 32.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputExists(f"{out} is there already and not empty.", "Name a new folder, or empty this one.")
    inside = [
        p for p in (path, source) if out.resolve() == p.resolve() or p.resolve() in out.resolve().parents
    ]
    if inside:
        raise CurateError(f"{out} lies inside {inside[0]}, which is only read.", "Name a folder elsewhere.")
    tree, backgrounds = Tree.open(path), Tree.open(source)
    dataset = open_dataset(tree, workers=workers)
    labelled = dataset.objects["image_id"].n_unique()
    asked = count if count is not None else wanted(labelled, ADVISED if ratio is None else ratio)
    choice = choose(backgrounds, asked, seed=seed, taken=_by_size(dataset), known=tree)
    if not choice.chosen:
        reasons = ", ".join(f"{n} x {why}" for why, n in choice.refused.items()) or "it holds no images"
        raise CurateError(f"{source} gave no background image: {reasons}.", "Name a folder of photographs.")

    for folder in ("JPEGImages", "Annotations"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    work = partial(_copy_shard, source=backgrounds.root, out=out, max_side=max_side)
    copied = map_shards(work, choice.chosen, workers=workers, shard=32, in_process_below=128)
    names = [name for shard in copied for name in shard]
    notes = []
    if dataset.splits.height:
        stems = "".join(f"{Path(name).stem}\n" for name in sorted(names))
        (out / "ImageSets" / "Main").mkdir(parents=True, exist_ok=True)
        _write(out / "ImageSets" / "Main" / "train.txt", stems.encode())
        notes.append(f"{path} has split lists: all of them are in train")
    for folder in ("JPEGImages", "Annotations"):
        sync_folder(out / folder)
    decisions = [
        Decision(
            name, negative.source, negative.sha256, "verified-negative", "curate negatives --from", seed, when
        )
        for name, negative in zip(names, choice.chosen, strict=True)
    ]
    # the ledger is written last, so its existence means the work completed
    _write(out / LEDGER, ledger(decisions))
    made = len(names)
    share = made / (labelled + made)
    if made < asked:
        notes.append(f"only {made} of {asked}: {source} has no more that can be used")
    if share > ADVISED + 0.005:
        notes.append(f"{share:.0%} of all images; up to 10 % are usual, more leave the classes fewer steps")
    return Result(out, made, asked, labelled, share, choice.refused, tuple(notes))


def describe(result: Result) -> str:
    """The result for people, several lines."""
    lines = [
        f"{result.made} background images in {display(str(result.out))}: {result.share:.1%} of all images"
        f" with the {result.labelled} labelled ones (0-10 % is usual)",
        *(f"  refused: {count} x {why}" for why, count in result.refused.items()),
        *(f"  {note}" for note in result.notes),
    ]
    return "\n".join(lines)


def _by_size(dataset: Dataset) -> dict[int, list[str]]:
    sizes: dict[int, list[str]] = {}
    for image, size in dataset.images.select("image", "image_bytes").drop_nulls().iter_rows():
        sizes.setdefault(size, []).append(image)
    return sizes


def _copy_shard(negatives: list[Negative], *, source: Path, out: Path, max_side: int | None) -> list[str]:
    """Copy images and write their annotations; the names they got."""
    tree, names = Tree(source), []
    for negative in negatives:
        content, name = tree.read(negative.source), negative.name
        width, height = int(negative.facts.width or 0), int(negative.facts.height or 0)
        if max_side is not None and max(width, height) > max_side:
            content, width, height = _shrunk(content, max_side, negative.facts.orientation)
            name = f"{Path(name).stem}.jpg"
        # says that the missing objects are a decision, so that OBJ001 does not ask again
        recorded = {"database": "curate negatives", "image": display(negative.source)}
        depth = negative.facts.channels or 3
        annotation = VocAnnotation("JPEGImages", name, width, height, depth, source=recorded)
        _write(out / "JPEGImages" / name, content)
        _write(out / "Annotations" / f"{Path(name).stem}.xml", write(annotation))
        names.append(name)
    return names


def _shrunk(content: bytes, max_side: int, orientation: int) -> tuple[bytes, int, int]:
    """(JPEG, width, height), turned the way EXIF says, because a new file carries no EXIF."""
    import cv2
    import numpy as np

    pixels = decode_pixels(content)
    if pixels is None:
        raise CurateError(
            "A background image cannot be decoded.", "Leave out --max-side to copy it as it is."
        )
    turns = {2: (0, 1), 3: (2, 0), 4: (2, 1), 5: (3, 1), 6: (3, 0), 7: (1, 1), 8: (1, 0)}
    quarter, mirrored = turns.get(orientation, (0, 0))
    pixels = np.rot90(pixels, quarter)
    pixels = np.ascontiguousarray(pixels[:, ::-1] if mirrored else pixels)
    zoom = max_side / max(pixels.shape[:2])
    size = (max(1, round(pixels.shape[1] * zoom)), max(1, round(pixels.shape[0] * zoom)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    ok, encoded = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert ok, "an image of this size can always be JPEG"
    return bytes(encoded), size[0], size[1]


def _write(path: Path, content: bytes) -> None:
    write_file(path, content, path.with_name(f".{path.name}.partial"))
