"""Which findings get a picture, so that a page of any data set stays small.

In: findings and their data set. Out: a bounded number of pictures, and for each finding the panes that show
it. Every rule has its first finding shown before any has its second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from curate.dataset import Dataset
from curate.findings import Finding
from curate.report.html.drawing import drawn
from curate.report.html.panes import Pane, Wanted, panes_of
from curate.report.html.subjects import Image, Subjects
from curate.report.html.words import Words
from curate.tree import Tree

MAX_PICTURES = 400
MAX_CLOSE_UPS = 150  # of these; a set of tiny boxes is to show its images, too
MAX_BYTES = 9_000_000  # of JPEG, which are 12 MB as text


@dataclass(frozen=True)
class Album:
    """The pictures of a page. `panes` and `image_of` have one entry for each finding."""

    pictures: tuple[bytes, ...]
    images: tuple[Image, ...]
    image_of: tuple[int | None, ...]  # number in `images`; None: no image, or left out
    panes: tuple[tuple[Pane, ...], ...]
    left_out: int  # images with findings that are not shown


def in_turn(findings: Sequence[Finding]) -> list[int]:
    """Numbers of the findings such that every rule has its first before any has its second."""
    rank: dict[str, int] = {}
    keys = []
    for number, finding in enumerate(findings):
        turn = rank[finding.code] = rank.get(finding.code, -1) + 1
        keys.append((turn, number))
    return [number for _, number in sorted(keys)]


def album(
    findings: Sequence[Finding], data: Dataset, tree: Tree, words: Words, *, workers: int | None = None
) -> Album:
    """Pictures for the findings, every rule in turn until the bounds are reached."""
    subjects = Subjects(data, findings)
    choice = _Choice(subjects, words)
    image_ids = [subjects.image_id(finding) for finding in findings]
    for number in in_turn(findings):
        image_id = image_ids[number]
        if image_id is not None:
            choice.offer(number, findings[number], image_id)
    made = drawn(list(choice.wanted), tree, workers)
    return choice.album(findings, made, len({i for i in image_ids if i is not None}))


@dataclass
class _Choice:
    """Which findings are shown, and the pictures it takes. A picture serves all findings of its image."""

    subjects: Subjects
    words: Words
    wanted: dict[Wanted, None] = field(default_factory=dict)  # a set that keeps its order
    close_ups: int = 0
    members: dict[int, list[int]] = field(default_factory=dict)  # image_id -> numbers of its findings
    panes: dict[int, list[tuple[Wanted | None, Pane]]] = field(default_factory=dict)  # of each finding

    def offer(self, number: int, finding: Finding, image_id: int) -> None:
        """Show a finding as far as there is room."""
        kept = []
        for want, pane in panes_of(finding, self.subjects, image_id, self.words):
            if want is None or want in self.wanted:
                kept.append((want, pane))
            elif self._has_room_for(want):
                self.wanted[want] = None
                self.close_ups += want.crop is not None
                kept.append((want, pane))
        if image_id in self.members or (kept and len(self.members) < MAX_PICTURES):
            self.members.setdefault(image_id, []).append(number)
            self.panes[number] = kept

    def _has_room_for(self, want: Wanted) -> bool:
        if len(self.wanted) >= MAX_PICTURES:
            return False
        return want.crop is None or self.close_ups < MAX_CLOSE_UPS

    def album(
        self, findings: Sequence[Finding], made: Mapping[Wanted, bytes | None], images_with_findings: int
    ) -> Album:
        """The album of what could be made, as far as MAX_BYTES goes."""
        fitting = _fitting(made)
        images: list[Image] = []
        image_of: list[int | None] = [None] * len(findings)
        panes: list[tuple[Pane, ...]] = [()] * len(findings)
        for image_id, members in self.members.items():
            for number in members:
                panes[number] = tuple(_numbered(self.panes[number], made, fitting))
            if not any(panes[number] for number in members):
                continue  # its pictures were made, and were too much
            undecoded = any(want and made[want] is None for n in members for want, _ in self.panes[n])
            why = self.subjects.why_not(image_id, self.words, undecoded=undecoded)
            for number in members:
                image_of[number] = len(images)
            images.append(self.subjects.image(image_id, [findings[number] for number in members], why))
        pictures = tuple(content for want in fitting if (content := made[want]) is not None)
        return Album(
            pictures, tuple(images), tuple(image_of), tuple(panes), images_with_findings - len(images)
        )


def _fitting(made: Mapping[Wanted, bytes | None]) -> dict[Wanted, int]:
    """The pictures that MAX_BYTES has room for, numbered in their order."""
    numbers: dict[Wanted, int] = {}
    size = 0
    for want, content in made.items():
        if content is not None and size + len(content) <= MAX_BYTES:
            numbers[want] = len(numbers)
            size += len(content)
    return numbers


def _numbered(
    planned: Iterable[tuple[Wanted | None, Pane]],
    made: Mapping[Wanted, bytes | None],
    fitting: Mapping[Wanted, int],
) -> Iterator[Pane]:
    """Panes with the numbers of their pictures; a placeholder for an image that could not be decoded."""
    for want, pane in planned:
        if want is None:
            yield pane
        elif want in fitting:
            yield replace(pane, picture=fitting[want])
        elif made[want] is None and want.crop is None:
            yield pane
