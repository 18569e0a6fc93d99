"""Decisions about the images without objects of a user's own data set: record, show and forget them.

They are kept in PATH/.curate/ledger.jsonl. Every change goes through the journal, as repairs do, so that
`curate undo` takes it back.
"""

from __future__ import annotations

import contextlib
import difflib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curate.dataset import Dataset
from curate.errors import CurateError
from curate.findings import Finding
from curate.fixes.apply import apply
from curate.fixes.durable import write_file
from curate.fixes.plan import FileChange, Plan
from curate.formats.discover import open_dataset
from curate.known.globs import matcher
from curate.negatives.advice import Advice, advise
from curate.negatives.advice import describe as describe_advice
from curate.negatives.candidates import encoded
from curate.negatives.ledger import (
    BY_MODEL,
    NEVER,
    OWN,
    STATES,
    VERIFIED,
    Claim,
    Decision,
    Ledger,
    dump,
    moment,
    read_file,
)
from curate.negatives.model import open_checker, working_confidence
from curate.negatives.pictures import Picture
from curate.negatives.sheet import Shown, contact_sheet
from curate.negatives.standing import Standing, digest, empty, standings
from curate.rules import check_all, select
from curate.rules.model import Facts
from curate.tree import Tree, display, name_to_text
from curate.wording import count

SCHEMA = 1
_MOST_SHOWN = 120


@dataclass(frozen=True)
class Decided:
    """What a call came to. `recorded` counts decisions by state; `suspects` were left undecided."""

    run: str | None  # of the journal; None: nothing had to be written
    recorded: Mapping[str, int]
    forgotten: int
    same: int  # on record already, word for word
    passed_over: Mapping[str, int]  # why -> images that a pattern means and that cannot be decided upon
    suspects: tuple[tuple[str, tuple[Claim, ...]], ...]
    sheet: Path | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Listed:
    """One image without objects, and how it stands."""

    image: str
    standing: Standing


def listed(
    path: Path, *, empty_scenes: float | None = None, workers: int | None = None
) -> tuple[list[Listed], Advice, Ledger]:
    """Every image without objects, by path; advice; and the ledger, whose unread lines are to be told."""
    tree = Tree.open(path)
    data = open_dataset(tree, workers=workers)
    found = standings(data, tree)
    rows = empty(data).select("image", "image_id").iter_rows()
    images = [Listed(image, found.of[image_id]) for image, image_id in rows if image is not None]
    return (
        sorted(images, key=lambda one: one.image),
        advise(data, found, empty_scenes=empty_scenes),
        found.ledger,
    )


def decide(
    path: Path,
    *,
    verify: Sequence[str] = (),
    by_model: Sequence[str] = (),
    never: Sequence[str] = (),
    forget: Sequence[str] = (),
    check: Path | None = None,
    check_conf: float | None = None,
    who: str | None = None,
    why: str | None = None,
    when: str | None = None,
    sheet: int = 0,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Decided:
    """Put decisions about images without objects on record. Raises CurateError, with nothing changed.

    `verify`, `by_model`, `never` and `forget` are files or patterns, relative to `path` or below it; an
    annotation means its image. With `check` the weights of a model must see nothing in an image that becomes
    a negative: it is left undecided otherwise. `by_model` lets the model alone decide, so it needs `check`.
    """
    when = moment(when)
    if by_model and check is None:
        raise CurateError("--by-model lets a model decide.", "Name it: --check WEIGHTS.")
    if check is not None and not (verify or by_model):
        raise CurateError("--check has nothing to look at.", "Add --verify FILE or --by-model FILE.")
    say("reading")
    tree = Tree.open(path)
    data = open_dataset(tree, workers=workers)
    own = _own(tree)
    chooser = _Chooser(tree, data, own)
    wanted = {
        image: state
        for state, patterns in ((VERIFIED, verify), (BY_MODEL, by_model), (NEVER, never))
        for image in chooser.meant(path, patterns, state)
    }
    gone = chooser.on_record(path, forget)
    if both := sorted(gone & wanted.keys()):
        raise CurateError(f"{display(both[0])} is to be decided upon and forgotten.", "Ask for one of them.")
    claims, notes, author = _checked(tree, wanted, check, check_conf, say)
    new = dict(own.decisions)
    recorded, same = Counter[str](), 0
    for image, state in wanted.items():
        seen = claims.get(image, ())
        if seen:
            continue
        decision = None if seen is None else _decision(tree, image, state, author, who, why, when)
        if decision is None:
            chooser.passed_over["the image cannot be read"] += 1
        elif new.get(image) == decision:
            same += 1
        else:
            new[image] = decision
            recorded[state] += 1
    for image in gone:
        del new[image]
    changed = sorted(
        image for image in own.decisions.keys() | new if own.decisions.get(image) != new.get(image)
    )
    run = _write(path, tree, data, new, changed) if changed else None
    suspects = tuple((image, seen) for image, seen in claims.items() if seen)
    return Decided(
        run=run,
        recorded={state: recorded[state] for state in STATES if recorded[state]},
        forgotten=len(gone),
        same=same,
        passed_over=dict(sorted((+chooser.passed_over).items())),
        suspects=suspects,
        sheet=_sheet(tree, suspects) if sheet and suspects else None,
        notes=tuple(notes),
    )


def _own(tree: Tree) -> Ledger:
    own = read_file(tree, OWN)
    if own.unread:
        first = own.unread[0]
        line = f":{first.line}" if first.line else ""
        raise CurateError(
            f"{OWN}{line} cannot be read: {display(first.why)}.",
            "Nothing was changed. Correct that line or take it out; it would be lost otherwise.",
        )
    return own


class _Chooser:
    """Which images a pattern means."""

    def __init__(self, tree: Tree, data: Dataset, own: Ledger) -> None:
        self.tree, self.own = tree, own
        self.passed_over: Counter[str] = Counter()
        ids = set(empty(data)["image_id"])
        counts = dict(data.objects.group_by("image_id").len().iter_rows())
        self.free: dict[str, str] = {}  # image or annotation -> image
        self.not_free: dict[str, tuple[int, str]] = {}  # image or annotation -> its row, and why
        for row in data.images.iter_rows(named=True):
            names = [name for name in (row["image"], row["annotation"]) if name is not None]
            if row["image"] is not None and row["image_id"] in ids:
                self.free.update((name, row["image"]) for name in names)
            else:
                number = counts.get(row["image_id"], 0)
                why = (
                    f"it holds {count(number, 'object')}"
                    if number
                    else "its image is missing"
                    if row["image"] is None
                    else "its annotation cannot be read"
                )
                self.not_free.update((name, (row["image_id"], why)) for name in names)
        self.decided: dict[str, str] = {}  # image -> the state that was asked for

    def meant(self, path: Path, patterns: Sequence[str], state: str) -> list[str]:
        """Images without objects, by path. Raises CurateError for a pattern that means none."""
        found: dict[str, None] = {}
        for pattern in patterns:
            fits = _fits(path, pattern, {**self.free, **self.not_free})
            free = dict.fromkeys(image for name, image in self.free.items() if fits(name))
            others = {name: why for name, (_, why) in self.not_free.items() if fits(name)}
            if not free:
                raise self._nothing(pattern, others)
            for _, why in {self.not_free[name] for name in others}:
                self.passed_over["it holds objects" if why.startswith("it holds") else why] += 1
            found.update(free)
        for image in found:
            if self.decided.setdefault(image, state) != state:
                raise CurateError(
                    f"{display(image)} is to be {self.decided[image]} and {state}.", "Ask for one of them."
                )
        return sorted(found)

    def on_record(self, path: Path, patterns: Sequence[str]) -> set[str]:
        """Images on record that patterns mean. Raises CurateError for a pattern that means none."""
        found: set[str] = set()
        owner = {**self.free, **{image: image for image in self.own.decisions}}
        for pattern in patterns:
            fits = _fits(path, pattern, owner)
            meant = {image for name, image in owner.items() if fits(name)} & self.own.decisions.keys()
            if not meant:
                raise CurateError(
                    f"Nothing is on record of {display(pattern)}.", _nearest(pattern, self.own.decisions)
                )
            found |= meant
        return found

    def _nothing(self, pattern: str, others: Mapping[str, str]) -> CurateError:
        if others:
            name, why = next(iter(sorted(others.items())))
            return CurateError(
                f"{display(name)} cannot be decided upon: {why}.",
                "Decisions are about images without objects: curate negatives PATH --list",
            )
        return CurateError(
            f"{display(pattern)} means no image of the data set.", _nearest(pattern, self.free)
        )


def _nearest(pattern: str, names: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(pattern, names, n=1, cutoff=0.5)
    if near:
        return f"Did you mean {display(near[0])}?"
    return "Patterns start at PATH and need quotes: --verify 'JPEGImages/empty_*.jpg'"


def _fits(root: Path, pattern: str, names: Mapping[str, object]) -> Callable[[str], bool]:
    """Which names a pattern means. The shell completes `data/JPEGImages/a.jpg` rather than the rest."""
    place = Path(pattern)
    if not (root / place).exists() and place.exists():
        with contextlib.suppress(ValueError):
            place = place.resolve().relative_to(root.resolve())
    text = name_to_text(place.as_posix())
    if text in names:  # a name with brackets in it is a name first
        return lambda name: name == text
    return matcher(text)


def _checked(
    tree: Tree,
    wanted: Mapping[str, str],
    check: Path | None,
    conf: float | None,
    say: Callable[[str], None],
) -> tuple[dict[str, tuple[Claim, ...] | None], list[str], str | None]:
    """What a model sees in the images that are to become negatives (None: unreadable); notes; who it is."""
    if check is None:
        return {}, [], None
    model = open_checker(check)
    believed, why = working_confidence(model, conf)
    names = [image for image, state in wanted.items() if state != NEVER]
    claims: dict[str, tuple[Claim, ...] | None] = {}
    for number, (image, seen) in enumerate(zip(names, model.see(tree, names, believed), strict=True)):
        if number % 16 == 0:
            say(f"asking the model: {number:,} of {len(names):,} images")
        claims[image] = seen
    note = f"checked with {model.identity.who}: nothing at a confidence of {believed:g} ({why})"
    return claims, [note], model.identity.who


def _decision(
    tree: Tree,
    image: str,
    state: str,
    author: str | None,
    who: str | None,
    why: str | None,
    when: str | None,
) -> Decision | None:
    """What goes on record; None where the image cannot be read."""
    sha256 = digest(tree, image)
    if sha256 is None:
        return None
    options = {VERIFIED: "--verify", NEVER: "--never-labelled", BY_MODEL: "--by-model"}
    said = author if state == BY_MODEL and author else who or f"curate negatives {options[state]}"
    reason = why
    if author and state != NEVER:
        seen = "sees nothing in it" if state == BY_MODEL else f"{author} sees nothing in it"
        reason = f"{why}; {seen}" if why else seen
    return Decision(
        image=image, decision=state, who=said, sha256=sha256, bytes=tree.size(image), when=when, why=reason
    )


def _write(
    path: Path, tree: Tree, data: Dataset, decisions: Mapping[str, Decision], changed: Sequence[str]
) -> str:
    """Write the ledger through the journal; the number of the run."""
    answered = _answered(
        data, tree, {i for i in changed if i in decisions and decisions[i].decision == VERIFIED}
    )
    codes = tuple(sorted({finding.code for finding in answered}))
    place = tree.path(OWN)
    old = tree.read(OWN) if place.exists() else None
    new = dump(decisions[image] for image in sorted(decisions)) or None
    plan = Plan(
        root=tree.root,
        changes=(FileChange(OWN, old, new, codes=codes),),
        found=(),
        fixed=tuple(answered),
        remaining=(),
        data=data,
        passes=1,
        converged=True,
    )
    fresh = not place.parent.exists()
    try:
        place.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise CurateError(
            f"{path} cannot be written: {error.strerror}.", "Make it writable, or work on a copy."
        ) from error
    try:
        run = apply(plan, tree.root)
    except CurateError:
        if fresh:
            with contextlib.suppress(OSError):
                place.parent.rmdir()
        raise
    assert run is not None, "something changed"
    return run.id


def _answered(data: Dataset, tree: Tree, verified: set[str]) -> list[Finding]:
    """What the rules have asked about these images."""
    image_of: dict[str, str] = {}
    for image, annotation in data.images.select("image", "annotation").iter_rows():
        if image is not None:
            image_of.update((name, image) for name in (image, annotation) if name is not None)
    asked = check_all(Facts(data, tree), select(["OBJ001", "IMG002"]))
    return [finding for finding in asked if image_of.get(finding.path) in verified]


def _sheet(tree: Tree, suspects: Sequence[tuple[str, tuple[Claim, ...]]]) -> Path:
    """What the model saw, drawn; in PATH/.curate, where it is no image of the data set."""
    shown = (Shown.of(Picture.read(tree, image), claims) for image, claims in suspects[:_MOST_SHOWN])
    target = tree.root / ".curate" / "suspects.png"
    target.parent.mkdir(exist_ok=True)
    write_file(target, encoded(contact_sheet(shown), ".png"), target.with_name(".suspects.png.partial"))
    return target


# --- for people and programs ------------------------------------------------------------------------------


def describe(decided: Decided) -> list[str]:
    """What a call of `decide` came to."""
    lines = [f"{number} on record as {state}" for state, number in decided.recorded.items()]
    if decided.forgotten:
        lines.append(f"{decided.forgotten} forgotten")
    if decided.same:
        lines.append(f"{decided.same} on record already")
    lines += [f"  passed over: {number} x {why}" for why, number in decided.passed_over.items()]
    for image, claims in decided.suspects:
        best = claims[0]
        lines.append(f"  left undecided: {display(image)}: {display(best.name)} at {best.confidence:.2f}")
    lines += [f"  {note}" for note in decided.notes]
    if decided.sheet:
        lines.append(f"look at them: {display(str(decided.sheet))}")
    if decided.run:
        lines.append(f"run {decided.run}; to take it back: curate undo PATH")
    return lines or ["nothing to record"]


def describe_list(images: Sequence[Listed], advice: Advice, ledger: Ledger, *, all_rows: bool) -> list[str]:
    """One line an image (where they are asked for), the counts, and advice on how many there should be."""
    lines = []
    if all_rows:
        for one in images:
            decision, state = one.standing.decision, one.standing.state
            said = "" if decision is None else f"  {_said(decision)}"
            if one.standing.changed:
                said = f"  changed since it was {decision.decision if decision else ''} ({said.strip()})"
            lines.append(f"{state:<17}  {display(one.image)}{said}")
    counts = Counter(one.standing.state for one in images)
    parts = ", ".join(f"{counts[state]:,} {state}" for state in STATES)
    lines.append(f"{count(len(images), 'image')} without objects: {parts}")
    for line in ledger.unread:
        lines.append(f"  not read: {line.file}:{line.line}: {display(line.why)}")
    return [*lines, *describe_advice(advice)]


def _said(decision: Decision) -> str:
    parts = [decision.who, *([decision.when] if decision.when else [])]
    return display(", ".join(parts) + (f": {decision.why}" if decision.why else ""))


def as_object(images: Sequence[Listed], advice: Advice, ledger: Ledger) -> dict[str, Any]:
    """For programs: the images, what is on record of them, and the advice."""
    return {
        "schema": SCHEMA,
        "images": [
            {
                "image": display(one.image),
                "state": one.standing.state,
                "changed": one.standing.changed,
                "who": one.standing.decision.who if one.standing.decision else None,
                "when": one.standing.decision.when if one.standing.decision else None,
                "why": one.standing.decision.why if one.standing.decision else None,
                "sha256": one.standing.decision.sha256 if one.standing.decision else None,
            }
            for one in images
        ],
        "unread": [asdict(line) for line in ledger.unread],
        "advice": asdict(advice),
    }


def decided_as_object(decided: Decided) -> dict[str, Any]:
    """For programs: what a call of `decide` came to."""
    return {
        "schema": SCHEMA,
        "run": decided.run,
        "recorded": dict(decided.recorded),
        "forgotten": decided.forgotten,
        "same": decided.same,
        "passed_over": dict(decided.passed_over),
        "suspects": [
            {"image": display(image), "claims": [asdict(claim) for claim in claims]}
            for image, claims in decided.suspects
        ],
        "sheet": display(str(decided.sheet)) if decided.sheet else None,
        "notes": list(decided.notes),
    }
