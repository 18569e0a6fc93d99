"""The proof's templates are configurations that can be planned, with the arms that the issue asks for."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from curate.commands.ablate.jobs import training_of
from curate.commands.ablate.plan import plan
from tests.bench import paste_proof
from tests.curate.sets import picture, put, put_voc

SETS = (
    "cigarettes_yolo",
    "hands_phone_voc",
    "hands_gesture_yolo",
    "pens_cutout_yolo",
    "pens_table_coco",
    "raccoon_voc",
)


@pytest.mark.parametrize(
    ("what", "arms"),
    [
        (
            "cigarettes",
            [
                "real only",
                "cut-outs at random places",
                "cut-outs onto hands and mouths",
                "rectangles at random places",
                "onto hands and mouths + negatives",
                "onto hands and mouths + negatives + pens as distractors",
            ],
        ),
        (
            "pens",
            ["real only", "cut-outs at random places", "cut-outs onto hands", "onto hands + negatives"],
        ),
    ],
)
def test_a_template_can_be_planned(tmp_path: Path, what: str, arms: list[str]) -> None:
    asked = wanted(tmp_path, what)
    made = plan(paste_proof.write_configuration(asked))
    assert [arm.name for arm in made.arms] == arms
    assert len(made.jobs) == len(arms) * 2 * 3
    assert (paste_proof.MEANING[what], paste_proof.CHANCE) in {(p.a, p.b) for p in made.asked.compare}
    ways = [step for match in made.asked.match for step in match.steps]
    counts = {made.paste_table(step)[1].count for step in ways}
    assert counts <= {30, 15}


def test_the_claim_alone_needs_three_arms_and_the_same_pictures(tmp_path: Path) -> None:
    made = plan(paste_proof.write_configuration(wanted(tmp_path, "cigarettes", short=True)))
    assert [arm.name for arm in made.arms] == [
        "real only",
        paste_proof.CHANCE,
        paste_proof.MEANING["cigarettes"],
    ]
    whole = plan(paste_proof.write_configuration(wanted(tmp_path, "cigarettes")))
    assert {made.job_key(job) for job in made.jobs} <= {whole.job_key(job) for job in whole.jobs}


def test_without_weights_to_start_from_it_says_how_to_make_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        paste_proof.write_configuration(wanted(tmp_path, "cigarettes", scratch=False))
    assert "train it first: --what hands" in capsys.readouterr().err


def test_every_training_may_start_from_a_backbone_that_knows_imagenet(tmp_path: Path) -> None:
    asked = wanted(tmp_path, "cigarettes", scratch=False, imagenet=True)
    made = plan(paste_proof.write_configuration(asked))
    for arm in made.arms:
        config = training_of(made, made.fit_of(arm), made.out)
        assert (config.backbone, config.backbone_weights) == ("timm:tf_efficientnet_lite0", "installed")
        assert config.pretrained is None


def wanted(
    tmp_path: Path, what: str, *, scratch: bool = True, imagenet: bool = False, short: bool = False
) -> argparse.Namespace:
    """What the command line would give, over small sets."""
    for name in SETS:
        put_voc(tmp_path / "data" / name, {"a": [("smoke", (1, 1, 9, 9))]})
    put(tmp_path / "data" / "backgrounds" / "b.jpg", picture())
    for part in ("valid", "test"):
        put(tmp_path / "data" / "hands_gesture_yolo" / part / "images" / "b.jpg", picture())
    return argparse.Namespace(
        what=what,
        steps=9,
        imgsz=320,
        seeds=2,
        count=30,
        threads=1,
        data=tmp_path / "data",
        out=tmp_path / "结果",
        scratch=scratch,
        imagenet=imagenet,
        start=None,
        short=short,
    )
