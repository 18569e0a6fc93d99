"""Take images without objects into a folder of their own, as recorded decisions, ready to be merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curate.commands.negatives_folder import write_folder
from curate.commands.negatives_sources import Sources, Wish, check_with
from curate.commands.new_folder import refuse_new_folder
from curate.engine.spawned import workers_kept
from curate.errors import CurateError
from curate.formats.discover import open_dataset
from curate.negatives.advice import USUAL, Advice, advise, checked_ratio, wanted
from curate.negatives.candidates import choose
from curate.negatives.ledger import BY_MODEL, MOST_WHOLE, VERIFIED, moment
from curate.negatives.model import open_checker, open_model, working_confidence
from curate.negatives.standing import standings
from curate.tree import Tree, display_path
from curate.wording import count as number_of

SCHEMA = 1


@dataclass(frozen=True)
class Result:
    """What was taken. `refused` counts candidates by reason, `left_aside` images that gave none."""

    out: Path
    made: int
    asked: int
    labelled: int
    share: float  # of all images, with the backgrounds that the set has already
    states: Mapping[str, int]  # what the made ones are on record as
    refused: Mapping[str, int]
    left_aside: Mapping[str, int]
    suspects: int
    sheets: tuple[Path, ...]
    advice: Advice  # for the data set as it was
    notes: tuple[str, ...]


def run(
    path: Path,
    *,
    out: Path,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
    **wish: Any,
) -> Result:
    """`take`, with the fields of `Wish` as keywords."""
    return take(path, out, Wish(**wish), workers=workers, say=say)


@workers_kept()
def take(
    path: Path,
    out: Path,
    wish: Wish,
    *,
    train: Collection[str] | None = None,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Write images without objects, with object-less annotations and a ledger, to `out`. Raises CurateError.

    Backgrounds are copied byte for byte unless `max_side` shrinks the larger ones; parts are encoded once
    more. `train` are the images that parts may be cut from (default: those in the train lists of the set).
    The same call writes the same bytes on any day and with any number of workers, unless `when` says "now".
    """
    _refuse(path, out, wish)
    when = moment(wish.when)
    miner = open_model(wish.mine) if wish.mine else None
    checker = open_checker(wish.check) if wish.check else None
    say("reading")
    tree = Tree.open(path)
    folder = Tree.open(wish.source) if wish.source else None
    dataset = open_dataset(tree, workers=workers)
    before = advise(dataset, standings(dataset, tree), empty_scenes=wish.empty_scenes)
    asked = _asked(wish, before)
    sources = Sources(wish, dataset, tree, folder, miner, train, workers, say)
    check = None
    if checker is not None:
        conf, why = working_confidence(checker, wish.check_conf)
        sources.notes.append(f"checked with {checker.identity.who} at a confidence of {conf:g} ({why})")
        check = check_with(checker, conf)
    candidates = sources.candidates(asked)
    choice = choose(candidates, asked, sources.known(candidates), check=check, workers=workers, say=say)
    refused = Counter(choice.refused) + sources.refused
    kept = choice.suspects if wish.mark_suspects else ()
    if choice.suspects and not kept:
        refused["the check sees an object in it"] += len(choice.suspects)
    taken = [*choice.chosen, *kept]
    if not taken:
        raise _nothing(wish, path, refused, sources)
    say("writing")
    lists = dataset.splits.height > 0
    sheets = write_folder(out, taken, choice.suspects, wish, when=when, lists=lists, workers=workers)
    made = len(choice.chosen)
    backgrounds = before.backgrounds + made
    share = backgrounds / max(before.labelled + backgrounds, 1)
    notes = list(sources.notes)
    if lists:
        notes.append(f"{display_path(path)} has split lists: all of them are in train")
    if kept:
        notes.append(f"{number_of(len(kept), 'image')} more, never labelled: the check sees an object there")
    if made < asked:
        notes.append(f"only {made} of {asked}: no more of them can be used")
    if share > before.high + 0.005:
        notes.append(f"up to {100 * before.high:.0f} % are advised; more leave the classes fewer steps")
    states = Counter(negative.candidate.state for negative in choice.chosen)
    return Result(
        out=out,
        made=made,
        asked=asked,
        labelled=before.labelled,
        share=share,
        states={state: states[state] for state in (VERIFIED, BY_MODEL) if states[state]},
        refused=dict(sorted(refused.items())),
        left_aside=dict(sources.left.most_common()),
        suspects=len(choice.suspects),
        sheets=sheets,
        advice=before,
        notes=tuple(notes),
    )


def _refuse(path: Path, out: Path, wish: Wish) -> None:
    if wish.source is None and not wish.crops and wish.mine is None:
        raise CurateError(
            "Nothing says where images without objects come from.",
            "Give --from DIR, --crops or --mine WEIGHTS.",
        )
    if wish.ratio is not None and wish.count is not None:
        raise CurateError("--ratio and --count both say how many.", "Give one of them.")
    if wish.count is not None and wish.count < 1:
        raise CurateError(f"{wish.count} images cannot be taken.", "Give --count at least 1.")
    if not 0 <= wish.seed <= MOST_WHOLE:
        raise CurateError(f"--seed {wish.seed} cannot be put on record.", f"Give 0 to {MOST_WHOLE}.")
    if wish.max_side is not None and wish.max_side < 32:
        raise CurateError(f"Images of {wish.max_side} pixels show nothing.", "Give --max-side at least 32.")
    if not 0 <= wish.margin <= 2:
        raise CurateError(f"A margin of {wish.margin:g} cannot be.", "Give a share of the box, 0 to 2.")
    if wish.check is None and (wish.check_conf is not None or wish.mark_suspects):
        raise CurateError("--check-conf and --mark-suspects belong to --check.", "Add --check WEIGHTS.")
    if wish.conf is not None and wish.mine is None:
        raise CurateError("--conf belongs to --mine.", "Add --mine WEIGHTS.")
    refuse_new_folder(out, [p for p in (path, wish.source) if p is not None])


def _asked(wish: Wish, before: Advice) -> int:
    """How many to take: `count`, or what `ratio` lacks beside the backgrounds that are there."""
    if wish.count is not None:
        return wish.count
    ratio = checked_ratio(USUAL[1] if wish.ratio is None else wish.ratio)
    in_all = wanted(before.labelled, ratio)
    if in_all <= before.backgrounds:
        raise CurateError(
            f"{ratio:.0%} is {number_of(in_all, 'background')} beside {before.labelled} labelled images;"
            f" {before.backgrounds} are there.",
            "Give a higher --ratio, or --count.",
        )
    return in_all - before.backgrounds


def _nothing(wish: Wish, path: Path, refused: Mapping[str, int], sources: Sources) -> CurateError:
    reasons = [f"{number} x {why}" for why, number in (*refused.items(), *sources.left.items())]
    where, what, cure = path, "no image without an object", "Name a folder of backgrounds: --from DIR"
    if wish.source is not None:
        where, what, cure = wish.source, "no background image", "Name a folder of photographs."
        reasons = reasons or ["it holds no images"]
    if wish.mine is not None:
        reasons += [note for note in sources.notes if note.startswith("mined with")]
        cure = "Lower --conf, or look where the model is wrong more often: --from DIR"
    said = ", ".join(reasons) or "nothing in it is labelled"
    return CurateError(f"{display_path(where)} gave {what}: {said}.", cure)


# --- for people and programs ------------------------------------------------------------------------------


def describe(result: Result) -> str:
    """The result for people, several lines."""
    advice = result.advice
    lines = [
        f"{result.made} background images in {display_path(result.out)}: {result.share:.1%} of all images"
        f" with the {result.labelled} labelled ones ({advice.low:.0%} to {advice.high:.0%} is advised)",
        *(f"  on record as {state}: {number}" for state, number in result.states.items()),
        *(f"  refused: {number} x {why}" for why, number in result.refused.items()),
        *(f"  gave none: {number} x {why}" for why, number in result.left_aside.items()),
        *(f"  {note}" for note in result.notes),
        *(f"  advice: {reason}" for reason in advice.reasons),
        *(f"look at them: {display_path(sheet)}" for sheet in result.sheets),
    ]
    return "\n".join(lines)


def as_object(result: Result) -> dict[str, Any]:
    """For programs."""
    plain = asdict(result)
    plain["out"] = display_path(result.out)
    plain["sheets"] = [display_path(sheet) for sheet in result.sheets]
    return {"schema": SCHEMA, **plain}
