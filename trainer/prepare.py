"""Before the first step: what is in the folder, which anchors and which network, said aloud."""

from __future__ import annotations

import torch

from trainer.anchors import fit_anchors, score
from trainer.assign.ratio import unanswered
from trainer.config import FitConfig
from trainer.console import Talk
from trainer.data.folder import Folder, describe, read_folder
from trainer.model.config import ModelConfig
from trainer.model.heads.anchor import AnchorGrid
from trainer.model.zoo import configure
from trainer.model.zoo.yolov5 import default_anchors

SHOWN_PROBLEMS = 10  # rows of the folder's report that are written out


def read_aloud(config: FitConfig, talk: Talk) -> Folder:
    """The folder, and aloud what is in it and what was not taken as it stands."""
    folder = read_folder(config.data)
    for line in describe(folder):
        talk.say(line)
    problems = folder.report.problems
    for problem in problems[:SHOWN_PROBLEMS]:
        talk.say(f"  {problem}")
    if len(problems) > SHOWN_PROBLEMS:
        talk.say(f"  and {len(problems) - SHOWN_PROBLEMS} more")
    if folder.split("val") is None:
        talk.say("no val split: nothing is evaluated, best.pt will hold the last weights")
    return folder


def choose_model(config: FitConfig, folder: Folder, talk: Talk) -> ModelConfig:
    """The network's configuration with its anchors, and aloud where they come from."""
    train = folder.split("train")
    assert train is not None  # read_folder refuses a folder without
    sizes = train.box_sizes(config.imgsz)
    grid: AnchorGrid
    if config.anchors == "default":
        grid, origin = default_anchors(config.imgsz), "the published ones"
    elif folder.anchors is not None and folder.anchors_imgsz == config.imgsz and len(folder.anchors) == 9:
        ordered = sorted(folder.anchors, key=lambda wh: wh[0] * wh[1])
        grid, origin = [ordered[i : i + 3] for i in (0, 3, 6)], "dataset.json's"
    elif (sizes >= 2).all(axis=1).any():
        grid, origin = fit_anchors(sizes, anchor_t=config.anchor_t, seed=config.seed).grid, "fitted"
    else:
        grid, origin = default_anchors(config.imgsz), "the published ones (no box has 2 x 2 pixels)"
    flat = torch.tensor(grid, dtype=torch.float64).reshape(-1, 2)
    fitness, recall = score(sizes, flat.numpy(), config.anchor_t)
    shown = " ".join(f"{w:.0f}x{h:.0f}" for w, h in flat.tolist())
    talk.say(f"anchors: {origin}: {shown}; fitness {fitness:.3f}, reach {recall:.1%} of the boxes")
    boxes = torch.from_numpy(sizes).repeat(1, 2)  # only w and h count
    lost = int(unanswered(boxes, flat, config.anchor_t).sum())
    if lost:
        talk.say(f"{lost} of {len(sizes)} boxes fit no anchor and teach nothing; raise anchor_t or imgsz")
    return configure(
        config.model, len(folder.classes), imgsz=config.imgsz, activation=config.activation, anchors=grid
    )
