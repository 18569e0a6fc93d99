"""Whether every head can learn eight photographs by heart: AP50 above .99 on what it was trained on.

    python -m tests.bench.overfit -o runs/overfit                    yolov5n, 320 px, all heads
    python -m tests.bench.overfit -o runs/overfit --heads anchor     one of them

A network, a loss or an assigner that cannot do this is broken, whatever it reaches on other images; one that
can may still be. No augmentation, and weights averaged over the last steps only. Exits 1 where one fails.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from tests.bench.bccd import REPO, export, judge, new_folder, run, stop, trainer, without

COUNT, WANTED = 8, 0.99
HEADS = ("anchor", "free", "yolov3", "ssd")
STILL = ("mosaic", "flip-lr", "hsv-h", "hsv-s", "hsv-v", "translate", "scale", "degrade", "close-mosaic")


def eight(out: Path) -> Path:
    """The first eight training images of the blood cells as a hand-over folder; its data.yaml."""
    data = export(out / "all")
    images = sorted((out / "all" / "images" / "train").iterdir())[:COUNT]
    if len(images) < COUNT:
        stop(f"{out / 'all'} has fewer than {COUNT} training images")
    for image in images:
        label = out / "all" / "labels" / "train" / f"{image.stem}.txt"
        for path, kind in ((image, "images"), (label, "labels")):
            place = out / "eight" / kind / "train" / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    yaml = out / "eight" / "data.yaml"
    yaml.write_text(without(data, "val", "test"), encoding="utf-8")
    return yaml


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="yolov5n")
    parser.add_argument("--heads", nargs="+", choices=HEADS, default=list(HEADS))
    parser.add_argument("--imgsz", type=int, default=320, help="pixels (default: 320)")
    parser.add_argument("--steps", type=int, default=400, help="of 8 images each (default: 400)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument("-o", "--out", type=Path, default=REPO / "runs" / "overfit")
    asked = parser.parse_args()
    out = new_folder(asked.out.resolve())
    data = eight(out)
    still = [word for name in STILL for word in (f"--{name}", "0")]
    found = {}
    for head in asked.heads:
        options = ("--model", asked.model, "--head", head, "--imgsz", asked.imgsz, "--steps", asked.steps)
        where = ("--ema", 0.05, "--log", "none", "--device", "cpu", "--threads", asked.threads)
        cost = run(trainer("fit", data, *options, *where, *still, "-o", out / head), asked.threads)
        figures = judge(out / head, data, "train", asked.threads)
        found[head] = {"ap50": figures["ap50"], "ap": figures["ap"], "cpu_s": round(cost.cpu, 1)}
        held = "by heart" if figures["ap50"] > WANTED else "NOT LEARNT"
        print(
            f"{head:8} AP50 {figures['ap50']:.4f}  AP {figures['ap']:.4f}  {cost.cpu:.0f} CPU s  {held}",
            flush=True,
        )
        (out / "overfit.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    raise SystemExit(int(any(one["ap50"] <= WANTED for one in found.values())))


if __name__ == "__main__":
    main()
