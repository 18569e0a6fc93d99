"""Does semantic paste help on real photographs? The proof, with `curate ablate`.

    python -m tests.bench.paste_proof --what hands                     weights to start from
    python -m tests.bench.paste_proof                                  cigarettes into hands
    python -m tests.bench.paste_proof --imagenet --imgsz 416 --steps 600     the same from ImageNet's weights
    python -m tests.bench.paste_proof --what pens -o runs/pens --start runs/proof/hands/fit/weights/last.pt
    python -m tests.bench.paste_proof --what catalogue --imagenet --steps 300 --seeds 3 --count 210
    python -m tests.bench.paste_proof --dry-run                        jobs, sizes, time

Every training starts from the same detector of hands, which has seen no cigarette and no pen, or with
`--imagenet` (needs the extra imagenet) from a frozen backbone that knows ImageNet: from random weights, what
a CPU can train in an hour finds next to nothing, whatever the data (`--scratch` shows it).
Cross-validated over all real photographs of the set (46 of cigarettes, of which 15 or 16 judge in each of
three folds); objects are cut out of a fold's training photographs only. `--what catalogue` trains on pictures
of a catalogue and is judged by those of a camera, 25 photographs of pens on tables. Every way of pasting
makes as many pictures of the same targets; budget, seeds and everything else are equal. Ends in a table, the
verdicts, and whether the claim holds that meaning beats chance. The same command goes on where it was cut
short; started several times, the processes share the work.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from string import Template

from tests.bench.bccd import IMAGENET, REPO, environment, stop
from trainer.config import lines_of

DATA = REPO.parent / "shared" / "data"
TEMPLATES = {
    "hands": "paste_proof_hands.toml",
    "cigarettes": "paste_proof.toml",
    "pens": "paste_proof_pens.toml",
    "catalogue": "paste_proof_catalogue.toml",
}
CHANCE = "cut-outs at random places"
ONTO_HANDS = "cut-outs onto hands"
MEANING = {"cigarettes": f"{ONTO_HANDS} and mouths", "pens": ONTO_HANDS, "catalogue": ONTO_HANDS}
# small enough that all trainings of a seed fit into an hour or two on two cores
FIT = """model = "light"
imgsz = $imgsz
batch = 8
device = "cpu"
threads = $threads"""
# thirty photographs must not drown among hundreds of pasted pictures; most hold one object, so four at a time
TUNED = """
head = "free"
mosaic = 1.0
real_share = 0.33
"""
REST = "# --- what follows is left out with --short"
START = Path("hands/fit/weights/last.pt")


def write_configuration(asked: argparse.Namespace) -> Path:
    """The template, filled in; a configuration that is there already must be the same."""
    folder = Path(__file__).parent
    fit = Template(FIT).substitute(imgsz=asked.imgsz, threads=asked.threads)
    if asked.what != "hands":
        fit += TUNED + _begun(asked)
    template = (folder / TEMPLATES[asked.what]).read_text(encoding="utf-8")
    if asked.short:
        template = template.partition(REST)[0]
    text = Template(template).substitute(
        data=asked.data.resolve().as_posix(),
        out=asked.out.resolve().as_posix(),
        fit=fit,
        far=asked.count,
        near=asked.count // 2,
        pens=asked.count // 3,
        steps=asked.steps,
        seeds=asked.seeds,
    )
    path: Path = asked.out / ("hands.toml" if asked.what == "hands" else "curate.toml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _begun(asked: argparse.Namespace) -> str:
    if asked.scratch:
        return ""
    return lines_of(IMAGENET if asked.imagenet else {"pretrained": _start(asked).as_posix()})


def _start(asked: argparse.Namespace) -> Path:
    weights: Path = (asked.start or asked.out / START).resolve()
    if not weights.is_file():
        stop(f"{weights} is not there; train it first: --what hands -o {asked.out}, or say --scratch")
    return weights


def claim(told: Path, meaning: str) -> str:
    """Whether meaning beats chance, in one line."""
    pairs = json.loads(told.read_text(encoding="utf-8"))["differences"]
    found = next(row for row in pairs if (row["of"], row["against"]) == (meaning, CHANCE))
    held = "holds" if found["verdict"] == "helps" else "does not hold"
    return f"Meaning beats chance: the claim {held}. {found['sentence']}"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--what", choices=sorted(TEMPLATES), default="cigarettes")
    parser.add_argument("--steps", type=int, help="of each training (default: 2000; 2400 of hands)")
    parser.add_argument("--imgsz", type=int, default=320, help="pixels of the longer side (default: 320)")
    parser.add_argument("--seeds", type=int, default=2, help="of each arm and fold (default: 2)")
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--start", type=Path, help="weights to start from (default: OUT/hands's)")
    begin.add_argument("--imagenet", action="store_true", help="start from a backbone that knows ImageNet")
    begin.add_argument("--scratch", action="store_true", help="start from random weights")
    parser.add_argument("--count", type=int, default=240, help="pictures a way of pasting (default: 240)")
    parser.add_argument("--short", action="store_true", help="only the arms of the claim")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the real data")
    parser.add_argument("--dry-run", action="store_true", help="only say what it would cost")
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/proof"))
    asked = parser.parse_args()
    if asked.what == "hands" and (asked.start or asked.imagenet):
        parser.error(
            "a detector of hands starts from random weights: leave out --start, --imagenet, --scratch"
        )
    if not asked.data.is_dir():
        stop(f"the data is not here: {asked.data} does not exist; give --data")
    asked.steps = asked.steps or (2400 if asked.what == "hands" else 2000)
    config = write_configuration(asked)
    if asked.what == "hands":
        command = [sys.executable, "-m", "curate", "run", str(config)]
        raise SystemExit(subprocess.run(command, cwd=REPO, env=environment(asked.threads)).returncode)
    result = asked.out / "ablation"
    command = [sys.executable, "-m", "curate", "ablate", str(config), "-o", str(result)]
    done = subprocess.run(
        [*command, *(["--dry-run"] if asked.dry_run else [])], cwd=REPO, env=environment(asked.threads)
    )
    if done.returncode:
        raise SystemExit(done.returncode)
    if not asked.dry_run:
        print(f"\n{claim(result / 'ablation.json', MEANING[asked.what])}")


if __name__ == "__main__":
    main()
