"""`curate ablate`: pictures without an object, kept back from [negatives] or given for counting alone."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from curate.commands import ablate
from curate.commands.ablate import real as ablate_real
from curate.commands.ablate import trial as ablate_trial
from curate.commands.ablate.plan import plan
from curate.commands.ablate.trial import describe, estimate
from curate.errors import CurateError
from tests.curate.laboratory import (
    ABLATE,
    BOX,
    TABLES,
    Networks,
    Pasting,
    a_plan,
    networks,
    pasting,
    put_data,
)
from tests.curate.sets import picture, put, put_voc

__all__ = ["networks", "pasting"]  # fixtures

BESIDE = ABLATE + 'backgrounds = ["街道", "仓库"]\nhold_out = 0.4\n'
INSTEAD = ABLATE + 'backgrounds = "街道"\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The usual data, and two folders: 5 pictures in `街道`, 2 in `仓库`, of which one is in both."""
    put_data(tmp_path)
    for number in range(5):
        put(tmp_path / "街道" / f"s{number}.jpg", picture(number=2000 + number))
    put(tmp_path / "仓库" / "again.jpg", picture(number=2000))
    put(tmp_path / "仓库" / "new.jpg", picture(number=2010))
    return tmp_path


def names(real: ablate_real.Real) -> list[str]:
    return sorted(one.image for one in real.backgrounds)


def test_pictures_of_several_folders_count_each_once_beside_those_kept_back(place: Path) -> None:
    made = a_plan(place, ablate=BESIDE)
    real = ablate_real.make(made, print)
    held = {one.image for one in ablate_real.make(a_plan(place), print).backgrounds}
    assert len(held) == 3  # two fifths of seven
    assert names(real) == sorted([*held, "s0.jpg", "s1.jpg", "s2.jpg", "s3.jpg", "s4.jpg", "new.jpg"])
    assert len({one.group for one in real.backgrounds}) == 9
    assert all((made.out / one.file).read_bytes() for one in real.backgrounds)
    assert not (made.backgrounds_folder / "2" / "again.jpg").exists()
    assert ablate_real.load(made) == real


def test_where_others_are_given_nothing_is_kept_back_unless_asked_for(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    made = a_plan(place, TABLES.replace("count = 2", "count = 7"), INSTEAD, seeds=1)
    summary = ablate.run(made)
    assert names(summary.real) == ["s0.jpg", "s1.jpg", "s2.jpg", "s3.jpg", "s4.jpg"]
    assert {one.result.backgrounds for one in summary.jobs_of("negatives")} == {7}


def test_more_pictures_to_count_on_cost_no_training(
    place: Path, networks: Networks, pasting: Pasting, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = a_plan(place, seeds=1)
    first = ablate.run(few)
    more = a_plan(place, ablate=BESIDE, seeds=1)
    assert [more.job_key(job) for job in more.jobs] == [few.job_key(job) for job in few.jobs]

    monkeypatch.setattr(ablate_trial, "_take", lambda plan, real: ablate_trial.Trial(100.0, 0.0, 1.0))
    found = estimate(more, print)
    assert (found.left, found.trained, found.seconds) == (12, 12, 12.0)
    assert "0 done before, 12 only to be judged again" in describe(found)

    second = ablate.run(more)
    assert (len(networks.trained), len(pasting.calls)) == (12, 3)
    assert {one.false_positives for one in first.done} == {2 / 3}  # the stub sees something in every other
    assert {one.false_positives for one in second.done} == {5 / 9}
    told = json.loads((more.out / "ablation.json").read_text(encoding="utf-8"))
    assert len(told["data"]["backgrounds"]) == 9
    third = ablate.run(a_plan(place, seeds=1))
    assert {one.false_positives for one in third.done} == {2 / 3}


def test_what_is_trained_on_cannot_count(place: Path, networks: Networks, pasting: Pasting) -> None:
    """A picture that is only near what a step reads may, and one that is drawn on may not."""
    put_voc(place / "手", {"a": [("hand", (0.0, 0.0, 50.0, 40.0))]})
    put(place / "手" / "JPEGImages" / "a.jpg", picture(number=3000))
    shutil.copy(place / "手" / "JPEGImages" / "a.jpg", place / "街道" / "a.jpg")
    tables = TABLES.replace('onto = "hand"', 'onto = "hand"\npath = "手"')
    assert "a.jpg" in names(ablate.run(a_plan(place, tables, INSTEAD, seeds=1)).real)
    pasting.lie = str(place / "街道" / "a.jpg")
    shutil.rmtree(place / "out-ablation")
    with pytest.raises(CurateError, match=r"a\.jpg, or made from it, which judges"):
        ablate.run(a_plan(place, tables, INSTEAD, seeds=1))


def test_a_negative_that_trains_cannot_count(place: Path, networks: Networks, pasting: Pasting) -> None:
    for number in range(7):
        shutil.copy(place / "背景" / f"b{number}.jpg", place / "街道" / f"other{number}.jpg")
    with pytest.raises(CurateError, match="which judges"):
        ablate.run(a_plan(place, ablate=INSTEAD, seeds=1))


def test_objects_of_other_classes_do_not_matter_and_ours_do(place: Path) -> None:
    """Nor do a mapped name of ours, or a number of which nobody knows what it means."""
    shutil.rmtree(place / "街道")
    boxes = {"with": [("cigarette", BOX)], "without": [("dog", BOX)], "ours": [("香烟", BOX), ("dog", BOX)]}
    put_voc(place / "街道", boxes)
    put(place / "仓库" / "labels" / "new.txt", "0 .5 .5 .2 .2\n")
    put(place / "仓库" / "images" / "new.jpg", (place / "仓库" / "new.jpg").read_bytes())
    put(place / "仓库" / "images" / "free.jpg", (place / "仓库" / "again.jpg").read_bytes())
    for name in ("new.jpg", "again.jpg"):
        (place / "仓库" / name).unlink()
    xml = place / "数据" / "Annotations" / "照片03.xml"
    xml.write_text(xml.read_text(encoding="utf-8").replace("香烟", "cigarette"), encoding="utf-8")
    path = place / "curate.toml"
    a_plan(place, ablate=BESIDE)
    text = path.read_text(encoding="utf-8").replace(
        'keep = ["香烟"]', 'keep = ["香烟"]\nmap = { cigarette = "香烟" }'
    )
    path.write_text(text, encoding="utf-8")
    real = ablate_real.make(plan(path), print)
    given = [one.image for one in real.backgrounds if not one.image.startswith("b")]
    assert given == ["JPEGImages/without.jpg", "images/free.jpg"]
    assert "街道: 2 pictures cannot count false positives" in real.notes
    assert "仓库: 1 picture cannot count false positives" in real.notes


def test_a_class_that_comes_later_is_looked_for_again(place: Path) -> None:
    put_voc(place / "仓库", {"dogs": [("狗", BOX)]})
    path = place / "curate.toml"
    a_plan(place, ablate=BESIDE)
    path.write_text(path.read_text(encoding="utf-8").replace('keep = ["香烟"]', ""), encoding="utf-8")
    assert "JPEGImages/dogs.jpg" in names(ablate_real.make(plan(path), print))
    xml = place / "数据" / "Annotations" / "照片03.xml"
    xml.write_text(xml.read_text(encoding="utf-8").replace("hand", "狗"), encoding="utf-8")
    assert ablate_real.load(plan(path)) is None
    assert "JPEGImages/dogs.jpg" not in names(ablate_real.make(plan(path), print))


def test_a_folder_without_such_a_picture_is_named(place: Path) -> None:
    shutil.rmtree(place / "仓库")
    put_voc(place / "仓库", {"ours": [("香烟", BOX)]})
    made = a_plan(place, ablate=BESIDE)
    with pytest.raises(CurateError, match="仓库 holds 0 pictures without objects"):
        ablate_real.make(made, print)
    assert ablate_real.load(made) is None
    put(place / "仓库" / "new.jpg", picture(number=2010))
    assert "new.jpg" in names(ablate_real.make(a_plan(place, ablate=BESIDE), print))


def test_pictures_that_a_killed_process_left_are_written_anew(place: Path) -> None:
    made = a_plan(place, ablate=BESIDE)
    whole = ablate_real.make(made, print)
    (made.backgrounds_folder / "backgrounds.json").unlink()
    put(made.backgrounds_folder / "1" / "half.jpg", b"half")
    kept = made.real_folder / "photographs"
    before = kept.stat().st_mtime_ns
    assert ablate_real.load(made) is None
    assert ablate_real.make(made, print) == whole
    assert not (made.backgrounds_folder / "1" / "half.jpg").exists()
    assert kept.stat().st_mtime_ns == before
    assert {sha256((made.out / one.file).read_bytes()).hexdigest() for one in whole.backgrounds} == {
        one.sha256 for one in whole.backgrounds
    }
