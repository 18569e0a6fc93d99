"""Cut the things of a data set out of their pictures, into a folder that can be sorted by hand."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from curate.commands.new_folder import refuse_new_folder
from curate.engine.spawned import workers_kept
from curate.errors import CurateError
from curate.fixes.durable import at_once, sync_folder, write_file
from curate.formats.discover import open_dataset
from curate.paste.compose import encode_png
from curate.paste.cutouts.collect import chosen, collect, pictures, split
from curate.paste.cutouts.folder import FOLDER, INDEX, encode, file_names, index
from curate.paste.cutouts.mask_model import load
from curate.paste.cutouts.model import GOOD, WAYS
from curate.paste.cutouts.shown import cutout_sheet, reason
from curate.tree import Tree, display, display_path, name_to_text, text_to_name
from curate.wording import count

SHEET = "sheet.png"
MOST = 1000  # things looked at; more make pictures hardly more varied


@dataclass(frozen=True)
class Result:
    """What was cut out. `refused` counts reasons of things, `left_aside` those of images and objects."""

    out: Path
    made: int
    things: int
    of: int  # things there are
    ways: Mapping[str, int]
    classes: Mapping[str, int]
    refused: Mapping[str, int]
    left_aside: Mapping[str, int]
    notes: tuple[str, ...]

    def as_object(self) -> dict[str, object]:
        """For programs."""
        return {
            "cutouts": self.made,
            "things": self.things,
            "of": self.of,
            "classes": dict(self.classes),
            "ways": dict(self.ways),
            "refused": dict(self.refused),
            "left_aside": dict(self.left_aside),
            "notes": list(self.notes),
        }


@workers_kept()
def run(
    path: Path,
    *,
    out: Path,
    objects: Sequence[str] = (),
    ways: Sequence[str] = (),
    model: Path | None = None,
    min_quality: float = GOOD,
    most: int = MOST,
    each: int = 24,
    seed: int = 0,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Cut out the things of the classes `objects` (all, if none) of `path` and write the good ones to `out`.

    `ways` are where outlines may come from, all if none. `out` gets cutouts/*.png, cutouts.json (which
    `read_cutouts` reads back) and sheet.png with `each` good and bad ones. Raises CurateError.
    """
    used = _check(path, out, ways, model, min_quality, most, each)
    say("reading")
    tree = Tree.open(path)
    dataset = open_dataset(tree, workers=workers)
    everything, left = pictures(dataset, tree, objects, used)
    found = chosen(everything, most, seed)
    results = collect(tree.root, found, ways=used, model=model, workers=workers, say=say)
    good, _, _ = split(results, min_quality)
    refused = Counter(why for got in results if (why := reason(got, min_quality)))

    say("writing")
    names = file_names(good)
    out.mkdir(parents=True, exist_ok=True)
    if good:
        (out / FOLDER).mkdir(exist_ok=True)
        files = zip(names, good, strict=True)
        at_once(lambda pair: _write(out / FOLDER / pair[0], encode(pair[1].rgba)), files)
        sync_folder(out / FOLDER)
    notes = []
    if each and results:
        sheet = cutout_sheet(tree, results, each, least=min_quality, seed=seed)
        _write(out / SHEET, encode_png(sheet.picture))
        if sheet.escaped:
            notes.append(
                f"no font here can draw {display(sheet.escaped[0])}, so the sheet spells it in code points: "
                "install Pillow and a font such as Noto Sans CJK"
            )
    # the index is written last, so its existence means the work completed
    about = {"from": name_to_text(tree.root.name), "min_quality": min_quality, "refused": dict(refused)}
    _write(out / INDEX, index(good, names, about))
    sync_folder(out)
    total = sum(len(picture.things) for picture in everything)
    if len(results) < total:
        notes.append(f"{len(results):,} of {total:,} were looked at, drawn at random; --limit raises that")
    return Result(
        out=out,
        made=len(good),
        things=len(results),
        of=total,
        ways=dict(Counter(cutout.way for cutout in good).most_common()),
        classes=dict(Counter(cutout.name for cutout in good).most_common()),
        refused=dict(refused.most_common()),
        left_aside=dict(left.most_common()),
        notes=tuple(notes),
    )


def describe(result: Result) -> str:
    """The result for people, several lines."""
    classes = ", ".join(f"{display(name)} {n}" for name, n in result.classes.items())
    ways = ", ".join(f"{n} by {way}" for way, n in result.ways.items())
    lines = [
        f"{count(result.made, 'cut-out')} of {count(result.things, 'thing')} in {display_path(result.out)}",
        *([f"  {classes}"] if len(result.classes) > 1 else []),
        *([f"  {ways}"] if ways else []),
        *(f"    refused: {n} x {why}" for why, n in result.refused.items()),
        *(f"    left aside: {n} x {why}" for why, n in result.left_aside.items()),
        *(f"  {note}" for note in result.notes),
    ]
    return "\n".join(lines)


def _check(
    path: Path,
    out: Path,
    ways: Sequence[str],
    model: Path | None,
    min_quality: float,
    most: int,
    each: int,
) -> tuple[str, ...]:
    """The ways that are to be used. Raises CurateError."""
    if not 0 <= min_quality <= 1:
        raise CurateError(f"A quality of {min_quality:g} does not exist.", "Give one from 0 to 1.")
    if most < 1 or each < 0:
        raise CurateError("Nothing would be looked at.", "Give --limit at least 1 and --sheet at least 0.")
    for way in ways:
        if way not in WAYS:
            near = difflib.get_close_matches(way, WAYS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise CurateError(
                f"Outlines do not come from {display(way)!r}.{hint}", f"Choose of {', '.join(WAYS)}."
            )
    if "model" in ways and model is None:
        raise CurateError("No mask model is given.", "Name it: --mask-model FILE")
    if ways and model is not None and "model" not in ways:
        raise CurateError(
            "The mask model would not be used.", "Name model among --from, or leave --from out."
        )
    if model is not None:
        load(str(model))
    refuse_new_folder(out, [path])
    return tuple(way for way in WAYS if (not ways or way in ways) and (way != "model" or model is not None))


def _write(path: Path, content: bytes) -> None:
    place = Path(text_to_name(str(path)))
    write_file(place, content, place.with_name(f".{place.name}.partial"))
