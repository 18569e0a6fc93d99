"""What a paste is asked to do, and what cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from curate.commands.new_folder import refuse_new_folder
from curate.errors import CurateError
from curate.paste.provenance import MOST_SEED
from curate.paste.relations import CUTS, FRAMES, PLACES, RELATIONS

BACKGROUND = "background"  # --as-distractor: pasted, but not labelled


@dataclass(frozen=True)
class Request:
    """What a paste is asked to do: the options of `curate paste`, the keys of [[paste]] in curate.toml."""

    onto: tuple[str, ...]  # classes of the targets; "hands", "mouths": every usual name of them
    name: str  # class of the cut-outs
    count: int  # images to make
    source: Path | None = None  # data set of the cut-outs; None: that of the targets
    cutouts: Path | None = None  # folder of `curate cutouts`: those of `source` that are left in it
    cut_from: Path | None = None  # what they were cut from, where `source` is a copy of a part of it
    rename: str | None = None  # class in the new annotations
    as_distractor: str | None = None  # the class of what is not the object; "background": no label
    mapping: Mapping[str, str] | None = None  # old name -> new name, of the targets' own classes
    relation: str | None = None  # one of RELATIONS; None: as the hosts' names suggest
    place: str = "semantic"  # or random, for comparison
    cut: str = "outline"  # or box, for comparison
    size: tuple[float, float] | None = None  # length / size of the host; None: learnt, else real sizes
    objects: tuple[int, int] = (1, 1)  # things an image gets, range
    frame: str = "close"  # as close as things are seen in their own photographs; or whole
    grey: float | None = None  # share of images that lose their colour; None: as among the cut-outs
    cover: float = 0.3  # share of another label's box that may be hidden
    hands_model: Path | None = None  # a detector of hands, for targets without labels of them
    quality: int | None = None  # of the new JPEGs; None: that of each photograph
    edge: str | None = None  # one way to join edges instead of the mix
    seed: int = 0

    @property
    def role(self) -> str:
        """What the pasted things are for the detector: object, distractor or background."""
        if self.as_distractor is None:
            return "object"
        return "background" if self.as_distractor == BACKGROUND else "distractor"

    @property
    def new_name(self) -> str:
        """Their class in the new annotations."""
        return self.rename or self.as_distractor or self.name


def check(path: Path, request: Request, out: Path) -> None:
    """Raises CurateError for what cannot be: numbers, words, folders."""
    if request.count < 1:
        raise CurateError(f"{request.count} images cannot be made.", "Give --count at least 1.")
    if request.quality is not None and not 1 <= request.quality <= 100:
        raise CurateError(
            f"A JPEG quality of {request.quality} does not exist.", "Give --quality from 1 to 100."
        )
    if not 1 <= request.objects[0] <= request.objects[1] <= 20:
        raise CurateError(
            f"{request.objects[0]}-{request.objects[1]} objects an image cannot be.",
            "Give --objects-per-image a number from 1 to 20, or a range such as 1-3.",
        )
    if request.size is not None and not 0 < request.size[0] <= request.size[1] <= 20:
        raise CurateError(
            f"Sizes of {request.size[0]:g}-{request.size[1]:g} hosts cannot be.",
            "Give --size as length / size of the host, such as 0.4-0.7.",
        )
    if not 0 <= request.seed <= MOST_SEED:
        raise CurateError(f"--seed {request.seed} cannot be put on record.", f"Give 0 to {MOST_SEED}.")
    shares = {"--grey": request.grey, "--max-cover": request.cover}
    for option, share in shares.items():
        if share is not None and not 0 <= share <= 1:
            raise CurateError(f"{option} {share:g} is no share.", "Give a number from 0 to 1.")
    choices = {
        "--relation": (request.relation, RELATIONS),
        "--place": (request.place, PLACES),
        "--cut": (request.cut, CUTS),
        "--frame": (request.frame, FRAMES),
    }
    for option, (value, known) in choices.items():
        if value is not None and value not in known:
            raise CurateError(f"{option} {value} is unknown.", f"Choose one of {', '.join(known)}.")
    if request.cutouts is not None and request.cut == "box":
        raise CurateError("--cut box pastes rectangles, and no cut-outs.", "Leave out --cut or --cutouts.")
    if request.as_distractor is not None and request.rename is not None:
        raise CurateError("--as and --as-distractor both name the new class.", "Give one of them.")
    inputs = (path, request.source, request.cutouts)
    refuse_new_folder(out, [one for one in inputs if one is not None])
