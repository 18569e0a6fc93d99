"""The data steps of `curate run`, one function each: the state of the run in, an `Outcome` out.

A step reads what the steps before it left in OUT and writes only into folders of its own there. The one
exception is asked for by name: `[fix] in_place = true`.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path

from curate import splits
from curate.commands import anchors as anchoring
from curate.commands import export as exporting
from curate.commands import split as splitting
from curate.commands import validate as validating
from curate.commands.run_record import Outcome
from curate.commands.run_state import State
from curate.commands.run_training import fit_config
from curate.config import Negatives, Paste
from curate.findings import Severity
from curate.formats.discover import open_dataset, recognise
from curate.handover import voc_folder
from curate.handover.assembly import Assembly, assemble, choose_anchors
from curate.handover.folder import prepare
from curate.handover.selection import Source, select
from curate.report.model import Report
from curate.report.terminal import print_report
from curate.tree import Tree


def validate(state: State) -> Outcome:
    """Say what is wrong with the data set as it came."""
    report = validating.run(
        state.config.data.path, settings=state.config.settings, workers=state.workers, say=state.say
    )
    text = io.StringIO()
    print_report(report, text, concise=True, target=str(state.config.data.path))
    return Outcome(_findings(report), text.getvalue())


def _findings(report: Report) -> str:
    counts = [(report.severities[s], s.value) for s in Severity]
    return ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts)


def fix(state: State) -> Outcome:
    """Repair a working copy of the data set, or with `in_place` the data set itself."""
    table = state.config.fix
    assert table is not None
    tree = Tree.open(state.config.data.path)
    target = state.config.data.path
    if not table.in_place:
        target = state.out / "work"
        for name in tree.files():
            place = Tree(target).path(name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(tree.read(name))
    values = {} if table.in_place else {"copy": "work"}
    if recognise(Tree.open(target)) != "voc":
        return Outcome("nothing repaired: repairs are made in Pascal VOC", values=values)
    report = validating.run(
        target,
        settings=state.config.settings,
        fix=True,
        unsafe_fixes=table.unsafe_fixes,
        workers=state.workers,
        say=state.say,
    )
    text = io.StringIO()
    print_report(report, text, concise=True, target=str(target))
    summary = f"{len(report.fixed)} repaired; left: "
    made = () if table.in_place else (target,)
    return Outcome(summary + _findings(report), text.getvalue(), made, values)


def cuts(table: Negatives) -> bool:
    """Whether negatives are parts of images of the data set, and so must not come from val or test."""
    return table.from_ is None or (table.crops and table.mine is None)


def negatives(state: State) -> Outcome:
    """Add images without objects, as recorded decisions."""
    from curate.commands import negatives as pipeline

    table = state.config.negatives
    assert table is not None
    out = state.out / "negatives"
    result = pipeline.take(
        state.data,
        out,
        pipeline.Wish(
            source=table.from_,
            crops=table.crops,
            mine=table.mine,
            conf=table.conf,
            margin=table.margin,
            check=table.check,
            check_conf=table.check_conf,
            ratio=table.ratio,
            count=table.count,
            max_side=table.max_side,
            who=table.who,
            when=table.when,
            sheet=table.sheet,
            seed=table.seed,
        ),
        train=_train_images(state) if cuts(table) else None,
        workers=state.workers,
        say=state.say,
    )
    made = [out]
    for sheet in result.sheets:
        name = "suspects.png" if sheet.name == "suspects.png" else "negatives.png"
        made.append(sheet.replace(state.out / name))
    shown = pipeline.describe(dataclasses.replace(result, sheets=tuple(made[1:])))
    return Outcome(f"{result.made} background images", shown, tuple(made), {"folder": out.name})


def _train_images(state: State) -> frozenset[str]:
    """The images of the data set that will be in train."""
    source = assemble(
        [state.data, *state.config.data.also],
        ratios=state.ratios,
        seed=state.split_seed,
        classes=state.classes,
        group=state.group,
        workers=state.workers,
    ).sources[0]
    pairs = zip(source.dataset.images["image"], source.split_of, strict=True)
    return frozenset(image for image, split in pairs if split == "train" and image is not None)


def split(state: State) -> Outcome:
    """Give a set without split lists its lists; one that has them keeps them."""
    original = open_dataset(Tree.open(state.config.data.path), workers=state.workers)
    dataset = open_dataset(Tree.open(state.data), classes=state.classes, workers=state.workers)
    own = splits.own(dataset)
    # lists that only the working copy has are from an earlier run, with other ratios
    if own is not None and splits.own(original) is not None:
        names = dataset.class_names()
        table = splits.achieved(splits.class_table(dataset, names), own, names)
        text = "the set's own lists are kept\n" + splitting.table_text(table)
        return Outcome("own lists kept: " + _shares(own), text)
    if state.values.get("fix", {}).get("copy") and dataset.format == "voc":
        result = splitting.run(
            state.data,
            ratios=state.ratios,
            seed=state.split_seed,
            overwrite=True,
            pixels=state.config.split is not None and state.config.split.pixels,
            workers=state.workers,
            say=state.say,
        )
        images = result.table.row(0, named=True)
        shares = ", ".join(f"{images[name]} {name}" for name in result.table.columns[1:])
        return Outcome(f"dealt out: {shares}", splitting.describe(result))
    return Outcome("dealt out at export, by groups and classes")


def _shares(split_of: Sequence[str | None]) -> str:
    return ", ".join(f"{split_of.count(n)} {n}" for n in splits.NAMES if n in split_of)


def paste(state: State, table: Paste, number: int, *, cut_from: Path | None = None) -> Outcome:
    """Make new training images out of images that are in the train split.

    `cut_from` is the data set that the folder of cut-outs was made of, where `table` names a part of it.
    """
    from curate.commands import paste as pipeline
    from curate.commands import paste_report

    state.say("choosing the train images")
    targets = _side(state, table.path, state.out / f"targets-{number}")
    origin = _side(state, table.from_, state.out / f"objects-{number}", unless=(table.path, targets))
    out = state.out / f"paste-{number}"
    request = pipeline.Request(
        onto=table.onto,
        name=table.object,
        count=table.count,
        source=None if origin == targets else origin,
        cutouts=table.cutouts,
        cut_from=None if table.cutouts is None else cut_from or table.from_ or state.config.data.path,
        rename=table.as_,
        as_distractor=table.as_distractor,
        relation=table.relation,
        place=table.place,
        cut=table.cut,
        size=(table.size[0], table.size[-1]) if table.size else None,
        objects=(table.objects_per_image[0], table.objects_per_image[-1]),
        frame=table.frame,
        grey=table.grey,
        cover=table.max_cover,
        hands_model=table.hands_model,
        quality=table.quality,
        seed=table.seed,
    )
    result = pipeline.paste(targets, request, out, workers=state.workers, say=state.say)
    made = [out]
    if table.sheet:
        picture = state.out / f"pasted-{number}.png"  # in the folder itself it would be an unlabelled image
        paste_report.sheet(out, table.sheet, table.seed).replace(picture)
        made.append(picture)
    summary = f"{result.made} new images"
    return Outcome(summary, paste_report.describe(result), tuple(made), {"folder": out.name})


def _side(
    state: State, named: Path | None, out: Path, unless: tuple[Path | None, Path] | None = None
) -> Path:
    """The training images of one side of a paste: a folder that may be read.

    Of the labelled sets of the run it is their train part, written to `out`: their val and test images judge,
    and nothing of them may be learnt. A set that is used for pasting alone is itself the folder; the paste
    keeps to its own train split. `unless` says what another side named, and what it got for that.
    """
    config = state.config.data
    sets = [path.resolve() for path in (config.path, *config.also)]
    place = (named or config.path).resolve()
    if unless is not None and place == (unless[0] or config.path).resolve():
        return unless[1]
    if place not in sets:
        return place
    _train_part(state, [state.data, *config.also], sets.index(place), out)
    return out


def _train_part(state: State, labelled: Sequence[Path], which: int, out: Path) -> None:
    """Write the train images of one labelled set as VOC, with all their boxes and the names they have."""
    source = assemble(
        labelled,
        ratios=state.ratios,
        seed=state.split_seed,
        classes=state.classes,
        group=state.group,
        workers=state.workers,
    ).sources[which]
    only = [split if split == "train" else None for split in source.split_of]
    part = Source(source.dataset, source.tree, only)
    names = sorted(set(source.dataset.objects["name"].drop_nulls()))
    prepare(out, [part], overwrite=True)
    voc_folder.write(select([part], names), [part], out)


def anchors(state: State) -> Outcome:
    """Choose anchors for the boxes that will be trained on, at the size and levels of training.

    As `curate anchors` judges them: fitted ones by images they were not fitted to, beside the published ones.
    """
    table = state.config.anchors
    assert table is not None
    config = fit_config(state)
    choice = choose_anchors(
        _assembly(state).selection,
        config.imgsz,
        strides=config.strides,
        anchor_t=config.anchor_t,
        seed=table.seed,
    )
    if choice is None:
        return Outcome("none: train has no boxes")
    text = anchoring.describe(choice)
    values = {"anchors": [list(anchor) for anchor in choice.advised], "imgsz": config.imgsz}
    own = "kept the published ones" if choice.default_was_better else "fitted"
    return Outcome(f"{own}: fitness {choice.gain:+.3f} by fitting", text, values=values)


def _assembly(state: State) -> Assembly:
    config = state.config
    made = [values["folder"] for name, values in sorted(state.values.items()) if "folder" in values]
    return assemble(
        [state.data, *config.data.also, *(state.out / folder for folder in made)],
        ratios=state.ratios,
        seed=state.split_seed,
        classes=state.classes,
        keep=config.classes.keep or None,
        rename=config.classes.map,
        empty_as_background=bool(config.export and config.export.empty_as_background),
        group=state.group,
        workers=state.workers,
    )


def export(state: State) -> Outcome:
    """Write the hand-over folder."""
    fitted = state.values.get("anchors", {})
    out = state.out / "data"
    result = exporting.write(
        _assembly(state),
        out,
        anchors=fitted.get("anchors"),
        imgsz=fitted.get("imgsz", 640),
        seed=state.split_seed,
        overwrite=True,
        say=state.say,
    )
    images = sum(count["images"] for count in result.counts.values())
    boxes = sum(count["boxes"] for count in result.counts.values())
    summary = f"{images:,} images, {boxes:,} boxes, {len(result.dropped)} things left out"
    return Outcome(summary, exporting.describe(result, hint=False), (out / "data.yaml",))
