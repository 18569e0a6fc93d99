"""Write the hand-over folder: open, split where no lists say how, select, write, say what stayed behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from curate import splits
from curate.commands.anchors import verdict as describe_anchors
from curate.commands.new_folder import refuse_unwritable
from curate.errors import ConfigError
from curate.handover import voc_folder, yolo_folder
from curate.handover.assembly import Assembly, assemble, choose_anchors
from curate.handover.folder import prepare
from curate.tree import display

_SHOWN = 20  # dropped things that are listed on the terminal; dataset.json has all


@dataclass(frozen=True)
class Result:
    """What was written to `out`, and what was not."""

    out: Path
    to: str
    classes: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]  # split -> images, boxes, backgrounds
    anchors: tuple[tuple[float, float], ...] | None
    dropped: tuple[Mapping[str, Any], ...]  # path, line, object, why
    not_kept: Mapping[str, int]
    notes: tuple[str, ...]


def run(
    paths: Sequence[Path],
    *,
    out: Path,
    to: str = "yolo",
    ratios: Mapping[str, float] | None = None,
    seed: int = 0,
    classes: Sequence[str] | None = None,
    keep: Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    imgsz: int | None = None,
    link: str | None = None,
    empty_as_background: bool = False,
    overwrite: bool = False,
    pixels: bool = False,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Merge the data sets at `paths` into one hand-over folder. With `imgsz` anchors for it are chosen, too.

    With `pixels` the images of sets that are dealt out are decoded, and near-copies stay together. See
    `assemble` for what goes in. Raises CurateError.
    """
    if to not in ("yolo", "voc"):
        raise ConfigError(f"--to {to} is not written.", "Choose yolo or voc.")
    if link not in (None, "hard"):
        raise ConfigError(f"--link {link} is unknown.", "Say hard, or leave it out to copy.")
    refuse_unwritable(out)
    say("reading")
    assembly = assemble(
        paths,
        ratios=ratios,
        seed=seed,
        classes=classes,
        keep=keep,
        rename=rename,
        empty_as_background=empty_as_background,
        group=splits.PixelGroups(workers, say, use_cache=True) if pixels else splits.groups,
        workers=workers,
    )
    anchors = None
    if imgsz:
        choice = choose_anchors(assembly.selection, imgsz, seed=seed)
        if choice is None:
            note = "no anchors: train has no boxes"
        else:
            anchors = choice.advised
            note = describe_anchors(choice)[0]
        assembly = replace(assembly, notes=(*assembly.notes, note))
    return write(
        assembly,
        out,
        to=to,
        anchors=anchors,
        imgsz=imgsz or 640,
        link=link,
        seed=seed,
        overwrite=overwrite,
        say=say,
    )


def write(
    assembly: Assembly,
    out: Path,
    *,
    to: str = "yolo",
    anchors: Sequence[Sequence[float]] | None = None,
    imgsz: int = 640,
    link: str | None = None,
    seed: int = 0,
    overwrite: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Write what `assemble` chose. `anchors` are pixels at `imgsz`; `seed` is only put on record."""
    selection, sources = assembly.selection, assembly.sources
    prepare(out, sources, overwrite=overwrite)

    def progress(done: int) -> None:
        if done % 50 == 0:
            say(f"writing {done:,} of {len(selection.items):,} images")

    hard = link == "hard"
    if to == "voc":
        content = voc_folder.write(selection, sources, out, hard_link=hard, say=progress)
        content["dropped"] = [vars(d) for d in selection.dropped]
    else:
        provenance = {
            "sources": [{"name": s.tree.root.name, "format": s.dataset.format} for s in sources],
            "seed": seed,
        }
        content = yolo_folder.write(
            selection,
            sources,
            out,
            anchors=anchors,
            anchors_imgsz=imgsz,
            hard_link=hard,
            provenance=provenance,
            say=progress,
        )
    return Result(
        out=out,
        to=to,
        classes=selection.classes,
        counts=content["counts"],
        anchors=tuple((float(w), float(h)) for w, h in anchors) if anchors is not None else None,
        dropped=tuple(content["dropped"]),
        not_kept=selection.not_kept,
        notes=assembly.notes,
    )


def describe(result: Result, *, hint: bool = True) -> str:
    """The folder for people: a table of splits, everything that stayed behind, and what to type next."""
    lines = [f"wrote {result.out}", f"{'':<7}{'images':>8}{'boxes':>9}{'backgrounds':>13}"]
    for split, count in result.counts.items():
        lines.append(f"{split:<7}{count['images']:>8,}{count['boxes']:>9,}{count['backgrounds']:>13,}")
    lines.append(f"classes: {', '.join(f'{i} {name}' for i, name in enumerate(result.classes))}")
    lines += [f"note: {note}" for note in result.notes]
    if result.not_kept:
        left = ", ".join(f"{count:,} {name}" for name, count in result.not_kept.items())
        lines.append(f"left out as asked: boxes of {left}")
    if result.dropped:
        images = sum(d["object"] is None for d in result.dropped)
        lines.append(f"not exported: {images} images, {len(result.dropped) - images} single objects")
        shown = result.dropped if result.to == "voc" else result.dropped[:_SHOWN]
        for d in shown:
            place = f"{display(d['path'])}:{d['line']}" if d["line"] else display(d["path"])
            lines.append(f"  {place}: {d['why']}")
        if len(shown) < len(result.dropped):
            lines.append(f"  and {len(result.dropped) - len(shown)} more in {result.out / 'dataset.json'}")
    if hint and result.to == "yolo":
        lines.append(f"next: trainer fit {result.out / 'data.yaml'} -o runs/first --minutes 10")
    return "\n".join(lines)
