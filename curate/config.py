"""`curate.toml`, or `[tool.curate]` of a `pyproject.toml`: a file in, frozen dataclasses out.

One vocabulary: `curate run` reads all of it but [ablate], which is for `curate ablate`; `curate validate`
reads the tables [classes], [validate] and [[suppress]]. For `curate run` a step is done if its table is
there. Keys may be written with hyphens or underscores. An unknown key is an error that names the place and
the nearest known one. Relative paths start at the folder of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

from curate.ablation.settings import Ablate
from curate.ablation.settings import check as check_ablate
from curate.errors import ConfigError
from curate.paste.relations import CUTS, FRAMES, PLACES, RELATIONS
from curate.rules import select
from curate.rules.model import Limits
from curate.tables import Mistake, Place, TomlFile, refuse_unknown, table

FILES = ("curate.toml", "pyproject.toml")  # looked for in this order


@dataclass(frozen=True)
class Data:
    """[data]: what goes in, and where everything comes out."""

    path: Path  # the data set: VOC, YOLO or COCO
    out: Path  # a new folder, or one that `curate run` made
    also: tuple[Path, ...] = ()  # further labelled sets, merged at export with their own split lists


@dataclass(frozen=True)
class Classes:
    """[classes]: which names count. The same for every data set of the run."""

    names: tuple[str, ...] = ()  # the declared list; default: classes.txt and its like in each data set
    keep: tuple[str, ...] = ()  # what the detector shall know, in this order; default: all
    map: Mapping[str, str] = field(default_factory=dict)  # old name -> new name, applied at export


@dataclass(frozen=True)
class Validate:
    """[validate]: which rules are asked, and where they draw the line."""

    select: tuple[str, ...] = ()  # only these rules: codes or their beginnings; default: all
    extend_select: tuple[str, ...] = ()  # these, too, where `ignore` has a shorter beginning of them
    ignore: tuple[str, ...] = ()  # rules not to ask: codes or their beginnings
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # glob -> codes
    baseline: Path | None = None  # findings that are known, as --write-baseline left them
    coordinate_base: int | None = Limits.coordinate_base
    imgsz: int = Limits.imgsz
    tiny: float = Limits.tiny
    whole_image: float = Limits.whole_image


@dataclass(frozen=True)
class Suppress:
    """[[suppress]]: findings that somebody has looked at and that shall not be shown again."""

    code: str  # or the beginning of several
    path: str = "**"  # glob; default: every file
    reason: str = ""
    until: date | None = None  # the last day on which they are hidden; default: for good


@dataclass(frozen=True)
class Fix:
    """[fix]: repair a working copy (VOC only)."""

    unsafe_fixes: bool = False  # also repairs that need a judgement
    in_place: bool = False  # repair [data] path itself; `curate undo` takes it back


@dataclass(frozen=True)
class Negatives:
    """[negatives]: images without objects, recorded as decisions. One of from, crops and mine is needed."""

    from_: Path | None = None  # folder of pictures in which no object of any class is
    crops: bool = False  # parts of labelled train images; with `from`, what that folder lacks
    mine: Path | None = None  # weights: what this model gets wrong, of `from` or else of train images
    conf: float | None = None  # confidence from which `mine` counts; default: where the model's F1 was best
    margin: float = 0.25  # what parts keep clear of a box, of its longer side
    check: Path | None = None  # weights of a model that must see nothing in them
    check_conf: float | None = None  # confidence from which `check` counts
    ratio: float | None = None  # negatives / all images; usual is up to 0.1
    count: int | None = None  # instead of a ratio
    max_side: int | None = None  # pixels; larger images are shrunk
    who: str | None = None  # who decides, for the record
    when: str | None = None  # a date for the record
    sheet: int = 12  # images on the contact sheet; 0 for none
    seed: int = 0


@dataclass(frozen=True)
class Paste:
    """[[paste]]: new training images; targets and cut-outs are taken from train splits only."""

    object: str  # class of the cut-outs
    count: int  # images to make
    path: Path | None = None  # data set of the targets; default: [data] path
    onto: tuple[str, ...] = ("hands",)  # classes to paste onto; "hands" and "mouths" are found, too
    from_: Path | None = None  # data set of the cut-outs; default: [data] path
    cutouts: Path | None = None  # folder of `curate cutouts` made of that set: paste what is left in it
    as_: str | None = None  # name of the pasted class; default: `object`
    as_distractor: str | None = None  # name of a class that is not the object; "background": no label
    relation: str | None = None  # held-in, in-front-of, on-top-of, inside; default: by the hosts' names
    place: str = "semantic"  # or "random", for comparison
    cut: str = "outline"  # or "box", for comparison
    size: tuple[
        float, ...
    ] = ()  # length / size of the host, one or two numbers; default: learnt, else as in life
    objects_per_image: tuple[int, ...] = (1,)  # one number or the two ends of a range
    hands_model: Path | None = None  # weights of `trainer fit` or an ONNX file: finds hands without labels
    frame: str = "close"  # as close as things are seen in their own photographs; or "whole"
    grey: float | None = None  # share of images that become black and white; default: as the cut-outs are
    max_cover: float = 0.3  # share of another label's box that may be hidden
    quality: int | None = None  # of the new JPEGs; default: each photograph's own
    sheet: int = 12  # images on the contact sheet; 0 for none
    seed: int = 0
    name: str | None = None  # [ablate] calls it "paste:NAME"; default: its number, if there are several


@dataclass(frozen=True)
class Split:
    """[split]: for sets without split lists of their own."""

    ratios: tuple[float, ...] = (0.8, 0.1, 0.1)  # train, val, test
    seed: int = 0
    pixels: bool = False  # decode every image, and keep near-copies together, too


@dataclass(frozen=True)
class Anchors:
    """[anchors]: fitted to the train boxes at the size that is trained at."""

    seed: int = 0


@dataclass(frozen=True)
class Export:
    """[export]: the hand-over folder."""

    empty_as_background: bool = False  # VOC images without objects are backgrounds, not omissions


@dataclass(frozen=True)
class Val:
    """[val]: judge the best weights, once, on images that neither trained nor chose them."""

    split: str = "test"  # test or val


@dataclass(frozen=True)
class Config:
    """A whole run."""

    data: Data
    classes: Classes = field(default_factory=Classes)
    validate: Validate | None = None
    suppress: tuple[Suppress, ...] = ()
    fix: Fix | None = None
    negatives: Negatives | None = None
    paste: tuple[Paste, ...] = ()
    split: Split | None = None
    anchors: Anchors | None = None
    export: Export | None = None
    fit: Mapping[str, Any] | None = None  # fields of trainer.config.FitConfig, without data and run
    val: Val | None = None
    ablate: Ablate | None = None

    @property
    def training_steps(self) -> list[str]:
        """What [ablate] calls the steps that change the training set, in the order of the road."""
        found = [name for name in ("fix", "negatives") if getattr(self, name) is not None]
        for number, one in enumerate(self.paste, start=1):
            which = one.name or (str(number) if len(self.paste) > 1 else "")
            found.append(f"paste:{which}" if which else "paste")
        return found

    @property
    def settings(self) -> Settings:
        """What `curate validate` reads of it."""
        return Settings(self.classes, self.validate or Validate(), self.suppress)


@dataclass(frozen=True)
class Settings:
    """What `curate validate` reads of a configuration."""

    classes: Classes = field(default_factory=Classes)
    validate: Validate = field(default_factory=Validate)
    suppress: tuple[Suppress, ...] = ()


def load(path: Path) -> Config:
    """Read all of a file. Raises ConfigError: not there, not TOML, unknown key, missing key, wrong type."""
    file = TomlFile.read(path)

    def make() -> Config:
        config = table(Config, _ours(file), file.top, path.parent)
        _check_steps(config, file.top)
        _check_settings(config.settings, file.top)
        if config.ablate is not None:
            check_ablate(config.ablate, config.training_steps, (*file.top, "ablate"))
        return config

    return file.build(make)


def settings_for(data: Path, *, config: Path | None = None, isolated: bool = False) -> Settings:
    """The configuration that `curate validate` obeys: one file, never several together.

    That is `config`; else curate.toml or the [tool.curate] of pyproject.toml in the folder `data`; else one
    of these in the current folder. A file that was found, not named, is left aside where its [data] names
    other folders, and may name files of its own folder only. Raises ConfigError.
    """
    if config is not None and isolated:
        raise ConfigError("--isolated reads no configuration and --config does.", "Ask for one of them.")
    if config is not None:
        named = TomlFile.read(config)
        return named.build(lambda: _settings(named))
    for folder in () if isolated else (data, Path()):
        for name in FILES:
            if (folder / name).is_file():
                _refuse_link(folder / name)
                found = TomlFile.read(folder / name)
                if found.content is not None and _is_about(data, found):
                    return _settings_of_found(found)
    return Settings()


def _settings_of_found(file: TomlFile) -> Settings:
    return file.build(lambda: _stays_inside(_settings(file), file))


def _settings(file: TomlFile) -> Settings:
    """The tables that `curate validate` reads; of the others only the names are checked. Raises Mistake."""
    content = _ours(file)
    refuse_unknown(Config, content, file.top)
    known = {one.name for one in fields(Settings)}
    ours = {key: value for key, value in content.items() if key in known}
    settings = table(Settings, ours, file.top, file.path.parent)
    _check_settings(settings, file.top)
    return settings


def _ours(file: TomlFile) -> Mapping[str, Any]:
    if file.content is None:
        raise Mistake((), "there is no [tool.curate] in it.", "Write the tables below it: [tool.curate.data]")
    if not isinstance(file.content, dict):
        raise Mistake(file.top, "[tool.curate] is no table.", "Write [tool.curate.validate], for example.")
    return file.content


def _stays_inside(settings: Settings, file: TomlFile) -> Settings:
    """A data set that comes from elsewhere may bring a configuration: it must not name files elsewhere."""
    baseline, folder = settings.validate.baseline, file.path.parent.resolve()
    if baseline is not None and not baseline.resolve().is_relative_to(folder):
        raise Mistake(
            (*file.top, "validate", "baseline"),
            f"the baseline {baseline} lies outside the folder of this file.",
            "Move it there, or name the configuration: --config FILE",
        )
    return settings


def _is_about(data: Path, file: TomlFile) -> bool:
    """Whether a configuration names no data set, or one that `data` is, holds or lies in."""
    named = file.content.get("data") if isinstance(file.content, dict) else None
    if not isinstance(named, dict) or not isinstance(named.get("path"), str):
        return True
    also = named.get("also", ())
    names = [named["path"], *(also if isinstance(also, list) else [also])]
    here = data.resolve()
    places = [(file.path.parent / name).resolve() for name in names if isinstance(name, str)]
    return any(here.is_relative_to(place) or place.is_relative_to(here) for place in places)


def _refuse_link(path: Path) -> None:
    if not path.resolve().is_relative_to(path.parent.resolve()):
        raise ConfigError(
            f"{path} is a link that leaves its folder.", "Name the file, --config FILE, or pass --isolated."
        )


def _check_steps(config: Config, top: Place) -> None:
    needs = {
        "anchors": ("export",),
        "fit": ("export",),
        "val": ("export", "fit"),
    }
    for step, before in needs.items():
        for one in before:
            if getattr(config, step) is not None and getattr(config, one) is None:
                raise Mistake((*top, step), f"[{step}] needs what [{one}] makes.", f"Add a line [{one}].")
    if config.anchors and config.fit is None:
        raise Mistake(
            (*top, "anchors"),
            "[anchors] needs the size that [fit] trains at.",
            "Add a line [fit] with imgsz.",
        )
    if config.negatives and (config.negatives.ratio is None) == (config.negatives.count is None):
        raise Mistake(
            (*top, "negatives"),
            "[negatives] needs either ratio or count.",
            "Write ratio = 0.1, for example.",
        )
    if config.negatives and not (config.negatives.from_ or config.negatives.crops or config.negatives.mine):
        raise Mistake(
            (*top, "negatives"),
            "[negatives] does not say where they come from.",
            'Write from = "backgrounds", crops = true or mine = "best.pt".',
        )
    if config.val and config.val.split not in ("test", "val"):
        raise Mistake(
            (*top, "val", "split"),
            f'[val] split = "{config.val.split}" is unknown.',
            'Write "test" or "val".',
        )
    ratios = config.split.ratios if config.split else Split().ratios
    if not 2 <= len(ratios) <= 3 or min(ratios) < 0 or ratios[0] <= 0:
        raise Mistake(
            (*top, "split", "ratios"),
            f"[split] ratios = {list(ratios)} cannot be used.",
            "Write [0.8, 0.1, 0.1]: train, val, test.",
        )
    for number, paste in enumerate(config.paste):
        _check_paste(paste, (*top, "paste", number))
    for key in ("negatives", "split", "anchors"):
        one = getattr(config, key)
        if one is not None and one.seed < 0:
            wrong = f"[{key}] seed = {one.seed} cannot be used."
            raise Mistake((*top, key, "seed"), wrong, "Write 0 or more.")
    steps = config.training_steps
    twice = next((step for i, step in enumerate(steps) if step in steps[:i]), None)
    if twice is not None:
        cure = "Give each [[paste]] a name of its own."
        raise Mistake((*top, "paste"), f"Two steps are called {twice!r}.", cure)


def _check_paste(paste: Paste, place: Place) -> None:
    shares = {"grey": paste.grey, "max_cover": paste.max_cover}
    choices = {
        "place": (paste.place, PLACES),
        "cut": (paste.cut, CUTS),
        "frame": (paste.frame, FRAMES),
        "relation": (paste.relation, (None, *RELATIONS)),
    }
    faults = {
        "count": (paste.count >= 1, f"count = {paste.count} makes no image.", "Give at least 1."),
        "seed": (paste.seed >= 0, f"seed = {paste.seed} cannot be used.", "Write 0 or more."),
        "size": (
            len(paste.size) <= 2,
            f"size = {list(paste.size)} has too many numbers.",
            "Write [0.4, 0.7].",
        ),
        "objects_per_image": (
            1 <= len(paste.objects_per_image) <= 2,
            f"objects_per_image = {list(paste.objects_per_image)} is no range.",
            "Write 2, or [1, 3].",
        ),
        "as_distractor": (
            paste.as_distractor is None or paste.as_ is None,
            "as and as_distractor both name the new class.",
            "Leave one of them out.",
        ),
        "cutouts": (
            paste.cutouts is None or paste.cut != "box",
            'cut = "box" pastes rectangles, and no cut-outs.',
            "Leave out cut or cutouts.",
        ),
        **{
            key: (share is None or 0 <= share <= 1, f"{key} = {share} is no share.", "Write 0 to 1.")
            for key, share in shares.items()
        },
        **{
            key: (
                word in known,
                f'{key} = "{word}" is unknown.',
                f"Write one of {', '.join(filter(None, known))}.",
            )
            for key, (word, known) in choices.items()
        },
    }
    for key, (fits, message, cure) in faults.items():
        if not fits:
            raise Mistake((*place, key), f"[[paste]] {message}", cure)


def _check_settings(settings: Settings, top: Place) -> None:
    """Raises Mistake: no such rule, a value out of its range."""
    asked = settings.validate
    for key in ("select", "extend_select", "ignore"):
        _check_codes((*top, "validate", key), getattr(asked, key))
    for glob, codes in asked.per_file_ignores.items():
        _check_codes((*top, "validate", "per_file_ignores", glob), codes)
    for number, one in enumerate(settings.suppress):
        _check_codes((*top, "suppress", number, "code"), (one.code,))
    ranges = {
        "coordinate_base": (asked.coordinate_base in (None, 0, 1), "0 or 1"),
        "imgsz": (asked.imgsz >= 32, "at least 32"),
        "tiny": (asked.tiny >= 0, "at least 0"),
        "whole_image": (0 < asked.whole_image <= 1, "a share: above 0, at most 1"),
    }
    for key, (fits, wanted) in ranges.items():
        if not fits:
            raise Mistake(
                (*top, "validate", key),
                f"[validate] {key} = {getattr(asked, key)} is out of range.",
                f"Write {wanted}.",
            )


def _check_codes(place: Place, codes: tuple[str, ...]) -> None:
    try:
        select(codes)
    except ConfigError as error:
        raise Mistake(place, error.message, error.cure) from error
