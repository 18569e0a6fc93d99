"""A model that is asked what it sees: weights of our trainer, or a predictions.json that it wrote.

One of the few places where curate calls the trainer; it is imported inside the functions.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from curate.arrays import Pixels
from curate.errors import CurateError, MissingExtra
from curate.formats.images import image_facts
from curate.negatives.ledger import Claim
from curate.negatives.pictures import Picture, on_stored, rounded
from curate.tree import Tree

CONFIDENCE = 0.25  # what `trainer predict` takes for found, where a model does not know better
LEAST_CONFIDENCE = 0.05
_LARGEST = 1 << 30  # bytes of a predictions.json
_AHEAD = 16  # images that pass the network together


@dataclass(frozen=True)
class Identity:
    """Which model it was: enough to know it again, and nothing of this machine's folders."""

    name: str  # of the file
    sha256: str

    @property
    def who(self) -> str:
        """As an author of decisions."""
        return f"model {self.name} ({self.sha256[:12]})"


class Seer(Protocol):
    """Whatever says what is in a picture."""

    identity: Identity
    usual: float | None  # confidence at which it works best by its own account; None: it gives none

    def see(self, tree: Tree, names: Sequence[str], conf: float) -> Iterator[tuple[Claim, ...] | None]:
        """For each image what is in it with at least that confidence, best first; None: it cannot be read."""

    def see_pixels(self, pictures: Iterable[Pixels], conf: float) -> Iterator[tuple[Claim, ...]]:
        """The same for pictures in memory."""


def open_model(path: Path) -> Seer:
    """Weights (a .pt file or the folder of a run), or a predictions.json. Raises CurateError."""
    if path.suffix.lower() == ".json":
        return Recorded.read(path)
    return Weights.load(path)


def open_checker(path: Path) -> Seer:
    """A model that can say that nothing is in an image, which is more than to say what is.

    Raises CurateError.
    """
    if path.suffix.lower() == ".json":
        raise CurateError(
            f"{path} names only images in which something was found.",
            "It cannot tell an empty one from one that was not looked at: name weights.",
        )
    return open_model(path)


def working_confidence(model: Seer, asked: float | None) -> tuple[float, str]:
    """The confidence from which a model is believed, and where it comes from, in words."""
    if asked is not None:
        if not 0 < asked < 1:
            raise CurateError(f"A confidence of {asked:g} cannot be.", "Give one between 0 and 1, as 0.4.")
        return asked, "as asked"
    if model.usual is not None and model.usual >= LEAST_CONFIDENCE:
        return round(model.usual, 4), "where F1 was best on the images that chose the weights"
    return CONFIDENCE, "what `trainer predict` takes for found"


# --- weights ----------------------------------------------------------------------------------------------


@dataclass
class Weights:
    """A detector of ours, on this machine's processor."""

    identity: Identity
    usual: float | None
    classes: tuple[str, ...]
    imgsz: int
    _model: Any

    @classmethod
    def load(cls, path: Path) -> Weights:
        """Raises CurateError: no weights there, or the trainer is not installed."""
        try:
            from trainer.errors import TrainerError
            from trainer.threads import spin_briefly

            spin_briefly()  # before torch is loaded
            from trainer.detect import find_weights, load_detector
        except ModuleNotFoundError as error:
            raise MissingExtra(str(error.name), "train") from error
        try:
            file = find_weights(path)
            model, meta = load_detector(file)
        except TrainerError as error:
            raise CurateError(_sentence(error.message), _sentence(error.cure)) from error
        usual = meta.metrics.get("confidence", math.nan)
        identity = Identity(file.name, hashlib.sha256(file.read_bytes()).hexdigest())
        return cls(identity, None if math.isnan(usual) else usual, meta.classes, meta.imgsz, model)

    def see(self, tree: Tree, names: Sequence[str], conf: float) -> Iterator[tuple[Claim, ...] | None]:
        """See Seer."""
        from trainer.detect import read_ahead

        for batch in _batches(read_ahead(partial(Picture.read, tree), names, _AHEAD), _AHEAD):
            claims = iter(self._detect([one.pixels for one in batch if one is not None], conf))
            yield from (None if one is None else one.stored(next(claims)) for one in batch)

    def see_pixels(self, pictures: Iterable[Pixels], conf: float) -> Iterator[tuple[Claim, ...]]:
        """See Seer."""
        for batch in _batches(pictures, _AHEAD):
            yield from self._detect(batch, conf)

    def _detect(self, pictures: Sequence[Pixels], conf: float) -> list[tuple[Claim, ...]]:
        from trainer.detect import coarsest_stride, detect, fit_in, input_size
        from trainer.suppression import SHOWN

        size, stride = input_size(self._model, self.imgsz), coarsest_stride(self._model)
        fitted = [fit_in(picture, size, stride) for picture in pictures]
        found = detect(self._model, fitted, replace(SHOWN, conf=conf))
        return [
            tuple(
                Claim(self.classes[label], round(score, 4), rounded(box))
                for box, label, score in zip(
                    one.xyxy.tolist(), one.classes.tolist(), one.scores.tolist(), strict=True
                )
            )
            for one in found
        ]


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "." if text else ""


# --- predictions.json -------------------------------------------------------------------------------------


@dataclass
class Recorded:
    """What `trainer predict --output-format json` wrote down: images without an entry have nothing in them.

    Names are relative to whatever folder was looked at, so an image is also known by the end of its path.
    """

    identity: Identity
    claims: Mapping[str, tuple[Claim, ...]]
    usual: float | None = None
    _by_base: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Recorded:
        """Raises CurateError: not there, not what the trainer writes."""
        try:
            if path.stat().st_size > _LARGEST:
                raise ValueError("it is too large")
            content = path.read_bytes()
            said = json.loads(content)
            if not isinstance(said, dict) or said.get("schema") != 1:
                raise ValueError("it is of no schema that we read")
            claims: dict[str, list[Claim]] = {}
            for row in said["predictions"]:
                x0, y0, x1, y1 = (float(value) for value in row["xyxy"])
                if not all(map(math.isfinite, (x0, y0, x1, y1, row["confidence"]))):
                    raise ValueError("a number in it is none")
                name = str(row["image"]).replace("\\", "/")
                claims.setdefault(name, []).append(
                    Claim(str(row["name"]), float(row["confidence"]), (x0, y0, x1, y1))
                )
        except OSError as error:
            raise CurateError(f"{path} cannot be read: {error.strerror}.", "Name another file.") from error
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise CurateError(
                f"{path} is no predictions.json of `trainer predict` ({error}).",
                "Write one: trainer predict DATA --weights RUN --output-format json -o OUT",
            ) from error
        sorted_claims = {
            name: tuple(sorted(found, key=lambda claim: -claim.confidence)) for name, found in claims.items()
        }
        return cls(Identity(path.name, hashlib.sha256(content).hexdigest()), sorted_claims)

    def __post_init__(self) -> None:
        for name in self.claims:
            self._by_base.setdefault(name.rpartition("/")[2], []).append(name)

    def see(self, tree: Tree, names: Sequence[str], conf: float) -> Iterator[tuple[Claim, ...] | None]:
        """See Seer."""
        owner = self._owners(names)
        for name in names:
            known = owner.get(name)
            sure = tuple(c for c in self.claims[known] if c.confidence >= conf) if known is not None else ()
            if not sure:
                yield ()
                continue
            facts = image_facts(tree, name)
            yield on_stored(sure, facts.orientation, facts.width or 0, facts.height or 0)

    def see_pixels(self, pictures: Iterable[Pixels], conf: float) -> Iterator[tuple[Claim, ...]]:
        """Raises CurateError: what was not looked at is not written down."""
        raise CurateError(
            f"{self.identity.name} tells of whole images only, and a crop is asked for.", "Name weights."
        )

    def _owners(self, names: Sequence[str]) -> dict[str, str]:
        """Image -> the entry that tells of it. An entry that fits several images tells of none."""
        owner: dict[str, str] = {}
        fits: dict[str, list[str]] = {}
        for name in names:
            for entry in self._by_base.get(name.rpartition("/")[2], ()):
                if name == entry or name.endswith(f"/{entry}") or entry.endswith(f"/{name}"):
                    fits.setdefault(entry, []).append(name)
        for entry, images in fits.items():
            if entry in images or len(images) == 1:
                owner[entry if entry in images else images[0]] = entry
        return owner


def unmatched(model: Seer, names: Sequence[str]) -> int:
    """How many entries of a predictions.json tell of no image that is there, or of several; 0 for weights."""
    if not isinstance(model, Recorded):
        return 0
    return len(model.claims) - len(set(model._owners(names).values()))
