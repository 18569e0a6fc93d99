"""What a run may choose to learn by, and which heads allow it. Names only: nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.errors import TrainerError
from trainer.model.names import AUTO

IOU_LOSSES = ("ciou", "giou", "diou", "eiou", "nwd")
BOX_LOSSES = (*IOU_LOSSES, "smooth-l1")
BINARY_LOSSES = ("bce", "focal", "varifocal", "quality")
CLASS_LOSSES = (*BINARY_LOSSES, "cross-entropy")
ASSIGNERS = ("ratio", "iou", "tal", "simota")
OPTIMIZERS = ("adamw", "adam", "sgd", "muon")
SCHEDULES = ("cosine", "linear")
SCALINGS = ("positives", "yolov5")

#: For each head what each setting may be; the first is what it is without being told.
ALLOWED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "anchor": {
        "box_loss": IOU_LOSSES,
        "cls_loss": BINARY_LOSSES,
        "assigner": ("ratio", "iou"),
        "loss_scaling": SCALINGS,
    },
    "free": {
        "box_loss": IOU_LOSSES,
        "cls_loss": BINARY_LOSSES,
        "assigner": ("tal", "simota"),
        "loss_scaling": ("positives",),
    },
    "yolov3": {
        "box_loss": IOU_LOSSES,
        "cls_loss": BINARY_LOSSES,
        "assigner": ("iou",),
        "loss_scaling": ("positives",),
    },
    "ssd": {
        "box_loss": ("smooth-l1", *IOU_LOSSES),
        "cls_loss": ("cross-entropy",),
        "assigner": ("iou",),
        "loss_scaling": ("positives",),
    },
}


def allows(head: str, setting: str, asked: str) -> bool:
    """Whether `setting` may be `asked` on that head."""
    return asked in (AUTO, *ALLOWED[head][setting])


def chosen(head: str, setting: str, asked: str) -> str:
    """What `setting` comes to on that head. Raises TrainerError where the head does not allow it."""
    allowed = ALLOWED[head][setting]
    if asked == AUTO:
        return allowed[0]
    if not allows(head, setting, asked):
        option = setting.replace("_", "-")
        others = [kind for kind, settings in ALLOWED.items() if asked in settings[setting]]
        raise TrainerError(
            f"head {head} does not learn by --{option} {asked}",
            f"choose {' or '.join(allowed)}, or --head {' or '.join(others)}",
        )
    return asked
