"""How long `curate validate` takes, whole process from the shell, beside the floors and the peers.

    python -m tests.bench.validate_speed --count 20000 [-o FOLDER] [--repeat 3]
    python -m tests.bench.validate_speed --count 20000 --peers /path/to/peers/bin/python
    python -m tests.bench.validate_speed --curve          2,000 to 200,000 images, with peak memory

Peers are those that the interpreter of `--peers` has (pip install globox labelformat datumaro panlabel, in an
environment of their own), else those installed beside us. Each does what it does of the same: globox and
labelformat read the XML; panlabel reads it and checks boxes, names and references; Datumaro imports the set
and validates it. None of them opens an image.

The set is made of bccd_voc and raccoon_voc: images are hard links to one copy of each, annotations are
written anew so that each names its own image. Everything is read once before it is timed, so the page cache
is warm. CPU seconds are user and system of all processes; on a busy machine they say more than wall seconds.
"""

from __future__ import annotations

import argparse
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
# as installed: modules are compiled once
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
VALIDATE = (sys.executable, "-m", "curate", "validate", "--output-format", "json", "--exit-zero")

CLASSES = ("RBC", "WBC", "Platelets", "raccoon")
GLOBOX = "import sys; from globox import AnnotationSet; AnnotationSet.from_pascal_voc(sys.argv[1])"
LABELFORMAT = (
    "import sys; from pathlib import Path\n"
    "from labelformat.formats.pascalvoc import PascalVOCObjectDetectionInput as Voc\n"
    f"for label in Voc(Path(sys.argv[1]), {','.join(CLASSES)!r}).get_labels(): pass"
)
DATUMARO = (
    "import sys; from datumaro import Dataset; from datumaro.plugins.validators import DetectionValidator\n"
    "validator = DetectionValidator(few_samples_thr=1, imbalance_ratio_thr=50, far_from_mean_thr=5.0,\n"
    "    dominance_ratio_thr=0.8, topk_bins=0.1)\n"
    "validator.validate(Dataset.import_from(sys.argv[1], 'voc_detection'))"
)
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
        self.peak = self.resident = 0  # bytes of all its processes together, where `watch` asked
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=REPO, env=ENVIRONMENT
        )
        watcher = threading.Thread(target=self._watch, args=(process,), daemon=True)
        if watch:
            watcher.start()
        error = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.perf_counter() - begun
        self.cpu = usage.ru_utime + usage.ru_stime
        self.failure = error.decode(errors="replace").strip()[-300:] if process.returncode else ""

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while process.returncode is None:
            held, resident = _held(process.pid)
            self.peak = max(self.peak, held)
            self.resident = max(self.resident, resident)
            time.sleep(0.02)

    def __str__(self) -> str:
        return self.failure or self.figures

    @property
    def figures(self) -> str:
        """Seconds, whether it failed or not."""
        return f"{self.wall:6.2f} s wall {self.cpu:6.2f} s CPU"


def _held(pid: int) -> tuple[int, int]:
    """Bytes that a process, its children and its files in memory hold: what is shared once, and for each.

    The first is the proportional set size of Linux, in which a page that n processes share counts 1/n for
    each of them; the second is the resident set size, in which forked workers count what they share again.
    """
    held, resident, pending = _in_memory_files(pid), 0, [pid]
    while pending:
        one = pending.pop()
        with suppress(OSError, ValueError, IndexError):
            rows = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()[1:]
            sizes = {row.split(":")[0]: int(row.split()[1]) << 10 for row in rows}
            held += sizes["Pss"]
            resident += sizes["Rss"]
            pending += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
    return held, resident


def _in_memory_files(pid: int) -> int:
    total = 0
    with suppress(OSError):
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if str(file.readlink()).startswith("/memfd:"):
                    total += file.stat().st_blocks * 512
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


def compare(root: Path, python: str) -> None:
    """Print what the peers take that this interpreter has."""
    annotations = str(root / "Annotations")
    panlabel = Path(python).with_name("panlabel")
    peers = {
        "globox": [python, "-c", GLOBOX, annotations],
        "labelformat": [python, "-c", LABELFORMAT, annotations],
        "panlabel": [str(panlabel), "validate", "--format", "voc", str(root)],
        "datumaro": [python, "-c", DATUMARO, str(_for_datumaro(root))],
    }
    for name, command in peers.items():
        there = panlabel.exists() if name == "panlabel" else _version(python, name) is not None
        label = f"{name} {_version(python, name) or ''}"
        print(f"  {label:<29} {Cost(command).figures if there else 'not installed'}", flush=True)


def _for_datumaro(root: Path) -> Path:
    """The same set with the lists and the label map that Datumaro insists on."""
    made = root.with_name(f"{root.name} for datumaro")
    shutil.rmtree(made, ignore_errors=True)
    (made / "ImageSets" / "Main").mkdir(parents=True)
    for folder in ("Annotations", "JPEGImages"):
        (made / folder).symlink_to(root / folder)
    stems = sorted(path.stem for path in (root / "Annotations").iterdir())
    (made / "ImageSets" / "Main" / "train.txt").write_text("\n".join(stems))
    (made / "labelmap.txt").write_text("".join(f"{name}:::\n" for name in CLASSES))
    return made


def _version(python: str, package: str) -> str | None:
    program = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"
    asked = subprocess.run([python, "-c", program, package], capture_output=True, text=True)
    return asked.stdout.strip() if asked.returncode == 0 else None


def curve(root: Path, counts: Sequence[int]) -> None:
    """Print seconds and memory by the number of images."""
    print("   images   cold wall    cold CPU   per image   again wall   memory (PSS)   RSS summed")
    for count in counts:
        make(count, root)
        Cost([sys.executable, "-c", BYTES, str(root / "Annotations")])
        first = cold(root)
        watched = cold(root, watch=True)  # looking at memory takes time, too
        time.sleep(2.5)  # files written just before a run are read once more
        Cost([*VALIDATE, str(root)])
        again = Cost([*VALIDATE, str(root)])
        print(
            f"  {count:>7,} {first.wall:>9.2f} s {first.cpu:>9.2f} s {first.cpu / count * 1e6:>8.0f} us"
            f" {again.wall:>10.2f} s {watched.peak / 2**20:>10.0f} MiB {watched.resident / 2**20:>8.0f} MiB"
            f" {first.failure}",
            flush=True,
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
    parser.add_argument("--peers", default=sys.executable, help="Python of the environment the peers are in")
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
            compare(root, options.peers)


if __name__ == "__main__":
    main()
