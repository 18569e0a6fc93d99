"""Before the first step: what is in the folder, which anchors and which network, said aloud."""

from __future__ import annotations

import dataclasses
import shlex

import numpy as np
import torch

from trainer.anchor_choice import ENOUGH, Choice, alike, choose, flat, least_threshold, published
from trainer.anchor_search import fit
from trainer.anchors import PER_LEVEL, THRESHOLD, Grid, Sizes, default_anchors, judge
from trainer.assign.ratio import unanswered
from trainer.choices import ALLOWED, allows
from trainer.config import DEFAULT_MODEL, DEFAULT_ON_CPU, FitConfig
from trainer.console import Talk
from trainer.data.folder import Folder, Split, describe, read_folder
from trainer.device import pick_device
from trainer.errors import TrainerError
from trainer.levels import LARGE, Advice, advise, said
from trainer.model.config import ModelConfig
from trainer.model.heads.anchor import AnchorHead, Yolov3Head
from trainer.model.heads.ssd import PriorHead
from trainer.model.names import AUTO, MODELS
from trainer.model.parts import Head
from trainer.model.wish import Wish
from trainer.model.zoo import configure
from trainer.model.zoo.heads import default_priors, grid_of, scaled
from trainer.priors import fit_priors
from trainer.priors import score as prior_score
from trainer.start import Start, read_start

LEAST_SIDE = 2.0  # pixels at the training size; smaller boxes take no part in a fit, as in YOLOv5
SHOWN_PROBLEMS = 10  # rows of the folder's report that are written out


def read_aloud(config: FitConfig, talk: Talk) -> Folder:
    """The folder, and aloud what is in it and what was not taken as it stands.

    Raises TrainerError where `curate validate` would name errors in it and the run does not allow them.
    """
    folder = read_folder(config.data)
    for line in describe(folder):
        talk.say(line)
    problems = sorted(folder.report.problems, key=lambda problem: not problem.error)  # errors first
    for problem in problems[:SHOWN_PROBLEMS]:
        talk.say(f"  {problem}")
    if len(problems) > SHOWN_PROBLEMS:
        talk.say(f"  and {len(problems) - SHOWN_PROBLEMS} more")
    errors = len(folder.report.errors)
    if errors and not config.allow_errors:
        raise TrainerError(
            f"{errors} error{'s' if errors > 1 else ''} in the data; the first is {problems[0]}",
            f"mend them (`curate validate {shlex.quote(str(config.data.parent))}` names them), or add "
            "--allow-errors to train with what can be used",
        )
    if folder.split("val") is None:
        if config.patience:
            raise TrainerError(
                "--patience needs evaluations, and data.yaml names no val split", "add one, or leave it out"
            )
        talk.say("no val split: nothing is evaluated, best.pt will hold the last weights")
    return folder


def choose_model(config: FitConfig, folder: Folder, talk: Talk) -> ModelConfig:
    """The network's configuration with anchors or priors for the data, and aloud where they come from."""
    train = folder.split("train")
    assert train is not None  # read_folder refuses a folder without
    sizes = train.box_sizes(config.imgsz)
    start = read_start(config.pretrained) if config.pretrained is not None else None
    if config.strides == AUTO:
        config = _with_strides(config, start, train, talk)
    model = _network(config, start, len(folder.classes))
    may_be_free = start is None and isinstance(model.head, AnchorHead) and _asks_nothing_of_anchors(config)
    if may_be_free and _is_free(config, advise(sizes, train.box_classes(), model.strides), talk):
        config = dataclasses.replace(config, head="free")
        model = _network(config, start, len(folder.classes))
    coarsest = model.levels[-1]
    if config.imgsz % coarsest:
        near = max(round(config.imgsz / coarsest), 1) * coarsest
        raise TrainerError(
            f"{model.name} works down to stride {coarsest}, which does not divide --imgsz {config.imgsz}",
            f"try --imgsz {near}, or another --context",
        )
    config.refuse_without_sizes(coarsest)
    head = model.head
    # the network is that of the weights, and its head was taught with these
    theirs = start is not None and config.model == AUTO and config.wish() == Wish()
    if isinstance(head, PriorHead):
        priors = _priors(config, model.strides, sizes, head.priors if theirs else None, talk)
        return dataclasses.replace(model, head=priors)
    if isinstance(head, AnchorHead | Yolov3Head):
        known = head if theirs else None
        grid, anchor_t = _anchors(config, folder, model.strides, len(head.anchors[0]), known, talk)
        if isinstance(head, Yolov3Head):  # every box has its best anchor
            return dataclasses.replace(model, head=dataclasses.replace(head, anchors=grid))
        return dataclasses.replace(model, head=dataclasses.replace(head, anchors=grid, anchor_t=anchor_t))
    return model


def _asks_nothing_of_anchors(config: FitConfig) -> bool:
    """Whether a head without anchors would do all that is asked of the run."""
    if config.head != AUTO or config.anchors != AUTO or config.anchor_t is not None:
        return False
    return all(allows("free", name, getattr(config, name)) for name in ALLOWED["free"])


def _is_free(config: FitConfig, advice: Advice, talk: Talk) -> bool:
    """Whether the head does without anchors, because the boxes ask for that, and aloud why.

    A network that was named keeps its own head; then it is only said that another would learn sooner.
    """
    if not advice.without_anchors:
        return False
    share = "all boxes" if advice.large == 1 else f"at least {advice.large:.0%} of the boxes of each class"
    large = f"{share} have a side over {LARGE * advice.usual[-1]:g} px"
    if config.model != AUTO:
        talk.say(f"head: {config.model}'s own, with anchors; but {large}: --head free learns such sooner")
        return False
    talk.say(f"head: free of anchors, which learns large objects sooner: {large}")
    return True


def _with_strides(config: FitConfig, start: Start | None, train: Split, talk: Talk) -> FitConfig:
    """The configuration with the levels that the boxes need, and aloud why; None keeps the model's own."""
    config = dataclasses.replace(config, strides=None)
    usual = _network(config, start, 1).strides
    finer, coarser = usual[0] // 2, usual[-1] * 2
    advice = advise(
        train.box_sizes(config.imgsz),
        train.box_classes(),
        usual,
        finest=finer if _can_have(config, start, (finer, *usual)) else usual[0],
        coarsest=coarser if _can_have(config, start, (*usual, coarser)) else usual[-1],
    )
    talk.say(said(advice))
    return config if advice.strides == usual else dataclasses.replace(config, strides=advice.strides)


def _can_have(config: FitConfig, start: Start | None, strides: tuple[int, ...]) -> bool:
    """Whether the network can find objects on those levels; not every backbone reaches them."""
    if config.imgsz % strides[-1]:
        return False
    try:
        _network(dataclasses.replace(config, strides=strides), start, 1)
    except TrainerError:
        return False
    return True


def _network(config: FitConfig, start: Start | None, classes: int) -> ModelConfig:
    """The network of the configuration; without a name that of the weights."""
    wish = config.wish()
    if config.model != AUTO or start is None:
        name = default_model(config.device) if config.model == AUTO else config.model
        return configure(name, classes, imgsz=config.imgsz, wish=wish)
    if wish == Wish():
        theirs = start.config
        return dataclasses.replace(
            theirs,
            classes=classes,
            imgsz=config.imgsz,
            head=_at_size(theirs.head, theirs.imgsz, config.imgsz),
        )
    if start.config.name not in MODELS:
        raise TrainerError(
            f"{start.path} is a network of its own ({start.config.name}), which no option can change",
            "leave out the options for the network, or choose a --model",
        )
    return configure(start.config.name, classes, imgsz=config.imgsz, wish=wish)


def default_model(device: str) -> str:
    """The network that learns soonest there; on a CPU the small one, which gets more steps from a minute."""
    return DEFAULT_ON_CPU if pick_device(device).type == "cpu" else DEFAULT_MODEL


def _at_size(head: Head, before: int, now: int) -> Head:
    """The head with anchors or priors for another size of images."""
    if isinstance(head, PriorHead):
        return dataclasses.replace(head, priors=scaled(head.priors, now / before))
    if isinstance(head, AnchorHead | Yolov3Head):
        return dataclasses.replace(head, anchors=scaled(head.anchors, now / before))
    return head


def _anchors(
    config: FitConfig,
    folder: Folder,
    strides: tuple[int, ...],
    per_level: int,
    known: AnchorHead | Yolov3Head | None,
    talk: Talk,
) -> tuple[Grid, float]:
    """Anchors (levels, per level, 2), their anchor_t, and aloud where they come from.

    `known` came with the weights.
    """
    train = folder.splits["train"]
    sizes = train.box_sizes(config.imgsz)
    usable = (sizes >= LEAST_SIDE).all(axis=1)
    classes = train.box_classes()[usable]
    levels = len(strides)
    usual = config.anchor_t or THRESHOLD
    grid: Grid
    suits: float | None = None  # None: what the boxes ask for
    fitted = False
    if config.anchors == "default":
        grid, origin, suits = default_anchors(config.imgsz, strides), "the published ones", THRESHOLD
    elif config.anchors == AUTO and known is not None and _reach(known, sizes, config.anchor_t) >= ENOUGH:
        grid, origin = known.anchors, "those of the weights"
        suits = known.anchor_t if isinstance(known, AnchorHead) else THRESHOLD
    elif config.anchors == AUTO and _made_for(folder, config.imgsz, levels * per_level):
        ordered = sorted(folder.anchors or (), key=lambda wh: wh[0] * wh[1])
        grid = grid_of([ordered[i * per_level : (i + 1) * per_level] for i in range(levels)])
        origin = "dataset.json's"
        fitted = not _are_published(flat(grid), config.imgsz, strides)
        if not fitted:
            grid = default_anchors(config.imgsz, strides)  # whose levels overlap where there is a stride 4
    elif not usable.any():
        grid = default_anchors(config.imgsz, strides)
        origin = f"the published ones (no box has {LEAST_SIDE:g} x {LEAST_SIDE:g} pixels)"
    elif config.anchors == AUTO and per_level == PER_LEVEL:
        choice = choose(
            sizes[usable],
            train.box_images()[usable],
            imgsz=config.imgsz,
            strides=strides,
            anchor_t=usual,
            seed=config.seed,
            classes=classes,
        )
        grid, origin, suits = choice.grid, _why(choice), choice.advised_t
    else:  # as asked; or there are none published to judge them by
        best = fit(sizes[usable], levels * per_level, config.seed, threshold=usual, weights=alike(classes))
        grid, origin = grid_of(best.reshape(levels, per_level, 2).tolist()), "fitted"
        fitted = True
    anchors = flat(grid)
    if config.anchor_t is not None or not usable.any():
        suits = usual
    elif suits is None:
        suits = least_threshold(sizes[usable], anchors, classes if fitted else None)
    quality = judge(sizes, anchors, suits)
    talk.say(
        f"anchors: {origin}: {_shown(anchors)}; fitness {quality.fitness:.3f}, "
        f"reach {quality.bpr:.1%} of the boxes within a factor of {suits:g}"
    )
    if config.assigner == "iou":  # every box has its best anchor
        return grid, suits
    boxes = torch.from_numpy(sizes).repeat(1, 2)  # only w and h count
    lost = int(unanswered(boxes, torch.from_numpy(anchors), suits).sum())
    if lost:
        talk.say(f"{lost} of {len(sizes)} boxes fit no anchor and teach nothing; raise anchor_t or imgsz")
    return grid, suits


def _why(choice: Choice) -> str:
    """Which anchors were chosen, and by what."""
    where = "on other images" if choice.held_out else "on the same boxes"
    gain = f"fitness {choice.gain:+.3f} {where}"
    if choice.verdict == "fit":
        return f"fitted ({gain})"
    if choice.gain <= 0:
        return f"the published ones, which serve these boxes as well (fitted ones: {gain})"
    if choice.verdict == "either":
        return f"the published ones, since fitted ones are hardly nearer ({gain})"
    return (
        f"the published ones, since fitted ones would teach {choice.misplaced:.0%} of the boxes on levels "
        f"that do not suit their size ({gain})"
    )


def _priors(
    config: FitConfig, strides: tuple[int, ...], sizes: Sizes, known: Grid | None, talk: Talk
) -> PriorHead:
    """Priors for the data, and aloud where they come from and how many boxes they meet.

    `known` came with the weights.
    """
    if known is not None and config.anchors == AUTO:
        grid, origin = known, "those of the weights"
    elif config.anchors == "default" or not (sizes >= LEAST_SIDE).all(axis=1).any():
        grid, origin = default_priors(config.imgsz, strides), "the published ones"
    else:
        grid, origin = fit_priors(sizes, strides, config.imgsz), "spread over the boxes"
    every = flat(grid)
    met = prior_score(sizes, every, config.match_iou)
    talk.say(
        f"priors: {origin}: {_shown(every)}; {met:.1%} of the boxes overlap one of their shape by "
        f"{config.match_iou:g}, each other box has one to itself"
    )
    return PriorHead(grid)


def _made_for(folder: Folder, imgsz: int, count: int) -> bool:
    return folder.anchors is not None and folder.anchors_imgsz == imgsz and len(folder.anchors) == count


def _are_published(anchors: Sizes, imgsz: int, strides: tuple[int, ...]) -> bool:
    usual = published(imgsz, strides)
    return len(anchors) == len(usual) and np.allclose(
        np.sort(anchors, axis=0), np.sort(usual, axis=0), atol=0.1
    )


def _reach(head: AnchorHead | Yolov3Head, sizes: Sizes, anchor_t: float | None) -> float:
    if not len(sizes):
        return 1.0
    own = head.anchor_t if isinstance(head, AnchorHead) else THRESHOLD
    return judge(sizes, flat(head.anchors), anchor_t or own).bpr


def _shown(anchors: Sizes) -> str:
    return " ".join(f"{w:.0f}x{h:.0f}" for w, h in anchors.tolist())
