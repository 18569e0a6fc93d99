"""group-across-splits: images of one source are in different splits.

## What
By their names: frames of one video (`walk_mp4-12.jpg`, `walk_frame_0012.jpg`, `视频_0012.jpg`), what Roboflow
made of one photograph (`x_jpg.rf.<hash>.jpg`), tiles of one picture (`x_0_512.png`, `x_1_0.png`). With
`--pixels` also bursts: photographs that one camera took within two seconds of each other, by EXIF. A number
alone (`IMG_0012`) is no evidence. A long video that was cut into runs of neighbouring frames is left in
peace.

## Why it hurts training
Neighbouring frames and siblings are nearly one picture: the detector is judged on what it has learnt by
heart.

## Example
`walk_mp4-12.jpg` in train, `walk_mp4-13.jpg` in test.

## Repair
Unsafe: the lines of the group are moved to the list where most of it is, at a tie to the one that judges.
Where folders are the splits, and for a video that is a quarter of the images or more, only a person can
regroup; `curate split` deals out anew.

## Evidence
"Splits that do not leak" is among the ten things that the users of eight tools ask for in their trackers
and do not get.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.copies.evidence import BURST, FRAMES, LARGE, SIBLINGS, TILES
from curate.findings import Finding, FixClass, Severity
from curate.rules.model import Facts, Rule, Stage
from curate.rules.regroup import move_lines, regrouping
from curate.rules.sources import across_splits
from curate.rules.split_lists import at_line, memberships

_WORDS = {
    FRAMES: "frames of the video",
    SIBLINGS: "versions of the source",
    TILES: "tiles of",
    BURST: "photographs of one burst of the camera",
}


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    members = facts.once(memberships)
    seen: set[int] = set()
    for group in facts.once(across_splits):
        found = regrouping(members, group.rows)
        if found is None or seen & set(group.rows):
            continue  # an image may be a frame and of a burst: one finding, one repair
        seen |= set(group.rows)
        first = found.moves[0]
        large = len(group.rows) > LARGE * facts.data.images.height and group.kind == FRAMES
        can_be_done = found.can_be_done and not large
        yield rule.finding(
            facts.data.images.row(first, named=True),
            f"{len(group.rows):,} {_WORDS[group.kind]} {group.source!r} are in different splits:"
            f" {len(found.stays)} in {found.target}, {len(found.moves)} elsewhere, such as"
            f" {facts.data.images['image'][first]} ({members[first].role})",
            "The detector is judged on what it has all but seen.",
            safety=FixClass.UNSAFE if can_be_done else FixClass.MANUAL,
            fix=found.fix
            if can_be_done
            else "bring them into one split, or deal out anew with `curate split`",
            facts=found.as_facts(),
            **at_line(members[first].places, facts.data.images["image"][first]),
        )


RULE = Rule(
    code="SET007",
    name="group-across-splits",
    severity=Severity.WARNING,
    check=check,
    repair=move_lines,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
