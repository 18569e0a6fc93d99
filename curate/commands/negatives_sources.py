"""Where images without objects come from: a folder, parts of labelled images, what a model gets wrong.

In: what is asked for, and the data set. Out: candidates in the order in which they are to be taken, and what
is to be said of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import tee
from pathlib import Path

import numpy as np

from curate import splits
from curate.dataset import Dataset
from curate.errors import CurateError
from curate.negatives import mining
from curate.negatives.backgrounds import LABELLED, backgrounds
from curate.negatives.candidates import Candidate, Check, Known
from curate.negatives.crops import MARGIN, Rules, Shape, crops
from curate.negatives.labelled import Frame, frames
from curate.negatives.ledger import VERIFIED, Claim
from curate.negatives.likeness import judged, learn, least_alike
from curate.negatives.model import Seer, unmatched, working_confidence
from curate.negatives.pictures import Picture
from curate.pixels import PixelReader
from curate.pixels.look import SIDE
from curate.tree import Tree, display
from curate.wording import count

_PROPOSALS = 3  # parts that are judged for each that is asked for
_SAMPLE = 200  # images that tell how sharp the set usually is


@dataclass(frozen=True)
class Wish:
    """What is asked for, apart from the data set and the folder to be written."""

    source: Path | None = None  # folder of backgrounds
    crops: bool = False  # parts of labelled images; with `mine` and `source`: parts of the backgrounds
    mine: Path | None = None  # weights, or a predictions.json
    ratio: float | None = None  # of all images once merged
    count: int | None = None  # instead
    seed: int = 0
    max_side: int | None = None  # pixels; larger images are shrunk
    margin: float = MARGIN  # of a box's longer side that parts keep clear of
    conf: float | None = None  # from which a detection is mined; None: the model's own working point
    check: Path | None = None  # weights that must see nothing
    check_conf: float | None = None
    mark_suspects: bool = False  # keep what the check holds back, on record as never labelled
    who: str | None = None
    why: str | None = None
    when: str | None = None
    sheet: int = 0  # negatives on the contact sheet
    empty_scenes: float | None = None  # share of what the camera sees; for the advice


@dataclass
class Sources:
    """A data set, a folder of backgrounds, a model; and what is to be said of what they gave."""

    wish: Wish
    dataset: Dataset
    tree: Tree
    folder: Tree | None = None
    miner: Seer | None = None
    train: Collection[str] | None = None  # images to cut from; None: what the set's own lists say
    workers: int | None = None
    say: Callable[[str], None] = lambda _: None
    left: Counter[str] = field(default_factory=Counter)  # why -> images that gave no candidate
    refused: Counter[str] = field(default_factory=Counter)  # why -> images of the folder
    notes: list[str] = field(default_factory=list)

    def candidates(self, asked: int) -> list[Candidate]:
        """Those to be taken first in front; `asked` is how many will be taken at most."""
        if self.miner is not None:
            return self._mined(self.miner)
        found = self._backgrounds()
        return found + self._parts(asked) if self.wish.crops else found

    def _backgrounds(self) -> list[Candidate]:
        if self.folder is None:
            return []
        who = self.wish.who or "curate negatives --from"
        found, labelled = backgrounds(self.folder, seed=self.wish.seed, who=who, why=self.wish.why)
        if labelled:
            self.refused[LABELLED] = labelled
        return found

    def _mined(self, model: Seer) -> list[Candidate]:
        """What the model is wrong about, the most confident first."""
        conf, why = working_confidence(model, self.wish.conf)
        self.notes.append(f"mined with {model.identity.who} from a confidence of {conf:g} ({why})")
        if self.folder is not None:
            whole = self._backgrounds()
            rules = self._rules(self._sizes()) if self.wish.crops else None
            names = [candidate.source for candidate in whole]
            found, left = mining.in_backgrounds(model, whole, conf, self.say, rules=rules)
        else:
            usable = self._frames()
            names = [frame.image for frame in usable]
            rules = self._rules([(frame.width, frame.height) for frame in usable])
            found, left = mining.in_labelled(model, usable, self.tree.root, conf, rules, self.say)
            if found:
                self.notes.append(
                    "what a model sees and nobody labelled may be a missing label: look at each"
                )
        self.left.update(left)
        if missing := unmatched(model, names):
            what = count(missing, "entry").replace("entrys", "entries")
            self.notes.append(f"{what} of {model.identity.name} tell of no image that is looked at")
        if self.wish.why:
            found = [replace(c, why=f"{c.why}; {self.wish.why}") for c in found]
        return found

    def _parts(self, asked: int) -> list[Candidate]:
        """Parts of labelled images, first those that look least like the objects of the set."""
        usable = self._frames()
        rules = self._rules([(frame.width, frame.height) for frame in usable])
        cut = crops(usable, rules, workers=self.workers)
        self._leave("no room beside its objects", len(usable) - len({frame.image for frame, _ in cut}))
        self.say("looking for objects that nobody labelled")
        judge = learn(usable, self.tree.root, seed=self.wish.seed, workers=self.workers)
        if judge is None:
            self.notes.append("too few objects to learn what one looks like: parts are taken by chance")
        else:
            # more than will be needed, because some are refused; all of a large set would take too long
            some = cut[: _PROPOSALS * asked + 64]
            boxes = sum(len(frame.boxes) for frame in usable) / len(usable)
            alike = judged(judge, some, self.tree.root, workers=self.workers)
            cut, doubtful, crowded = least_alike(some, alike, boxes)
            self._leave("a part that looks like the objects of the set: the half that does most", doubtful)
            self._leave("objects are everywhere: likelier nobody labelled one than none is there", crowded)
        who = self.wish.who or "curate negatives --crops"
        why = self.wish.why or f"no labelled object within {self.wish.margin:g} of its size"
        return [
            Candidate(self.tree.root, frame.image, VERIFIED, who, why, "data set", rectangle, (), "crop")
            for frame, rectangle in cut
        ]

    def _frames(self) -> list[Frame]:
        """Labelled images to cut from: of the train split, where the set has one."""
        only = self._train_rows()
        if only is None:
            self.notes.append(
                "no split lists: `curate export` keeps back what is cut from a later val or test image"
            )
        else:
            self.notes.append(f"cut from train alone: {len(only)} of {self.dataset.images.height} images")
        usable, left = frames(self.dataset, only)
        self.left.update(left)
        return usable

    def _train_rows(self) -> set[int] | None:
        if self.train is not None:
            return {row for row, image in enumerate(self.dataset.images["image"]) if image in self.train}
        own = splits.own(self.dataset)
        return None if own is None else {row for row, split in enumerate(own) if split == "train"}

    def _sizes(self) -> list[tuple[int, int]]:
        rows = self.dataset.images.select("image_width", "image_height").drop_nulls().rows()
        return [(width, height) for width, height in rows if width and height]

    def _rules(self, sizes: Sequence[tuple[int, int]]) -> Rules:
        shape = Shape.of(sizes) if sizes else Shape(640.0, (4 / 3,))
        return Rules(shape, margin=self.wish.margin, seed=self.wish.seed)

    def _leave(self, why: str, number: int) -> None:
        if number:
            self.left[why] += number

    def known(self, candidates: Sequence[Candidate]) -> Known:
        """What copies are told by, and how sharp photographs usually are: only as much as is needed."""
        compared = any(candidate.origin == "folder" for candidate in candidates)
        images = self.dataset.images
        if not compared:
            images = images.filter(images["image"].is_not_null())
            images = images[:: max(images.height // _SAMPLE, 1)]
        pixels = PixelReader(self.workers, self.say)(replace(self.dataset, images=images), self.tree)
        sharp = pixels.table["sharpness"].drop_nulls().median()
        thumbs = pixels.thumbs[pixels.decoded] if compared else np.zeros((0, SIDE, SIDE), np.uint8)
        by_size: dict[int, list[str]] = {}
        for image, size in self.dataset.images.select("image", "image_bytes").drop_nulls().iter_rows():
            by_size.setdefault(size, []).append(image)
        return Known(self.tree, by_size, thumbs, float(sharp) if isinstance(sharp, float) else 0.0)


def check_with(model: Seer, conf: float) -> Check:
    """What a model sees in candidates, from a confidence on."""

    def see(candidates: Sequence[Candidate]) -> list[tuple[Claim, ...] | None]:
        found: list[tuple[Claim, ...] | None] = [None] * len(candidates)
        by_root: dict[Path, list[int]] = {}
        for number, candidate in enumerate(candidates):
            if candidate.box is None:
                by_root.setdefault(candidate.root, []).append(number)
        for root, numbers in by_root.items():
            claims = model.see(Tree(root), [candidates[n].source for n in numbers], conf)
            for number, seen in zip(numbers, claims, strict=True):
                found[number] = seen
        parts = [number for number, candidate in enumerate(candidates) if candidate.box is not None]
        if parts:
            # twice the same, but only as many at a time as pass the network together
            pictures, looked_at = tee(shown(candidates[number]) for number in parts)
            claims = model.see_pixels((picture.pixels for picture in looked_at), conf)
            for number, picture, seen in zip(parts, pictures, claims, strict=True):
                found[number] = picture.stored(seen)
        return found

    return see


def shown(candidate: Candidate) -> Picture:
    """What a candidate shows. Raises CurateError where it changed meanwhile."""
    picture = Picture.read(Tree(candidate.root), candidate.source, candidate.box)
    if picture is None:
        raise CurateError(f"{display(candidate.source)} cannot be read any more.", "Start again.")
    return picture
