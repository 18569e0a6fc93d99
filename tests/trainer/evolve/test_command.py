"""trainer evolve with real trainings, tiny ones: the command, what a trial leaves, a kill in the middle."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.test_cli import hand_over, trainer
from trainer.cli.fit import settings_of_file
from trainer.config import FitConfig, from_toml
from trainer.data.folder import read_folder
from trainer.errors import TrainerError
from trainer.evolve import storage
from trainer.evolve import train as module
from trainer.evolve.train import prepared, train

pytestmark = pytest.mark.usefixtures("one_thread")
BASE: dict[str, Any] = {
    "model": "light",
    "imgsz": 64,
    "batch": 2,
    "device": "cpu",
    "threads": 1,
    "log": "none",
}
WORDS = [word for name, value in BASE.items() for word in (f"--{name}", value)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_over(tmp_path_factory.mktemp("数据 集") / "data")


def config(data: Path, run: Path, **more: Any) -> FitConfig:
    return FitConfig(data=data, run=run, **{**BASE, "steps": 8, **more})


def test_the_command_searches_and_fit_takes_what_it_found(data: Path, swift: Path) -> None:
    out = swift / "搜 索"
    words = ("--steps", 4, "--trials", 3, "--confirm", 1, "--confirm-seeds", 2, "--only", "lr,mosaic")
    result = trainer("evolve", data, *words, *WORDS, "-o", out, "--output-format", "json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told == json.loads((out / "evolve.json").read_text(encoding="utf-8"))
    assert len(told["trials"]) == 3 and told["sampler"] == "cmaes" and (out / "evolve.html").is_file()
    assert "[1/3] start: ap" in result.stderr and "confirm: the start and 1 trials" in result.stderr
    first = out / "trials" / "start"
    assert from_toml((first / "config.toml").read_text(encoding="utf-8")).lr == 2e-3
    assert not (first / "weights").exists(), "weights of hundreds of trials would fill the disk"
    assert not list(first.glob("*.jpg")), "nobody looks at the pictures of a trial"
    with (first / "results.csv").open(encoding="utf-8", newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["1", "2", "3", "4"]
    fitted = trainer("fit", data, "--hyp", out / "hyp.toml", "--steps", 1, *WORDS[4:], "-o", swift / "run")
    assert fitted.exit_code == 0, fitted.output
    ran = from_toml((swift / "run" / "config.toml").read_text(encoding="utf-8"))
    settings = settings_of_file(out / "hyp.toml", {})
    assert (ran.lr, ran.mosaic, ran.model) == (settings["lr"], settings["mosaic"], "light")


def test_a_trial_that_was_killed_goes_on_from_its_checkpoint_and_tells_its_rungs_again(
    data: Path, swift: Path
) -> None:
    class KilledError(Exception):
        """Stands for a SIGKILL: nothing of ours catches it."""

    def kill(step: int) -> None:
        if step == 6:
            raise KilledError

    folder, run = read_folder(data), swift / "run"
    asked = config(data, swift)
    whole: list[tuple[int, float]] = []
    told: list[tuple[int, float]] = []
    with prepared(asked, folder) as ground:
        figure = train(
            ground, {"lr": 3e-3}, swift / "whole", seed=3, rungs=(2, 4), report=lambda *r: not whole.append(r)
        )
        with pytest.raises(KilledError):
            train(ground, {"lr": 3e-3}, run, seed=3, rungs=(2, 4), on_step=kill)
        steps: list[int] = []
        again = train(
            ground,
            {"lr": 3e-3},
            run,
            seed=3,
            rungs=(2, 4),
            report=lambda *r: not told.append(r),
            on_step=steps.append,
        )
    assert steps == [5, 6, 7, 8], "from the checkpoint of its last rung"
    assert again == figure and again.steps == 8
    assert told == [(step, pytest.approx(value, rel=1e-5)) for step, value in whole]


def test_a_trial_ends_at_the_rung_at_which_it_is_given_up(data: Path, swift: Path) -> None:
    seen: list[int] = []

    def give_up(step: int, value: float) -> bool:
        seen.append(step)
        return step < 4

    with prepared(config(data, swift), read_folder(data)) as ground:
        figure = train(ground, {}, swift / "run", seed=0, rungs=(2, 4, 6), report=give_up)
    assert seen == [2, 4] and (figure.cut, figure.steps) == (True, 4)


def test_photographs_are_decoded_once_for_all_trials(
    data: Path, swift: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    for place in ("trainer.data.cache", "trainer.evaluate"):
        read = sys.modules[place].read_image  # type: ignore[attr-defined]
        monkeypatch.setattr(
            f"{place}.read_image", lambda path, read=read: (reads.append(str(path)), read(path))[1]
        )
    with prepared(config(data, swift), read_folder(data)) as ground:
        train(ground, {}, swift / "a", seed=0, rungs=(2, 4))
        first = len(reads)
        train(ground, {"lr": 1e-3}, swift / "b", seed=1, rungs=(2, 4))
    assert first == len(set(reads)) == 9 and len(reads) == first  # six to train on, three to judge by


def test_a_metric_that_val_cannot_tell_is_refused(data: Path, swift: Path) -> None:
    asked = config(data, swift, metric="ap_large")
    with prepared(asked, read_folder(data)) as ground, pytest.raises(TrainerError, match="ap_large judges"):
        train(ground, {}, swift / "run", seed=0)


def test_a_rate_that_breaks_training_is_a_result_and_no_error(data: Path, swift: Path) -> None:
    with prepared(config(data, swift, clip=1e30), read_folder(data)) as ground:
        figure = train(ground, {"lr": 1e25}, swift / "run", seed=0)
    assert figure.value == 0 and "no number any more" in figure.problem and 0 < figure.steps < 8


def test_ctrl_c_is_told_with_the_way_to_go_on(
    data: Path, swift: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: Any, **how: Any) -> module.Figure:
        raise KeyboardInterrupt

    from trainer.evolve.search import evolve

    monkeypatch.setitem(evolve.__kwdefaults__, "train", interrupted)
    result = trainer("evolve", data, "--steps", 4, "--trials", 3, *WORDS, "-o", swift / "out")
    assert result.exit_code == 130 and f"the same command with -o {swift / 'out'} goes on" in result.stderr


def test_without_optuna_the_command_says_what_to_install(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = storage.importlib.util.find_spec
    monkeypatch.setattr(
        storage.importlib.util, "find_spec", lambda name: None if name == "optuna" else real(name)
    )
    result = trainer("evolve", data, "--steps", 4, "--trials", 3)
    assert result.exit_code == 2
    assert "needs optuna, which is not installed" in result.stderr
    assert "pip install 'curate-detect[evolve]'" in result.stderr


def test_help_tells_the_choices_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from trainer.cli import app; sys.argv = ['trainer', 'evolve', '--help']\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "print('heavy:', sorted({'torch', 'optuna', 'numpy', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("heavy: []\n")
    assert "cmaes|tpe|genetic" in done.stdout and "halving|median|hyperband|none" in done.stdout
