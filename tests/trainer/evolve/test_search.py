"""A whole search: budgets, the mean of the best, confirmation, hyp.toml, the page; trials cost nothing."""

from __future__ import annotations

import dataclasses
import json
import math
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from tests.curate.browser import Page
from tests.trainer.test_cli import hand_over
from trainer import prepare
from trainer.cli.fit import settings_of_file
from trainer.config import FitConfig
from trainer.errors import TrainerError
from trainer.evolve.outcome import Outcome
from trainer.evolve.plan import Plan
from trainer.evolve.search import evolve
from trainer.evolve.train import Figure, Ground
from trainer.terminal import evolved

pytestmark = pytest.mark.usefixtures("one_thread")
STEPS = 20


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_over(tmp_path_factory.mktemp("数据 集") / "data", names="[green, 红色]")


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without plots and importance, which take longer than all trials."""
    monkeypatch.setattr("trainer.plots.evolve.plot_evolve", lambda outcome, out: {})
    monkeypatch.setattr("trainer.evolve.search.importance_of", lambda trials, space, steps: ({}, 0))


def plan(data: Path, out: Path, **asked: Any) -> Plan:
    settings = {name: asked.pop(name) for name in list(asked) if name in FitConfig.__dataclass_fields__}
    base: dict[str, Any] = {"model": "light", "imgsz": 64, "steps": STEPS, "log": "none"}
    config = FitConfig(data=data, run=out, **{**base, **settings})
    budget = {} if "total_steps" in asked else {"trials": 12}
    return Plan(config, **{"confirm": 2, "confirm_seeds": 2, **budget, **asked})


def trained(gain: float = 1.0, noise: float = 0.01, log: list[Any] | None = None) -> Callable[..., Figure]:
    """A trial without a network: a better rate gives a better figure, up to `gain`; seeds differ by noise."""

    def train(
        ground: Ground,
        settings: Mapping[str, float],
        run: Path,
        *,
        seed: int,
        rungs: tuple[int, ...],
        report: Callable[[int, float], bool],
        on_step: Callable[[int], None],
    ) -> Figure:
        if log is not None:
            log.append((run.name, seed, dict(settings)))
        key = zlib.crc32(repr(sorted(settings.items())).encode())
        luck = np.random.default_rng((seed, key)).normal(0, noise)
        far = math.log(settings["lr"] / 6e-3) ** 2
        value = max(0.3 + gain * 0.2 * math.exp(-far) + luck, 0.0)
        for rung in rungs:
            if not report(rung, value * rung / STEPS):
                return Figure(value * rung / STEPS, rung, cut=True)
        return Figure(value, STEPS)

    return train


def search(asked: Plan, **how: Any) -> Outcome:
    outcome = evolve(asked, train=trained(**how))
    assert outcome is not None
    return outcome


@pytest.fixture(scope="module")
def done(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A search of twenty trials that finds something."""
    out = tmp_path_factory.mktemp("runs") / "搜 索"
    return search(plan(data, out, trials=20, only=["learning", "mosaic"]))


def test_the_first_trial_is_the_start_and_the_last_the_mean_of_the_best(done: Outcome) -> None:
    assert len(done.trials) == 20
    first, last = done.trials[0], done.trials[-1]
    assert first.is_start and first.settings == {d.name: d.start for d in done.space.dimensions}
    assert last.is_mean and not last.cut and not first.cut
    assert any(trial.cut for trial in done.trials), "halving gives some up"
    assert all(trial.steps == (STEPS if not trial.cut else max(trial.at_rungs)) for trial in done.trials)


def test_what_is_better_beyond_the_noise_is_chosen(done: Outcome) -> None:
    assert done.verdict is not None and done.verdict.winner is not None
    assert done.chosen.settings["lr"] > 2.5e-3
    assert "is better: ap" in done.said()[0]
    arms = [done.verdict.defaults, *(one.arm for one in done.verdict.others)]
    assert [len(arm.values) for arm in arms] == [2, 2, 2]
    assert done.verdict.others[0].arm.trial != 0
    assert done.steps == sum(trial.steps for trial in done.trials) + 6 * STEPS


def test_hyp_toml_is_what_fit_takes(done: Outcome) -> None:
    path = done.plan.config.run / "hyp.toml"
    settings = settings_of_file(path, {"epochs": 3})
    for name, value in done.chosen.settings.items():
        assert settings[name] == value
    assert settings["model"] == "light" and settings["imgsz"] == 64  # what the trials had in common
    assert not settings.keys() & {"data", "run", "steps", "seed", "device", "threads", "log"}
    again = FitConfig(data=Path("data.yaml"), run=Path("run"), epochs=3, **settings)
    base = done.plan.config
    mine = dataclasses.replace(base, **done.chosen.settings)  # type: ignore[arg-type]
    same = {"data", "run", "epochs", "steps", "log"}
    for field in dataclasses.fields(FitConfig):
        assert field.name in same or getattr(again, field.name) == getattr(mine, field.name), field.name
    text = path.read_text(encoding="utf-8")
    assert "is better: ap" in text and "# before 0.002; highest learning rate" in text


def test_evolve_json_tells_the_whole_story(done: Outcome) -> None:
    told = json.loads((done.plan.config.run / "evolve.json").read_text(encoding="utf-8"))
    assert told == json.loads(json.dumps(done.as_dict()))
    assert (told["schema"], len(told["trials"]), told["keep_start"]) == (1, 20, False)
    assert told["chosen"]["settings"] == dict(done.chosen.settings)
    assert sum(told["importance"]["settings"].values()) == pytest.approx(1)
    assert max(told["importance"]["settings"], key=told["importance"]["settings"].get) == "lr"
    assert [row["name"] for row in told["space"]][:2] == ["lr", "lr_final"]


def test_plots_and_page_show_it(done: Outcome) -> None:
    out = done.plan.config.run
    for name in ("history", "importance", "parallel", "slices"):
        picture = cv2.imdecode(np.fromfile(out / f"{name}.png", np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None and picture.shape[1] > 700
        assert len({tuple(pixel) for pixel in picture[::7, ::7].reshape(-1, 3).tolist()}) > 5
    page = (out / "evolve.html").read_bytes()
    assert page.count(b"data:image/png;base64,") == 4 and b"&#25968;&#25454;" in page  # 数据
    assert b'<p class="brand">trainer evolve</p>' in page and b"is better: ap" in page
    assert b"<script src" not in page and b'src="http' not in page


def test_the_terminal_tells_verdict_and_settings(done: Outcome) -> None:
    text = "\n".join(str(line) for line in evolved(done) if isinstance(line, str) or hasattr(line, "plain"))
    assert "20 trials of 20 steps" in text and "is better: ap" in text and "hyp.toml" in text


def test_the_same_search_again_trains_nothing_and_says_the_same(done: Outcome) -> None:
    out = done.plan.config.run
    before = {
        path.name: path.read_bytes() for path in out.iterdir() if path.suffix in (".toml", ".png", ".html")
    }
    log: list[Any] = []
    again = search(done.plan, log=log)
    assert log == [] and again.said() == done.said()
    assert before == {name: (out / name).read_bytes() for name in before}


@pytest.mark.usefixtures("plain")
def test_the_same_seed_searches_the_same_way(data: Path, swift: Path) -> None:
    logs: tuple[list[Any], list[Any]] = ([], [])
    for log, name in zip(logs, "ab", strict=True):
        search(plan(data, swift / name, only=["lr", "box"]), log=log)
    assert logs[0] == logs[1] and len(logs[0]) == 12 + 6


@pytest.mark.usefixtures("plain")
def test_an_anchor_t_that_nobody_typed_is_left_to_fit_where_the_search_begins(
    data: Path, swift: Path
) -> None:
    """Typed, it would be what anchors are fitted for, and the start another network than fit trains."""
    log: list[Any] = []
    done = search(plan(data, swift / "a", only=["lr", "anchor_t"]), gain=0.0, noise=0.0, log=log)
    assert done.start.settings.keys() == {"lr", "anchor_t"} and done.chosen is done.start
    assert [settings.keys() for name, _, settings in log if name == "start"] == [{"lr"}]
    assert any("anchor_t" in settings for _, _, settings in log)
    kept = (swift / "a" / "hyp.toml").read_text(encoding="utf-8")
    assert "anchor_t =" not in kept and "# anchor_t is left to `trainer fit`" in kept
    typed = search(plan(data, swift / "b", only=["lr", "anchor_t"], anchor_t=3.0), log=log)
    assert typed.space.told(typed.start.settings, typed.plan.config)["anchor_t"] == 3


@pytest.mark.usefixtures("plain")
def test_noise_alone_is_not_taken_for_a_gain(data: Path, swift: Path) -> None:
    outcome = search(plan(data, swift / "out", only=["lr", "box", "cls"]), gain=0.0, noise=0.03)
    assert outcome.best.value > outcome.start.value, "the luckiest looks better"
    assert outcome.chosen is outcome.start and outcome.said()[0].startswith("Keep the settings it began with")
    assert settings_of_file(swift / "out" / "hyp.toml", {})["lr"] == 2e-3
    assert outcome.candidate is not outcome.start
    page = (swift / "out" / "evolve.html").read_text()
    assert "not proven better" in page


@pytest.mark.usefixtures("plain")
def test_without_confirmation_the_mean_is_chosen_and_it_is_said_that_nothing_is_sure(
    data: Path, swift: Path
) -> None:
    outcome = search(plan(data, swift / "out", confirm=0, only=["lr", "box"]))
    assert outcome.verdict is None and outcome.chosen.is_mean
    assert "Nothing was confirmed" in outcome.said()[0]
    assert "Nothing was confirmed" in (swift / "out" / "hyp.toml").read_text(encoding="utf-8")


@pytest.mark.usefixtures("plain")
def test_yolov5s_scheme_has_no_mean_and_with_no_pruner_every_trial_is_whole(data: Path, swift: Path) -> None:
    asked = plan(data, swift / "out", sampler="genetic", pruner="none", confirm=0, only=["lr", "box"])
    outcome = search(asked)
    assert [t.steps for t in outcome.trials] == [STEPS] * 12
    assert not any(t.is_mean or t.at_rungs for t in outcome.trials) and outcome.chosen is outcome.best


@pytest.mark.usefixtures("plain")
def test_a_budget_in_steps_is_kept_with_all_that_confirms(data: Path, swift: Path) -> None:
    total = 25 * STEPS
    outcome = search(plan(data, swift / "out", total_steps=total, only=["lr", "box"]))
    assert total - STEPS < outcome.steps <= total
    assert len(outcome.trials) > 25 - 6, "trials that were given up leave room for others"


@pytest.mark.usefixtures("plain")
def test_it_goes_on_where_it_was_interrupted(data: Path, swift: Path) -> None:
    whole: list[Any] = []
    search(plan(data, swift / "whole", only=["lr", "box"]), log=whole)
    log: list[Any] = []
    real = trained(log=log)

    def interrupted(*args: Any, **how: Any) -> Figure:
        figure = real(*args, **how)
        return dataclasses.replace(figure, interrupted=True) if len(log) in (4, 15) else figure

    asked = plan(data, swift / "parts", only=["lr", "box"])
    assert evolve(asked, train=interrupted) is None
    assert not (swift / "parts" / "evolve.json").exists()
    assert evolve(asked, train=interrupted) is None
    assert evolve(asked, train=interrupted) is not None
    done = [row for i, row in enumerate(log) if i not in (3, 14)]
    assert [row[1:] for row in done[:12]] == [row[1:] for row in whole[:12]], "it went the same way"
    again = [sorted(repr(row[1:]) for row in rows[12:]) for rows in (done, whole)]
    assert again[0] == again[1], "each was confirmed once"


@pytest.mark.usefixtures("plain")
def test_a_trial_that_diverges_is_told_and_counts_as_nothing_found(data: Path, swift: Path) -> None:
    real = trained()

    def diverges(ground: Ground, settings: Mapping[str, float], *args: Any, **how: Any) -> Figure:
        if settings["lr"] > 3e-3:
            return Figure(0.0, 3, problem="the loss is no number any more (step 3)")
        return real(ground, settings, *args, **how)

    outcome = evolve(plan(data, swift / "out", only=["lr", "box"]), train=diverges)
    assert outcome is not None
    bad = [trial for trial in outcome.trials if trial.problem]
    assert bad and all((trial.value, trial.steps) == (0.0, 3) for trial in bad)
    assert outcome.best.settings["lr"] <= 3e-3
    assert "the loss is no number any more" in (swift / "out" / "evolve.html").read_text()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"box": 4.0}, "box = 5.0, not 4.0"),
        ({"steps": 40}, "steps = 20, not 40"),
        ({"sampler": "tpe"}, 'sampler = "cmaes", not "tpe"'),
        ({"only": ["lr"]}, "it turns 2 settings, not these 1"),
    ],
)
def test_a_study_is_not_gone_on_with_in_another_way(
    data: Path, swift: Path, change: dict[str, Any], told: str
) -> None:
    first = plan(data, swift / "out", trials=3, confirm=0, only=["lr", "obj"])
    search(first)
    with pytest.raises(TrainerError, match=told) as caught:
        search(plan(data, swift / "out", trials=3, confirm=0, **{"only": ["lr", "obj"], **change}))
    assert "--study NAME" in caught.value.cure


def test_a_study_is_not_gone_on_with_on_a_device_that_would_train_another_network(
    data: Path, swift: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = plan(data, swift / "out", trials=3, confirm=0, only=["lr", "obj"], model="auto")
    search(asked)  # on a CPU
    search(asked)
    monkeypatch.setattr(prepare, "pick_device", lambda _: torch.device("cuda"))
    with pytest.raises(TrainerError, match='model = "light", not "yolov5n"'):
        search(asked)


@pytest.mark.usefixtures("plain")
def test_one_trial_more_goes_on_with_a_finished_study(data: Path, swift: Path) -> None:
    first = plan(data, swift / "out", trials=3, confirm=0, only=["lr", "obj"])
    assert [trial.is_mean for trial in search(first).trials] == [False, False, True]
    larger = search(dataclasses.replace(first, trials=4))
    assert [trial.is_mean for trial in larger.trials] == [False, False, True, False, True]
    assert larger.trials[-1].name == "mean of 3"
    assert [trial.number for trial in larger.trials] == [0, 1, 2, 3, 4]
    again = search(dataclasses.replace(first, trials=4))
    assert [trial.number for trial in again.trials] == [0, 1, 2, 3, 4]
    most = search(dataclasses.replace(first, trials=6))
    assert [trial.number for trial in most.trials if trial.is_mean] == [2, 4, 7]


@pytest.mark.usefixtures("plain")
def test_other_data_under_the_same_name_are_noticed(swift: Path) -> None:
    yaml = hand_over(swift / "data")
    search(plan(yaml, swift / "out", trials=3, confirm=0))
    label = swift / "data" / "labels" / "val" / "0.txt"
    label.write_text("0 0.5 0.5 0.1 0.1\n")
    with pytest.raises(TrainerError, match="data = "):
        search(plan(yaml, swift / "out", trials=3, confirm=0))


@pytest.mark.usefixtures("plain")
def test_a_folder_without_val_is_refused_with_a_cure(swift: Path) -> None:
    yaml = hand_over(swift / "data")
    yaml.write_text("train: images/train\nnames: [green, red]\n")
    with pytest.raises(TrainerError, match="names no val split") as caught:
        search(plan(yaml, swift / "out"))
    assert "curate split" in caught.value.cure


@pytest.mark.usefixtures("plain")
def test_a_folder_of_something_else_is_left_alone(data: Path, swift: Path) -> None:
    (swift / "out").mkdir()
    (swift / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(TrainerError, match="was not made by trainer evolve"):
        search(plan(data, swift / "out"))
    (swift / "file").write_text("")
    with pytest.raises(TrainerError, match="is a file"):
        search(plan(data, swift / "file"))


@pytest.mark.usefixtures("plain")
def test_a_folder_in_which_another_process_begins_is_not_a_strange_one(data: Path, swift: Path) -> None:
    (swift / "out").mkdir()
    (swift / "out" / "..trainer-evolve.4711.tmp").write_text("This fol")  # written, not yet renamed
    assert search(plan(data, swift / "out", trials=3, confirm=0)).trials


@pytest.mark.usefixtures("plain")
def test_processes_that_train_together_are_refused(
    data: Path, swift: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(TrainerError, match="train a trial each"):
        search(plan(data, swift / "out"))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"trials": 2}, "--trials 2 compare nothing"),
        ({"trials": None}, "exactly one budget"),
        ({"total_steps": 100}, "exactly one budget"),
        (
            {"trials": None, "total_steps": 100},
            "--total-steps 100 is not enough: 120 to confirm, 60 for three",
        ),
        ({"confirm_seeds": 1}, "does not show what chance does"),
        ({"sampler": "grid"}, "--sampler grid is unknown"),
        ({"pruner": "axe"}, "--pruner axe is unknown"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(data: Path, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(TrainerError, match=told):
        plan(data, Path("out"), **{"trials": 12, **asked})


# in a browser


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_the_page_fits_is_legible_and_asks_for_nothing(
    done: Outcome, tab: Page, width: int, scheme: str
) -> None:
    tab.size(width, 800)
    tab.media(scheme)
    tab.open((done.plan.config.run / "evolve.html").as_uri())
    assert tab.complaints() == []
    assert len(tab.requests()) == 1
    assert tab.ask("[...document.images].filter(i => i.naturalWidth > 700).length") == 4
    assert tab.ask("document.documentElement.scrollWidth") == width
    contrast, element = tab.worst_contrast()
    assert contrast >= 4.5, element
