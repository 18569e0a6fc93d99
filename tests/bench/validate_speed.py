"""How long `curate validate` takes, whole process from the shell, beside the floors and the peers.

    python -m tests.bench.validate_speed --count 20000 [-o FOLDER] [--repeat 3]
    python -m tests.bench.validate_speed --curve          2,000 to 200,000 images, with peak memory

The set is made of bccd_voc and raccoon_voc: images are hard links to one copy of each, annotations are
written anew so that each names its own image. Everything is read once before it is timed, so the page cache
is warm. CPU seconds are user and system of all processes; on a busy machine they say more than wall seconds.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from tests.conftest import REPO

DATA = REPO.parent / "shared" / "data"
SOURCES = (("bccd_voc", "Annotations", "JPEGImages"), ("raccoon_voc", "annotations", "images"))
CURVE = (2_000, 5_000, 20_000, 50_000, 100_000, 200_000)
VALIDATE = (sys.executable, "-m", "curate", "validate", "--output-format", "json", "--exit-zero")

GLOBOX = "import sys; from globox import AnnotationSet; AnnotationSet.from_pascal_voc(sys.argv[1])"
DATUMARO = "import sys; from datumaro import Dataset; Dataset.import_from(sys.argv[1], 'voc_detection')"
LXML = (
    "import sys; from pathlib import Path; from lxml import etree\n"
    "for path in Path(sys.argv[1]).iterdir(): etree.fromstring(path.read_bytes())"
)
BYTES = (
    "import sys, os\n"
    "for entry in os.scandir(sys.argv[1]):\n"
    "    with open(entry.path, 'rb', buffering=0) as stream: stream.read()"
)
HEADERS = (
    "import sys, os; from curate.formats.images import facts_of_file\n"
    "for entry in os.scandir(sys.argv[1]): facts_of_file(entry.path)"
)


def make(count: int, root: Path) -> Path:
    """A VOC folder of `count` images below `root`."""
    shutil.rmtree(root, ignore_errors=True)
    pictures, annotations = root / "JPEGImages", root / "Annotations"
    originals = root.with_name(f"{root.name} originals")
    for folder in (pictures, annotations, originals):
        folder.mkdir(parents=True, exist_ok=True)
    pairs = []
    for name, labels, images in SOURCES:
        for path in sorted((DATA / name / labels).glob("*.xml")):
            image = DATA / name / images / f"{path.stem}.jpg"
            if image.exists():
                pairs.append((path.stem, path.read_bytes(), Path(shutil.copy(image, originals))))
    for number in range(count):
        stem, content, image = pairs[number % len(pairs)]
        new = f"{stem}_{number // len(pairs):04d}"
        os.link(image, pictures / f"{new}.jpg")
        (annotations / f"{new}.xml").write_bytes(
            content.replace(f"{stem}.jpg<".encode(), f"{new}.jpg<".encode())
        )
    return root


class Cost:
    """What a command took."""

    def __init__(self, command: Sequence[str], *, watch: bool = False) -> None:
        self.peak = 0  # bytes of all its processes together, where `watch` asked
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=REPO)
        watcher = threading.Thread(target=self._watch, args=(process,), daemon=True)
        if watch:
            watcher.start()
        error = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.perf_counter() - begun
        self.cpu = usage.ru_utime + usage.ru_stime
        self.largest = usage.ru_maxrss * 1024  # bytes of its largest process
        self.failure = error.decode(errors="replace").strip()[-300:] if process.returncode else ""

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while process.returncode is None:
            self.peak = max(self.peak, _resident(process.pid))
            time.sleep(0.05)

    def __str__(self) -> str:
        return self.failure or f"{self.wall:6.2f} s wall {self.cpu:6.2f} s CPU"


def _resident(pid: int) -> int:
    """Bytes that a process and its children hold in memory; what they share is counted for each."""
    total = 0
    with suppress(OSError, ValueError, IndexError):
        total = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            total += _resident(int(child))
    return total


def best(measure: Callable[[], Cost], repeat: int) -> Cost:
    """The cheapest of several, by CPU."""
    return min((measure() for _ in range(repeat)), key=lambda cost: cost.cpu)


def cold(root: Path, *, watch: bool = False) -> Cost:
    """A first run: no cache of ours, which is written."""
    shutil.rmtree(root / ".curate", ignore_errors=True)
    return Cost([*VALIDATE, str(root)], watch=watch)


def report(root: Path, count: int, repeat: int) -> None:
    """Print ours, the floors and the peers that are installed."""
    Cost([sys.executable, "-c", BYTES, str(root / "JPEGImages")])  # warms the page cache
    print(f"{count:,} images, {os.cpu_count()} cores; best of {repeat} by CPU")
    print(f"  curate validate, cold         {best(lambda: cold(root), repeat)}")
    cold(root)
    time.sleep(2.5)  # files written just before a run are read once more
    Cost([*VALIDATE, str(root)])
    print(f"  again, nothing changed        {best(lambda: Cost([*VALIDATE, str(root)]), repeat)}")
    print(
        f"  --no-cache                    {best(lambda: Cost([*VALIDATE, '--no-cache', str(root)]), repeat)}"
    )
    for label, program, folder in (
        ("floor: reading all XML bytes ", BYTES, "Annotations"),
        ("floor: all image headers     ", HEADERS, "JPEGImages"),
        ("floor: lxml parsing alone    ", LXML, "Annotations"),
    ):
        floor = [sys.executable, "-c", program, str(root / folder)]
        print(f"  {label} {best(partial(Cost, floor), repeat)}")
    peers: list[tuple[str, list[str] | None]] = [
        (
            "globox",
            [sys.executable, "-c", GLOBOX, str(root / "Annotations")] if _installed("globox") else None,
        ),
        ("datumaro", [sys.executable, "-c", DATUMARO, str(root)] if _installed("datumaro") else None),
        ("panlabel", ["panlabel", "validate", str(root)] if shutil.which("panlabel") else None),
    ]
    for name, command in peers:
        print(f"  {name:<29} {Cost(command) if command else 'not installed'}")


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def curve(root: Path, counts: Sequence[int]) -> None:
    """Print seconds and memory by the number of images."""
    print("   images   cold wall    cold CPU   per image   again wall   largest process   all processes")
    for count in counts:
        make(count, root)
        Cost([sys.executable, "-c", BYTES, str(root / "Annotations")])
        first = cold(root, watch=True)
        again = Cost([*VALIDATE, str(root)])
        print(
            f"  {count:>7,} {first.wall:>9.2f} s {first.cpu:>9.2f} s {first.cpu / count * 1e6:>8.0f} us"
            f" {again.wall:>10.2f} s {max(first.largest, again.largest) / 2**20:>13.0f} MiB"
            f" {first.peak / 2**20:>11.0f} MiB {first.failure}"
        )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=20_000, help="images of the set")
    parser.add_argument("--curve", action="store_true", help="time and memory for growing sets")
    parser.add_argument("--most", type=int, default=CURVE[-1], help="end of the curve")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("-o", "--out", type=Path, help="where to make the set; a temporary folder by default")
    options = parser.parse_args()
    if not DATA.is_dir():
        parser.error(f"{DATA} is not there")
    with tempfile.TemporaryDirectory() as folder:
        root = (options.out or Path(folder)) / "set"
        if options.curve:
            curve(root, [count for count in CURVE if count <= options.most])
        else:
            report(make(options.count, root), options.count, options.repeat)


if __name__ == "__main__":
    main()
