"""Milliseconds an image of networks as `trainer predict` runs them, and of the files they are exported to.

    python -m tests.bench.export_speed
    python -m tests.bench.export_speed --models yolov5n --imgsz 320 --others yolov8n.onnx

One image at a time, two threads, one class, weights at random (the arithmetic is the same). --others names
exported files of other programs for that size. All take turns of several images each, so that other work on
the machine falls on all alike, and the first two of a turn do not count, while threads of the turn before may
still be waiting for work; medians, network and decoding, without suppression.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from trainer.checkpoint import save_checkpoint
from trainer.detect import load_detector
from trainer.export import Form, export
from trainer.formats import open_exported
from trainer.model.network import build
from trainer.model.zoo import configure

#: What is written of every network: name, suffix, any size.
KINDS = (("ONNX", ".onnx", False), ("ONNX, any size", ".onnx", True), ("TorchScript", ".torchscript", False))
WARM, TURN = 2, 7  # images of a turn that do not count, and all of them


def contenders(name: str, imgsz: int, folder: Path) -> dict[str, nn.Module]:
    """The network itself, and each file made of it."""
    config = configure(name, 1, imgsz=imgsz)
    weights = folder / f"{name}.pt"
    save_checkpoint(weights, build(config).state_dict(), config=config, classes=("object",))
    nets = {"torch": load_detector(weights)[0]}
    for i, (kind, suffix, dynamic) in enumerate(KINDS):
        path = folder / f"{name}-{i}{suffix}"
        export(weights, path, Form(dynamic=dynamic))
        nets[kind] = open_exported(path)
    return nets


@torch.inference_mode()
def timed(nets: dict[str, nn.Module], imgsz: int, images: int) -> dict[str, float]:
    """Milliseconds an image of each, medians."""
    taken: dict[str, list[float]] = {name: [] for name in nets}
    image = torch.rand(1, 3, imgsz, imgsz, generator=torch.Generator().manual_seed(0))
    for _ in range(-(-images // (TURN - WARM))):
        for name, net in nets.items():
            for i in range(TURN):
                began = time.perf_counter()
                net.decode(net(image))  # type: ignore[operator]
                if i >= WARM:
                    taken[name].append(1000 * (time.perf_counter() - began))
    return {name: median(times) for name, times in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", default=["light", "yolov5n", "yolov5s"])
    parser.add_argument("--others", nargs="*", type=Path, default=[], help="exported files of other programs")
    parser.add_argument("--imgsz", type=int, default=640)
    parser.add_argument("--images", type=int, default=30)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    table = Table(title=f"ms an image, {asked.imgsz} px, {asked.threads} threads")
    for column in ("network", "run by", "ms", "times as fast as torch"):
        table.add_column(column, justify="left" if column in ("network", "run by") else "right")
    with tempfile.TemporaryDirectory() as folder:
        for model in asked.models:
            times = timed(contenders(model, asked.imgsz, Path(folder)), asked.imgsz, asked.images)
            for kind, taken in times.items():
                table.add_row(model, kind, f"{taken:.1f}", f"{times['torch'] / taken:.2f}")
    others: dict[str, nn.Module] = {path.name: open_exported(path) for path in asked.others}
    for name, taken in timed(others, asked.imgsz, asked.images).items():
        table.add_row(name, "", f"{taken:.1f}", "")
    Console().print(table)


if __name__ == "__main__":
    main()
