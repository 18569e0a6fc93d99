"""Training sets: what the steps make for one fold, and what an arm is put together from.

A step runs exactly as in `curate run`, on a copy of the configuration in which the data set is replaced by
its training photographs of the fold. So a step cannot read a photograph that judges: it is not there. That
nothing slips in by another way (a copy in another data set) is proved by the bytes of every file that could
be read, before anything is trained.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from curate.commands import run_steps
from curate.commands.ablate.plan import Job, Plan
from curate.commands.ablate.real import Real, deal, hand_over, keys_of, linked, open_real, trees
from curate.commands.run_state import State
from curate.config import Config
from curate.dataset import Dataset
from curate.errors import CurateError
from curate.fixes.durable import write_json
from curate.formats.discover import open_dataset
from curate.formats.pairing import folded, is_image_name
from curate.handover import voc_folder
from curate.handover.assembly import Assembly
from curate.handover.folder import prepare
from curate.handover.selection import Selection, Source, select
from curate.negatives.standing import standings
from curate.paste import provenance
from curate.paste.hosts.names import is_kind
from curate.tree import Tree, display

_DONE = "done.json"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Made:
    """What a step made for one fold."""

    step: str
    folder: Path  # a data set
    seconds: float
    summary: str


@dataclass(frozen=True)
class TrainingSet:
    """A hand-over folder to train from, and what is in it."""

    data: Path  # data.yaml
    images: int
    boxes: int
    backgrounds: int
    synthetic: int
    files_checked: int  # read by a step or trained on; none of them is a photograph that judges


def make_steps(plan: Plan, real: Real, job: Job, say: Say) -> list[Made]:
    """Everything that an arm needs for one fold; what is there already is kept."""
    fixed = "fix" in job.arm.steps
    made: list[Made] = []
    for step in plan.needed_by(job.arm):
        folder = plan.made_folder(step, job.seed, job.fold, fixed=fixed)
        done = _read(folder)
        if done is None:
            done = _make(plan, real, job, step, made, folder, say)
        made.append(Made(step, folder / done["folder"], done["seconds"], done["summary"]))
    return made


def _read(folder: Path) -> dict[str, Any] | None:
    try:
        told = json.loads((folder / _DONE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return dict(told)


def _make(
    plan: Plan, real: Real, job: Job, step: str, before: Sequence[Made], folder: Path, say: Say
) -> dict[str, Any]:
    say(f"{step} for seed {job.seed}, fold {job.fold + 1}")
    if folder.exists():
        shutil.rmtree(folder)  # cut short by a kill
    config = _on_parts(plan, real, _parts(plan, real, job), folder)
    refuse_judges(plan, real, job, _read_by(config))
    folder.mkdir(parents=True)
    began = time.monotonic()
    follows: dict[str, str] = {}
    if step == "negatives":
        table = config.negatives
        assert table is not None
        config = replace(config, negatives=replace(table, seed=table.seed + job.seed))
        outcome = run_steps.negatives(State(config, plan.workers, say))
    else:
        number, _ = plan.paste_table(step)
        leader = next((one for one in before if one.step == plan.leader(step)), None)
        if leader is not None:
            config, follows = _behind(leader, config, number, folder)
        pasted = config.paste[number - 1]
        pasted = replace(pasted, seed=pasted.seed + job.seed)
        # the cut-outs of a folder are of the whole set; only those of this fold's photographs are pasted
        cut_from = plan.config.paste[number - 1].from_ or plan.config.data.path
        outcome = run_steps.paste(State(config, plan.workers, say), pasted, number, cut_from=cut_from)
    told = {
        "step": step,
        "folder": outcome.values["folder"],
        "seconds": round(time.monotonic() - began, 2),
        "summary": outcome.summary,
        "follows": follows,
    }
    # written last, so its existence means that the step came to its end
    write_json(folder / _DONE, told)
    return told


# the training photographs of a fold, and the configuration that knows no others


def training_rows(plan: Plan, real: Real, job: Job) -> set[tuple[int, str]]:
    """(data set, key) of the photographs that train in a fold."""
    if plan.asked.folds is None:
        return set(real.trained)
    judges = set(deal(plan, real, job.seed)[job.fold])
    return {(p.source, p.key) for i, p in enumerate(real.photographs) if i not in judges}


def _rows(plan: Plan, real: Real, job: Job, number: int, dataset: Dataset) -> list[str | None]:
    mine = training_rows(plan, real, job)
    return ["train" if (number, key) in mine else None for key in keys_of(dataset)]


def _parts(plan: Plan, real: Real, job: Job) -> list[Path | None]:
    """The training photographs of each data set as a VOC folder; None for a set that has none of them."""
    fixed = "fix" in job.arm.steps
    base = plan.fold_folder(job.seed, job.fold) / ("parts-fixed" if fixed else "parts")
    parts: list[Path | None] = []
    for number, tree in enumerate(trees(plan, fixed=fixed)):
        out = base / str(number) / "voc"
        done = _read(out.parent)
        if done is None:
            dataset = open_real(plan, tree)
            source = Source(dataset, tree, _rows(plan, real, job, number, dataset))
            names = sorted(set(dataset.objects["name"].drop_nulls()))
            chosen = select([source], names, empty_as_background=True)
            linked(out, partial(_write_voc, chosen, source, out))
            done = {"images": len(chosen.items)}
            write_json(out.parent / _DONE, done)
        parts.append(out if done["images"] else None)
    return parts


def _write_voc(chosen: Selection, source: Source, out: Path, hard: bool) -> None:
    prepare(out, [source], overwrite=False)
    voc_folder.write(chosen, [source], out, hard_link=hard)


def _on_parts(plan: Plan, real: Real, parts: Sequence[Path | None], out: Path) -> Config:
    """The user's configuration with training photographs of one fold instead of the data sets."""
    config = plan.config
    if parts[0] is None:
        raise CurateError(f"{config.data.path} has no training photograph.", "Cross-validate: --folds 3")
    place_of = {path.resolve(): part for path, part in zip(plan.real_paths, parts, strict=True)}
    data = replace(
        config.data, path=parts[0], out=out, also=tuple(part for part in parts[1:] if part is not None)
    )
    tables = []
    for table in config.paste:
        moved: dict[str, Any] = {}
        for one in dataclasses.fields(table):
            value = getattr(table, one.name)
            if isinstance(value, Path) and value.resolve() in place_of:
                moved[one.name] = place_of[value.resolve()]
                if moved[one.name] is None:
                    raise CurateError(f"{value} has no training photograph.", "Ask for other folds or seeds.")
        tables.append(replace(table, **moved))
    negatives = config.negatives
    if negatives is not None and real.left_for_training is not None:
        negatives = replace(negatives, from_=plan.out / real.left_for_training)
    return replace(config, data=data, paste=tuple(tables), negatives=negatives, fix=None)


def _read_by(config: Config) -> list[Path]:
    """Every folder that a step could read with this configuration."""
    # of cut-outs only those are used whose photographs are among these
    tables: list[Any] = [
        *(replace(table, cutouts=None) for table in config.paste),
        *([config.negatives] if config.negatives else []),
    ]
    named = [getattr(table, one.name) for table in tables for one in dataclasses.fields(table)]
    folders = [path for path in named if isinstance(path, Path) and path.is_dir()]
    return [config.data.path, *config.data.also, *folders]


# pasting steps that are matched


def _behind(leader: Made, config: Config, number: int, folder: Path) -> tuple[Config, dict[str, str]]:
    """(the configuration in which a step may paste onto the leader's targets only, target -> the leader's).

    Targets are known by their SHA-256. A copy differs from what it copies where an EXIF tag turned it.
    """
    used = Counter(_made_of(leader).values())
    root = _folder_of(leader, config, used)
    tree = Tree.open(root)
    dataset = open_dataset(tree)
    names = {name for name, digest in _pictures(root) if digest in used}
    rows = [
        "train" if image and str(tree.path(image)) in names else None for image in dataset.images["image"]
    ]
    source = Source(dataset, tree, rows)
    chosen = select([source], sorted(set(dataset.objects["name"].drop_nulls())), empty_as_background=True)
    out = folder / "same-targets"
    _write_voc(chosen, source, out, hard=False)
    follows = {}
    for item in chosen.items:
        copy = hashlib.sha256((out / "JPEGImages" / f"{item.stem}{item.suffix}").read_bytes()).hexdigest()
        follows[copy] = hashlib.sha256(tree.read(item.image)).hexdigest()
    table = config.paste[number - 1]
    # not every class was pasted onto, and one that is nowhere among these targets is asked for in vain
    there = {name for row, name in dataset.objects.select("image_id", "name").iter_rows() if rows[row]}
    known = {folded(name) for name in there if name}
    onto = tuple(name for name in table.onto if folded(name) in known or is_kind(name))
    # [data] path is these targets now, so objects must be named even where they come from there
    table = replace(
        table,
        path=None,
        onto=onto or table.onto,
        from_=table.from_ or config.data.path,
        count=sum(used.values()),
    )
    tables = [*config.paste[: number - 1], table, *config.paste[number:]]
    data = replace(config.data, path=out, also=())
    return replace(config, data=data, paste=tuple(tables)), follows


def _made_of(made: Made) -> dict[str, str]:
    """New picture, by its path in the data set -> SHA-256 of the target it was made of."""
    rows = provenance.read(made.folder).select("image", "target_sha256").rows()
    return {f"JPEGImages/{image}": target for image, target in rows}


def _folder_of(made: Made, config: Config, used: Mapping[str, int]) -> Path:
    """The folder that holds the targets."""
    for place in [*sorted(made.folder.parent.glob("targets-*")), *_read_by(config)]:
        if set(used) <= {digest for _, digest in _pictures(place)}:
            return place
    raise CurateError(f"The targets of {made.step} are not where they were.", "Start the ablation anew.")


def surplus(plan: Plan, made: Sequence[Made]) -> dict[str, dict[str, str]]:
    """What matched steps do without, so that each target has as many pictures: step -> picture -> why."""
    found: dict[str, dict[str, str]] = {}
    for match in plan.asked.match:
        group = [one for step in match.steps for one in made if one.step == step]
        if len(group) < 2:
            continue
        pictures = {one.step: _by_target(one) for one in group}
        for one in group:
            found[one.step] = {}
            for target, names in pictures[one.step].items():
                most = min(len(other.get(target, ())) for other in pictures.values())
                for name in names[most:]:
                    found[one.step][name] = "a step that this one is matched with has fewer of its target"
    return found


def _by_target(made: Made) -> dict[str, list[str]]:
    """Target, as the leader knows it -> the pictures made of it."""
    told = _read(made.folder.parent) or {}
    follows = told.get("follows", {})
    found: dict[str, list[str]] = {}
    for picture, target in sorted(_made_of(made).items()):
        found.setdefault(follows.get(target, target), []).append(picture)
    return found


# arms


def put_together(plan: Plan, real: Real, job: Job, made: Sequence[Made], out: Path) -> TrainingSet:
    """The hand-over folder of an arm for one fold: train images only. Raises CurateError."""
    fixed = "fix" in job.arm.steps
    sources = []
    for number, tree in enumerate(trees(plan, fixed=fixed)):
        dataset = open_real(plan, tree)
        rows = _rows(plan, real, job, number, dataset)
        images = dataset.images["image"]
        others = {
            i: "it does not train in this fold"
            for i, row in zip(images, rows, strict=True)
            if row is None and i
        }
        sources.append(Source(dataset, tree, rows, withheld=others))
    without = surplus(plan, made)
    for one in made:
        if one.step not in job.arm.steps:
            continue  # another arm's, made because it is matched with a step of this one
        tree = Tree.open(one.folder)
        dataset = open_dataset(tree, workers=plan.workers)
        everything = ["train"] * dataset.images.height
        decided = standings(dataset, tree).of
        sources.append(Source(dataset, tree, everything, decided, without.get(one.step, {})))
    selection = select(
        sources,
        real.classes,
        rename=plan.config.classes.map,
        empty_as_background=bool(plan.config.export and plan.config.export.empty_as_background),
    )
    trained = [sources[item.source].tree.path(item.image) for item in selection.items]
    checked = refuse_judges(plan, real, job, [], trained)
    refuse_children(plan, real, job, sources, selection)
    counts = hand_over(Assembly(tuple(sources), selection, ()), out, seed=job.seed)["train"]
    return TrainingSet(
        data=out / "data.yaml",
        images=counts["images"],
        boxes=counts["boxes"],
        # a picture with pasted distractors alone is a pasted one
        backgrounds=sum(not item.boxes and not item.synthetic for item in selection.items),
        synthetic=sum(item.synthetic for item in selection.items),
        files_checked=checked,
    )


# proof


def refuse_judges(
    plan: Plan, real: Real, job: Job, folders: Sequence[Path], files: Sequence[Path] = ()
) -> int:
    """Raises CurateError where one of the files judges this fold, or a picture in one of the folders is a
    photograph that does: a background there is refused once a step makes something of it.

    Compared are contents, not names. Returns how many files were compared.
    """
    photographs = _photographs(plan, real, job)
    judges = photographs | _backgrounds(real)
    count = 0
    for folder in folders:
        for name, digest in _pictures(folder):
            count += 1
            _refuse(name, digest, photographs)
    for path in files:
        count += 1
        _refuse(str(path), hashlib.sha256(path.read_bytes()).hexdigest(), judges)
    return count


def refuse_children(
    plan: Plan, real: Real, job: Job, sources: Sequence[Source], selection: Selection
) -> None:
    """Raises CurateError where a drawn picture was made from one that judges, or does not say from what."""
    judges = _photographs(plan, real, job) | _backgrounds(real)
    annotations = [dict(s.dataset.images.select("image", "annotation").rows()) for s in sources]
    for item in selection.items:
        if not item.synthetic:
            continue
        tree = sources[item.source].tree
        parents = provenance.lineage(tree.read(annotations[item.source][item.image])).parents
        if not parents:
            raise CurateError(
                f"{display(item.image)} does not say what it was made from.", "Paste it with this version."
            )
        for digest in parents:
            _refuse(str(tree.path(item.image)), digest, judges)


def _photographs(plan: Plan, real: Real, job: Job) -> dict[str, str]:
    """SHA-256 of every photograph that judges a fold -> its name."""
    judges: dict[str, str] = {}
    for i in deal(plan, real, job.seed)[job.fold]:
        judges |= dict.fromkeys(real.photographs[i].sha256, real.photographs[i].image)
    return judges


def _backgrounds(real: Real) -> dict[str, str]:
    """The same of every background, which judge all folds."""
    return {one.sha256: one.image for one in real.backgrounds}


def _refuse(path: str, digest: str, judges: Mapping[str, str]) -> None:
    if digest in judges:
        raise CurateError(
            f"{display(path)} is a copy of {display(judges[digest])}, or made from it, which judges.",
            "Take the copy out, or name the data set as in [data] path, so that its folds apply.",
        )


@lru_cache(maxsize=256)
def _pictures(folder: Path) -> tuple[tuple[str, str], ...]:
    """(path, SHA-256) of the pictures below a folder, which nobody changes while we work."""
    tree = Tree.open(folder)
    names = [name for name in tree.files() if is_image_name(name)]
    return tuple((str(tree.path(name)), hashlib.sha256(tree.read(name)).hexdigest()) for name in names)
