"""`curate ablate`: who judges whom, what steps may see, what is done once, and what is left at the end."""

from __future__ import annotations

import html
import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from curate.cli import app
from curate.commands import ablate
from curate.commands.ablate import jobs as ablate_jobs
from curate.commands.ablate import real as ablate_real
from curate.commands.ablate import sets as ablate_sets
from curate.commands.ablate.plan import plan
from curate.commands.ablate.real import deal
from curate.commands.ablate.summary import as_json, complete_seeds, summarise
from curate.errors import CurateError, OutputExists
from curate.formats.voc import SYNTHETIC_SOURCE, VocAnnotation, VocObject, write
from curate.paste.provenance import MANIFEST
from tests.curate.laboratory import (
    ABLATE,
    BOX,
    TABLES,
    Networks,
    Pasting,
    a_plan,
    config_file,
    networks,
    pasting,
    put_data,
)
from tests.curate.sets import files_below, picture, put, put_voc

__all__ = ["networks", "pasting"]  # fixtures

COMPARE = '[[ablate.compare]]\na = "all"\nb = "negatives"\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return put_data(tmp_path)


# the photographs that judge


def test_every_photograph_judges_once_a_seed_and_seeds_deal_differently(place: Path) -> None:
    made = a_plan(place)
    real = ablate_real.make(made, print)
    folds = [deal(made, real, seed) for seed in range(5)]
    for dealt in folds:
        assert sorted(i for fold in dealt for i in fold) == list(range(12))
        assert [len(fold) for fold in dealt] == [4, 4, 4]
    assert len({str(dealt) for dealt in folds}) > 1
    assert ablate_real.load(made) == real


def test_copies_judge_together(place: Path) -> None:
    for name in ("照片90", "照片91"):  # byte copies of a photograph under other names
        for folder, suffix in (("JPEGImages", ".jpg"), ("Annotations", ".xml")):
            shutil.copy(
                place / "数据" / folder / f"照片00{suffix}", place / "数据" / folder / f"{name}{suffix}"
            )
    made = a_plan(place)
    real = ablate_real.make(made, print)
    same = {i for i, one in enumerate(real.photographs) if one.key[-6:-4] in ("00", "90", "91")}
    assert len(same) == 3
    for seed in range(4):
        assert sum(bool(same & set(fold)) for fold in deal(made, real, seed)) == 1


def test_what_curate_drew_and_backgrounds_on_record_never_judge(place: Path) -> None:
    drawn = VocAnnotation(
        "", "x.jpg", 64, 48, objects=[VocObject("香烟", BOX)], source={"database": SYNTHETIC_SOURCE}
    )
    put(place / "数据" / "Annotations" / "x.xml", write(drawn))
    put(place / "数据" / "JPEGImages" / "x.jpg", picture(number=77))
    empty = picture(number=78)
    decided = {
        "image": "JPEGImages/n.jpg",
        "decision": "verified-negative",
        "who": "王",
        "sha256": sha256(empty).hexdigest(),
    }
    put(place / "更多" / "negatives.jsonl", json.dumps(decided))
    put(place / "更多" / "JPEGImages" / "n.jpg", empty)
    put(place / "更多" / "Annotations" / "n.xml", write(VocAnnotation("", "n.jpg", 64, 48)))
    path = config_file(place, also='also = ["更多"]\n')
    made = plan(path)
    real = ablate_real.make(made, print)
    assert len(real.photographs) == 12
    assert any("1 images that curate drew" in note for note in real.notes)
    assert any("1 images that are backgrounds on record" in note for note in real.notes)


def test_a_set_with_lists_is_judged_by_its_own(place: Path, networks: Networks, pasting: Pasting) -> None:
    shutil.rmtree(place / "数据")
    boxes = {f"照片{i:02}": [("香烟", BOX)] for i in range(9)}
    lists = {
        "train": [f"照片0{i}" for i in range(5)],
        "val": ["照片05"],
        "test": ["照片06", "照片07", "照片08"],
    }
    put_voc(place / "数据", boxes, lists=lists)
    made = a_plan(place, ablate="[ablate]\nsteps = 2\nseeds = 1\n")
    summary = ablate.run(made)
    assert [one.image[-6:-4] for one in summary.real.photographs] == ["06", "07", "08"]
    assert {one.result.images - one.result.synthetic - one.result.backgrounds for one in summary.done} == {5}
    assert any("images of val neither train nor judge" in note for note in summary.real.notes)
    assert all(
        set(call["targets"]) <= {f"JPEGImages/照片0{i}.jpg" for i in range(5)} for call in pasting.calls
    )
    by_val = a_plan(place, ablate='[ablate]\nsteps = 2\nseeds = 1\nsplit = "val"\n')
    assert [one.image[-6:-4] for one in ablate_real.make(by_val, print).photographs] == ["05"]


def test_sets_that_judge_never_train(place: Path, networks: Networks, pasting: Pasting) -> None:
    put_voc(place / "相机", {f"路口{i}": [("香烟", BOX)] for i in range(4)}, first=50)
    made = a_plan(place, ablate='[ablate]\nsteps = 2\nseeds = 1\njudges = ["相机"]\n')
    summary = ablate.run(made)
    assert [one.image for one in summary.real.photographs] == [f"JPEGImages/路口{i}.jpg" for i in range(4)]
    assert {one.result.images - one.result.synthetic - one.result.backgrounds for one in summary.done} == {12}
    assert not any("路口" in target for call in pasting.calls for target in call["targets"])
    settings = as_json(summary)["settings"]
    assert (settings["judged_by"], settings["judges"]) == ("sets that never train", ["相机"])
    other = a_plan(place, ablate="[ablate]\nsteps = 2\nseeds = 1\nfolds = 2\n")
    assert other.real_key != made.real_key


def test_a_set_with_lists_trains_by_its_train_list_where_others_judge(place: Path) -> None:
    shutil.rmtree(place / "数据")
    boxes = {f"照片{i:02}": [("香烟", BOX)] for i in range(9)}
    lists = {"train": [f"照片0{i}" for i in range(5)], "test": [f"照片0{i}" for i in range(5, 9)]}
    put_voc(place / "数据", boxes, lists=lists)
    put_voc(place / "相机", {"路口": [("香烟", BOX)]}, first=50)
    real = ablate_real.make(a_plan(place, ablate='[ablate]\nsteps = 1\njudges = ["相机"]\n'), print)
    assert [one.image for one in real.photographs] == ["JPEGImages/路口.jpg"]
    assert {key[-6:-4] for _, key in real.trained} == {"00", "01", "02", "03", "04"}
    assert any("images of test neither train nor judge" in note for note in real.notes)


def test_copies_of_what_judges_are_told_and_of_nothing_else(place: Path) -> None:
    put_voc(place / "相机", {"路口": [("香烟", BOX)]}, first=50)
    for folder, suffix in (("JPEGImages", ".jpg"), ("Annotations", ".xml")):
        shutil.copy(place / "数据" / folder / f"照片00{suffix}", place / "相机" / folder / f"另外{suffix}")
    shutil.copytree(place / "数据", place / "别处")  # looks like what trains, and like one that judges
    tables = TABLES.replace('name = "手"', 'name = "手"\nfrom = "别处"')
    made = a_plan(place, tables, ablate='[ablate]\nsteps = 1\njudges = ["相机"]\n')
    notes = ablate_real.make(made, print).notes
    (trains,) = [note for note in notes if "that train look like" in note]
    assert trains.startswith("1 photographs that train look like, or belong with, one that judges")
    assert "照片00.jpg like JPEGImages/另外.jpg" in trains
    (elsewhere,) = [note for note in notes if note.startswith("别处:")]
    assert elsewhere.startswith("别处: 1 pictures look like photographs that judge")


@pytest.mark.parametrize(
    ("judges", "more", "said"),
    [
        ("相机", "folds = 2", "no photograph of"),
        ("相机", 'split = "val"', "every photograph judges"),
        ("数据", "", "would train and judge"),
        ("数据/JPEGImages", "", "would train and judge"),
        ("不在", "", "is no folder"),
    ],
)
def test_judges_that_cannot_be_are_refused(place: Path, judges: str, more: str, said: str) -> None:
    put_voc(place / "相机", {"路口": [("香烟", BOX)]}, first=50)
    with pytest.raises(CurateError, match=said):
        a_plan(place, ablate=f'[ablate]\nsteps = 1\njudges = ["{judges}"]\n{more}\n')


def test_without_lists_and_folds_nothing_says_what_judges(place: Path) -> None:
    with pytest.raises(CurateError, match="--folds 3"):
        ablate_real.make(a_plan(place, ablate="[ablate]\nsteps = 1\n"), print)
    with pytest.raises(CurateError, match="do not fill 50 folds"):
        made = a_plan(place, folds=50)
        deal(made, ablate_real.make(made, print), 0)


def test_a_set_whose_class_is_nowhere_has_nothing_to_judge_by(place: Path) -> None:
    made = a_plan(place)
    for xml in (place / "数据" / "Annotations").iterdir():
        xml.write_text(xml.read_text(encoding="utf-8").replace("香烟", "hand"), encoding="utf-8")
    with pytest.raises(CurateError, match="no class '香烟'"):
        ablate_real.make(a_plan(place), print)
    assert not (made.real_folder / "real.json").exists()


def test_backgrounds_that_count_are_kept_from_training(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    made = a_plan(place, seeds=1)
    summary = ablate.run(made)
    held = {one.sha256 for one in summary.real.backgrounds}
    assert len(held) == 3  # two fifths of seven
    trained = list((made.out / "jobs").rglob("images/train/neg_*"))
    assert trained
    assert not held & {ablate_sets.hashlib.sha256(path.read_bytes()).hexdigest() for path in trained}
    assert {one.false_positives for one in summary.done} == {2 / 3}


# what steps may see


def test_steps_see_the_training_photographs_of_their_fold_and_no_others(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    before = files_below(place / "数据")
    made = a_plan(place)
    summary = ablate.run(made)
    folds = {(seed, fold): set(f) for seed in (0, 1) for fold, f in enumerate(deal(made, summary.real, seed))}
    assert len(pasting.calls) == 6  # one a seed and fold, whatever the number of arms
    for call in pasting.calls:
        seen = {target.rpartition("/")[2] for target in call["targets"]}
        judged = [f for f in folds.values() if seen.isdisjoint(_names(summary.real, f))]
        assert len(seen) == 8
        assert judged
    assert sorted(call["seed"] for call in pasting.calls) == [0, 0, 0, 1, 1, 1]
    assert files_below(place / "数据") == before


def _names(real, members) -> set[str]:
    return {real.photographs[i].image.rpartition("/")[2] for i in members}


def test_a_picture_that_was_made_from_a_judge_is_refused(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    pasting.lie = str(place / "数据" / "JPEGImages" / "照片03.jpg")  # wherever a step got it from
    with pytest.raises(
        CurateError, match=r"is a copy of JPEGImages/照片03.jpg, or made from it, which judges"
    ):
        ablate.run(a_plan(place))


def test_a_copy_of_a_photograph_that_judges_is_refused_wherever_it_hides(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    put_voc(place / "别处", {"copy": [("香烟", BOX)]}, first=3)  # the bytes of 照片03
    tables = TABLES.replace('name = "手"', 'name = "手"\nfrom = "别处"')
    with pytest.raises(CurateError, match=r"copy.jpg is a copy of JPEGImages/照片03.jpg"):
        ablate.run(a_plan(place, tables))


def test_pictures_that_look_like_a_judge_are_named(place: Path) -> None:
    rng = np.random.default_rng(3)
    smooth = cv2.resize(
        rng.integers(0, 255, (6, 8, 3), dtype=np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC
    )
    put(place / "数据" / "JPEGImages" / "照片03.jpg", cv2.imencode(".jpg", smooth)[1].tobytes())
    put_voc(place / "别处", {"again": [("香烟", BOX)]})
    small = cv2.resize(smooth, (200, 150))
    put(place / "别处" / "JPEGImages" / "again.jpg", cv2.imencode(".jpg", small)[1].tobytes())
    real = ablate_real.make(a_plan(place, TABLES.replace('name = "手"', 'name = "手"\nfrom = "别处"')), print)
    assert any("again.jpg like JPEGImages/照片03.jpg" in note for note in real.notes)


def test_a_pasted_name_that_nothing_judges_is_a_mistake(place: Path, pasting: Pasting) -> None:
    with pytest.raises(CurateError, match="pastes '雪茄', but what judges has 香烟"):
        ablate.run(a_plan(place, TABLES.replace('object = "香烟"', 'object = "香烟"\nas = "雪茄"')))


def test_matched_steps_paste_onto_the_same_targets_and_as_often(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    second = '[[paste]]\nname = "random"\nobject = "香烟"\ncount = 9\n'
    match = '[[ablate.match]]\nsteps = ["paste:手", "paste:random"]\n'
    pasting.skip = lambda name, target: name == "random" and target.endswith("1.jpg")
    made = a_plan(place, TABLES + second, ABLATE + match)
    summary = ablate.run(made)
    calls = {"手": [], "random": []}
    for call in pasting.calls:
        calls[call["name"]].append(call)
    for led, following in zip(calls["手"], calls["random"], strict=True):
        assert following["targets"] == led["targets"][:4]  # four pictures, of the first four
    by_arm = {arm.name: [one.result.synthetic for one in summary.jobs_of(arm.name)] for arm in made.arms}
    assert by_arm["paste:手"] == by_arm["paste:random"]
    assert any(count < 4 for count in by_arm["paste:手"])  # where the other could make fewer
    assert by_arm["all"] == [2 * count for count in by_arm["paste:手"]]


def test_a_matched_step_does_without_a_class_that_no_target_has(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    onto = 'onto = ["hand", "手套", "hands"]\n'  # of the leader's targets none shows a 手套
    tables = TABLES.replace('onto = "hand"\n', onto)
    second = f'[[paste]]\nname = "random"\nobject = "香烟"\n{onto}count = 4\n'
    match = '[[ablate.match]]\nsteps = ["paste:手", "paste:random"]\n'
    ablate.run(a_plan(place, tables + second, ABLATE + match, seeds=1))
    onto_of = {call["name"]: [table.onto for table in call["config"].paste] for call in pasting.calls}
    assert onto_of["手"][0] == ("hand", "手套", "hands")
    assert onto_of["random"][1] == ("hand", "hands")


def test_pictures_with_distractors_alone_count_as_pasted_and_not_as_backgrounds(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    tables = TABLES.replace("count = 4", 'count = 4\nas_distractor = "background"')
    (first, *_) = ablate.run(a_plan(place, tables, seeds=1)).jobs_of("paste:手")
    assert (first.result.images, first.result.synthetic, first.result.backgrounds) == (12, 4, 0)


def test_a_repair_is_a_step_and_both_are_judged_by_repaired_labels(place: Path, networks: Networks) -> None:
    xml = place / "数据" / "Annotations" / "照片03.xml"
    swapped = (
        xml.read_text(encoding="utf-8").replace("<xmin>9<", "<xmin>40<").replace("<xmax>40<", "<xmax>9<")
    )
    xml.write_text(swapped, encoding="utf-8")
    summary = ablate.run(a_plan(place, "[fix]\n[export]\n[fit]\nimgsz = 64\n", seeds=1))
    assert len(summary.real.photographs) == 12
    boxes = {arm: sum(one.result.boxes for one in summary.jobs_of(arm)) for arm in ("baseline", "fix")}
    assert boxes == {"baseline": 22, "fix": 24}  # the damaged box trains in two folds of three
    assert xml.read_text(encoding="utf-8") == swapped


# the work


def test_what_is_done_is_not_done_again_and_more_seeds_go_on(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    ablate.run(a_plan(place, seeds=1))
    assert len(networks.trained) == 12
    ablate.run(a_plan(place, seeds=1))
    assert len(networks.trained) == 12
    ablate.run(a_plan(place, seeds=2))
    assert len(networks.trained) == 24
    assert len(pasting.calls) == 6
    assert not list((place / "out-ablation").rglob("claim-*"))


def test_a_job_without_its_result_is_done_again(place: Path, networks: Networks, pasting: Pasting) -> None:
    made = a_plan(place, seeds=1)
    first = ablate.run(made)
    (made.job_folder(made.jobs[5]) / "result.json").unlink()
    again = ablate.run(a_plan(place, seeds=1))
    assert len(networks.trained) == 13
    assert as_json(again)["differences"] == as_json(first)["differences"]


def test_a_job_that_was_judged_in_another_way_is_judged_again(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    made = a_plan(place, seeds=1)
    first = ablate.run(made)
    record = made.job_folder(made.jobs[5]) / "result.json"
    told = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps(told | {"judged": told["judged"] | {"vote": 1.0}}), encoding="utf-8")
    assert complete_seeds(made) == ()
    again = ablate.run(a_plan(place, seeds=1))
    assert len(networks.trained) == 12
    assert json.loads(record.read_text(encoding="utf-8"))["judged"] == told["judged"]
    assert as_json(again)["differences"] == as_json(first)["differences"]


def test_what_a_killed_process_leaves_is_no_obstacle(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    made = a_plan(place, "[fix]\n" + TABLES, seeds=1)
    clean = ablate.run(made)
    other = a_plan(place, "[fix]\n" + TABLES, seeds=1, out=place / "other")
    ablate.prepare(other.out)
    job = other.jobs[0]
    for folder in (
        other.real_folder / "work" / "Annotations",
        other.real_folder / "photographs",
        other.fold_folder(0, 0) / "parts" / "0" / "voc",
        other.made_folder("negatives", 0, 0, fixed=False) / "negatives",
        other.job_folder(job) / "data",
    ):
        put(folder / ".half.partial", "half")
    again = ablate.run(other)
    assert as_json(again)["arms"] == as_json(clean)["arms"]
    assert [one.result.images for one in again.done] == [one.result.images for one in clean.done]


def test_a_step_that_was_cut_short_is_made_anew(place: Path, networks: Networks, pasting: Pasting) -> None:
    made = a_plan(place, seeds=1)
    ablate.run(made)
    half = made.made_folder("paste:手", 0, 0, fixed=False)
    (half / "done.json").unlink()
    (half / "paste-1" / MANIFEST).unlink()
    for job in made.jobs[:4]:
        (made.job_folder(job) / "result.json").unlink()
    ablate.run(a_plan(place, seeds=1))
    assert (half / "paste-1" / MANIFEST).is_file()
    assert len(pasting.calls) == 4


def test_interrupting_gives_everything_back(
    place: Path, networks: Networks, pasting: Pasting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("curate.commands.ablate.jobs.judge", stop)
    with pytest.raises(KeyboardInterrupt):
        ablate.run(a_plan(place))
    assert not list((place / "out-ablation").rglob("claim-*"))


def test_a_training_goes_on_only_from_a_checkpoint_of_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older version began it with other defaults: that is begun anew, and no reason to stop."""
    from trainer.config import FitConfig

    asked = FitConfig(data=tmp_path / "data.yaml", run=tmp_path / "run", steps=4, batch=0)
    assert not ablate_jobs._can_resume(asked)
    put(asked.run / "weights" / "last.pt", "")
    put(tmp_path / "other.yaml", "")
    for saved, can in (
        (replace(asked, batch=8), True),  # it was chosen when the run began
        (replace(asked, batch=8, anchor_t=4.0), False),
        (replace(asked, batch=8, data=tmp_path / "other.yaml"), False),
        (replace(asked, batch=8, data=tmp_path / "gone.yaml"), True),  # the study was moved
    ):
        monkeypatch.setattr("trainer.state.read_state", lambda run, saved=saved: (None, saved, None))
        assert ablate_jobs._can_resume(asked) is can


def test_a_folder_in_which_another_process_begins_is_not_a_strange_one(place: Path) -> None:
    put(place / "out-ablation" / ".curate-ablation.4711.partial", "This fol")  # written, not yet renamed
    ablate.prepare(place / "out-ablation")
    assert (place / "out-ablation" / ".curate-ablation").is_file()


def test_a_folder_of_somebody_else_is_left_alone(place: Path) -> None:
    put(place / "out-ablation" / "thesis.docx", "years of work")
    with pytest.raises(OutputExists, match="was not made by curate ablate"):
        ablate.run(a_plan(place))
    assert files_below(place / "out-ablation") == {"thesis.docx": b"years of work"}


def test_arms_that_differ_in_settings_alone_need_no_step(place: Path, networks: Networks) -> None:
    arms = '[[ablate.arm]]\nname = "公布"\n'
    arms += '[[ablate.arm]]\nname = "拟合"\nfit = { anchors = "fitted", steps = 3 }\n'
    networks.share = {"公布": 0.1, "拟合": 0.9}
    summary = ablate.run(a_plan(place, "[export]\n[fit]\nimgsz = 64\n", ABLATE + arms))
    trained = {(one.anchors, one.steps) for one in networks.trained}
    assert trained == {("auto", 2), ("fitted", 3)}
    told = json.loads((summary.plan.out / "ablation.json").read_text(encoding="utf-8"))
    assert [one["fit"] for one in told["arms"]] == [{}, {"anchors": "fitted", "steps": 3}]
    assert [(one.of, one.verdict.value) for one in summary.differences] == [("拟合", "helps")]
    page = html.unescape((summary.plan.out / "ablation.html").read_text(encoding="utf-8"))
    assert "anchors = fitted + steps = 3" in page and "2 to 3 steps by arm" in page


def test_a_mistake_in_the_settings_of_an_arm_is_told_before_anything_is_written(place: Path) -> None:
    arms = '[[ablate.arm]]\nname = "a"\nfit = { anchor = "fitted" }\n'
    made = a_plan(place, "[export]\n[fit]\n", ABLATE + arms)
    with pytest.raises(CurateError, match="knows no 'anchor'"):
        ablate.run(made)
    assert not made.out.exists()


def test_a_mistake_in_fit_is_told_before_anything_is_written(place: Path) -> None:
    with pytest.raises(CurateError, match="imgszz"):
        ablate.run(a_plan(place, TABLES.replace("imgsz = 64", "imgszz = 64")))
    assert not (place / "out-ablation").exists()


# what is left


def test_the_answer_is_written_when_a_seed_is_complete_and_at_the_end(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    networks.share = {"all": 0.95, "paste:手": 0.9, "negatives": 0.3, "baseline": 0.3}
    seen: list[tuple[int, list[int] | None]] = []
    made = a_plan(place, ablate=ABLATE + COMPARE)

    def look(progress: ablate.Progress) -> None:
        path = made.out / "ablation.json"
        seeds = json.loads(path.read_text(encoding="utf-8"))["settings"]["seeds"] if path.is_file() else None
        seen.append((progress.number, seeds))

    summary = ablate.run(made, on_job=look)
    assert seen[0] == (1, None)
    told = json.loads((made.out / "ablation.json").read_text(encoding="utf-8"))
    assert told["complete"] is True
    assert told == as_json(summary)
    assert [arm["name"] for arm in told["arms"]] == ["baseline", "negatives", "paste:手", "all"]
    verdicts = {(row["of"], row["against"]): row["verdict"] for row in told["differences"]}
    assert verdicts["all", "baseline"] == verdicts["all", "negatives"] == "helps"
    assert verdicts["negatives", "baseline"] == "cannot be told"  # the same luck: no difference at all
    assert len(told["jobs"]) == 24
    assert all((made.out / job["folder"]).is_dir() for job in told["jobs"])
    assert cv2.imdecode(np.fromfile(made.out / "ablation.png", np.uint8), 1).shape[1] > 1000
    assert "粘贴" not in (made.out / "ablation.html").read_text(encoding="ascii")  # escaped, only ASCII


def test_pooled_figures_are_those_of_the_trainer(place: Path, networks: Networks, pasting: Pasting) -> None:
    pytest.importorskip("torch")
    from trainer.decode import Detections
    from trainer.metrics import Truth, score

    networks.share = {"all": 0.7}
    made = a_plan(place, seeds=1)
    summary = ablate.run(made)
    seen = summary.measured.arms["all"][0].photographs
    found = [
        Detections(b.xyxy.astype(np.float32), b.scores.astype(np.float32), b.classes)
        for b in (_sorted(boxes) for boxes in seen)
    ]
    truths = [Truth(labels.xyxy, labels.classes, (64, 48)) for labels in summary.measured.bench.labels]
    judged = score(found, truths, summary.real.classes)
    estimates = summary.arms[-1].estimates
    assert estimates["ap50"].value == pytest.approx(judged.ap50, abs=1e-6)
    assert estimates["ap"].value == pytest.approx(judged.ap, abs=1e-6)


def _sorted(boxes):
    order = np.argsort(-boxes.scores, kind="stable")
    return type(boxes)(boxes.xyxy[order], boxes.classes[order], boxes.scores[order])


def test_finished_seeds_are_summed_up_while_others_are_missing(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    ablate.run(a_plan(place, seeds=1))
    more = a_plan(place, seeds=3)
    assert complete_seeds(more) == (0,)
    real = ablate_real.load(more)
    assert real is not None
    summary = summarise(more, real, (0,))
    assert not summary.complete
    assert as_json(summary)["settings"]["seeds"] == [0]
    assert "Only one seed was tried" in summary.differences[-1].sentence


# the command


def test_the_command_line_prints_table_and_verdicts(
    place: Path, networks: Networks, pasting: Pasting
) -> None:
    networks.share = {"all": 0.95}
    path = config_file(place)
    result = CliRunner().invoke(app, ["ablate", str(path), "--seeds", "1"])
    assert result.exit_code == 0, result.output
    assert "“all” helps compared with “baseline”" in result.stdout
    assert (
        "12 real photographs with 12 labelled boxes, cross-validated in 3 folds; seeds: 1; 2 steps"
        in result.stdout
    )
    assert "ablation.html" in result.stdout
    assert "== 12/12 all, seed 0, fold 3 ==" in result.stderr
    told = CliRunner().invoke(app, ["ablate", str(path), "--seeds", "1", "--output-format", "json"])
    assert json.loads(told.stdout)["complete"] is True
    chinese = CliRunner().invoke(app, ["ablate", str(path), "--seeds", "1", "--lang", "zh"])
    assert "“all”与“baseline”相比有帮助" in chinese.stdout
    assert "仅原数据" in html.unescape((place / "out-ablation" / "ablation.html").read_text(encoding="ascii"))


def test_what_cannot_be_done_exits_2(place: Path) -> None:
    result = CliRunner().invoke(app, ["ablate", str(config_file(place)), "--steps", "1", "--minutes", "1"])
    assert result.exit_code == 2
    assert "two budgets" in result.stderr


def test_a_dry_run_says_what_it_would_cost_and_leaves_nothing(
    place: Path, networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def steps(config: object, alive) -> object:
        for _ in range(8):
            alive()
        return networks.fit(config, alive)

    monkeypatch.setattr("curate.commands.ablate.jobs.fit", steps)
    before = files_below(place)
    path = config_file(place)
    before["curate.toml"] = path.read_bytes()
    result = CliRunner().invoke(app, ["ablate", str(path), "--dry-run"])
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["all", "negatives", "+", "paste:手", "8", "4", "2"] in lines
    assert "24 jobs: 4 arms x 2 seeds x 3 folds, 2 steps each; 0 done before" in result.stdout
    assert "the pasting of up to 24 pictures" in result.stdout
    assert files_below(place) == before
    told = CliRunner().invoke(app, ["ablate", str(path), "--dry-run", "--output-format", "json"])
    assert json.loads(told.stdout)["jobs"] == 24
