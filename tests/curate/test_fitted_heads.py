"""The proof of fitted heads: its ways, its configuration, equal time, and advice beside the outcome."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curate.commands.ablate.plan import plan as plan_of
from tests.bench import fitted_heads
from tests.bench.fitted_heads import FITTED, PUBLISHED, SCALES, WHOLE, agreement, foretold, shared_costs, ways
from tests.curate.sets import put_voc


def advised(
    size: int = 320, strides: tuple[int, ...] = (8, 16, 32), verdict: str = "fit"
) -> list[dict[str, Any]]:
    """Advice as `curate stats` prints it."""
    anchors = {"verdict": verdict, "gain": 0.1}
    levels = {"advised": list(strides), "usual": [8, 16, 32]}
    return [{"imgsz": {"advised": size}, "strides": levels, "anchors": anchors}]


def asked(*words: str) -> Any:
    return fitted_heads.arguments().parse_args(words)


def made(arms: dict[str, dict[str, Any]], data: Path, **more: Any) -> dict[str, Any]:
    steps = {name: {"fit": fit, "steps": 10 + i} for i, (name, fit) in enumerate(arms.items())}
    return {"arms": steps, "data": str(data), "advice": advised(), **more}


def test_a_third_way_is_only_there_where_more_than_anchors_is_advised() -> None:
    assert list(ways(advised(), asked())) == [PUBLISHED, FITTED, SCALES]
    larger = ways(advised(416), asked())
    assert larger[WHOLE] == {"anchors": "fitted", "strides": "auto", "imgsz": 416}
    assert list(ways(advised(strides=(4, 8, 16)), asked())) == [PUBLISHED, FITTED, WHOLE, SCALES]
    steps = ways(advised(), asked("--multi-scale", "0.5", "1.5", "--multi-scale-step", "64"))[SCALES]
    assert steps == {"multi_scale": [0.5, 1.5], "multi_scale_step": 64}


def test_ways_whose_steps_compute_the_same_have_one_cost() -> None:
    fits = {"a": {"anchors": "default"}, "b": {"anchors": "fitted"}, "c": {"anchors": "fitted", "imgsz": 64}}
    # the quickest of each step: a 1 and 3, b 2 and 4, of which a and b share the mean
    rounds = {"a": [[1.0, 9.0], [7.0, 3.0]], "b": [[2.0, 4.0], [8.0, 8.0]], "c": [[5.0, 6.0]]}
    assert shared_costs(fits, rounds) == {"a": 2.5, "b": 2.5, "c": 5.5}


@pytest.mark.parametrize("name", ["bccd_voc", "cigarettes_yolo"])
def test_the_configuration_can_be_planned(tmp_path: Path, name: str) -> None:
    data = put_voc(tmp_path / "数据", {"a": [("香烟", (1, 1, 9, 9))]})
    plan = made(ways(advised(416), asked()), data)
    file = fitted_heads.write_configuration(name, plan, asked("--seeds", "2"), tmp_path)
    found = plan_of(file, out=tmp_path / "结果")
    assert [arm.name for arm in found.arms] == [PUBLISHED, FITTED, WHOLE, SCALES]
    assert [found.fit_of(arm)["steps"] for arm in found.arms] == [10, 11, 12, 13]
    assert [found.fit_of(arm)["anchors"] for arm in found.arms] == ["default", "fitted", "fitted", "default"]
    assert [found.fit_of(arm)["imgsz"] for arm in found.arms] == [320, 320, 416, 320]
    assert len(found.jobs) == 4 * 2 * (3 if name == "cigarettes_yolo" else 1)
    assert [(pair.a, pair.b) for pair in found.asked.compare] == [(WHOLE, FITTED)]
    assert "backbone" not in found.fit_of(found.arms[0])


def test_all_ways_can_start_from_a_backbone_that_knows_imagenet(tmp_path: Path) -> None:
    data = put_voc(tmp_path / "数据", {"a": [("香烟", (1, 1, 9, 9))]})
    plan = made(ways(advised(), asked()), data)
    file = fitted_heads.write_configuration("bccd_voc", plan, asked("--imagenet"), tmp_path)
    found = plan_of(file, out=tmp_path / "结果")
    assert {found.fit_of(arm)["freeze"] for arm in found.arms} == {8}
    assert {found.fit_of(arm)["backbone"] for arm in found.arms} == {"timm:tf_efficientnet_lite0"}


def test_a_plan_is_measured_once_and_other_settings_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    costs = {PUBLISHED: 0.5, FITTED: 0.5, SCALES: 1.0}
    calls: list[str] = []
    monkeypatch.setattr(fitted_heads, "data_of", lambda name, *_: tmp_path / name)
    monkeypatch.setattr(fitted_heads, "advice_on", lambda *_: advised())
    monkeypatch.setattr(fitted_heads, "measure", lambda name, *_: calls.append(name) or costs)
    place = tmp_path / "bccd_voc"
    first = fitted_heads.make_plan("bccd_voc", asked("--cpu-seconds", "60"), place)
    assert [arm["steps"] for arm in first["arms"].values()] == [120, 120, 60]
    assert fitted_heads.make_plan("bccd_voc", asked("--cpu-seconds", "60"), place) == first
    assert calls == ["bccd_voc"]
    with pytest.raises(SystemExit):
        fitted_heads.make_plan("bccd_voc", asked("--cpu-seconds", "61"), place)
    assert "made with other settings" in capsys.readouterr().err
    assert json.loads((place / "plan.json").read_text()) == first


def test_advice_to_change_must_help_and_advice_to_keep_must_not_be_missed() -> None:
    assert [agreement(True, {"verdict": v}) for v in ("helps", "hurts", "cannot be told")] == [
        "agrees",
        "contradicts",
        "cannot be told",
    ]
    assert [agreement(False, {"verdict": v}) for v in ("helps", "hurts", "cannot be told")] == [
        "contradicts",
        "agrees",
        "agrees",
    ]


def test_the_advice_stands_beside_the_outcome(tmp_path: Path) -> None:
    rows = [
        {"of": FITTED, "against": PUBLISHED, "verdict": "helps", "sentence": "it helps"},
        {"of": WHOLE, "against": PUBLISHED, "verdict": "hurts", "sentence": "it hurts"},
        {"of": WHOLE, "against": FITTED, "verdict": "cannot be told", "sentence": "who knows"},
    ]
    plan = made(ways(advised(416), asked()), tmp_path, advice=advised(416, verdict="keep"))
    found = [(one.said, one.verdict) for one in foretold(plan, {"differences": rows})]
    assert found == [
        ("keep the published anchors (fitness +0.100 on other images)", "contradicts"),
        ("train at 416 px with strides 8,16,32", "cannot be told"),
        ("train at 416 px with strides 8,16,32", "contradicts"),
    ]
    same = made(ways(advised(), asked()), tmp_path)
    assert foretold(same, {"differences": rows})[1].said == "keep both"
