"""What an ablation is to do: arms and jobs from a configuration, and keys that say what may be used again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from curate.commands import run_training
from curate.commands.ablate.plan import contents, plan, portable
from curate.errors import ConfigError, CurateError
from tests.curate.laboratory import ABLATE, TABLES, a_plan, config_file, put_data


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return put_data(tmp_path)


def test_the_usual_arms_are_the_baseline_each_step_alone_and_all_together(place: Path) -> None:
    made = a_plan(place, "[fix]\n" + TABLES)
    assert [(arm.name, arm.steps) for arm in made.arms] == [
        ("baseline", ()),
        ("fix", ("fix",)),
        ("negatives", ("negatives",)),
        ("paste:手", ("paste:手",)),
        ("all", ("fix", "negatives", "paste:手")),
    ]


def test_jobs_go_seed_by_seed_and_arms_change_fastest(place: Path) -> None:
    made = a_plan(place)
    assert len(made.jobs) == 4 * 2 * 3
    assert [job.label for job in made.jobs[:5]] == [
        "baseline, seed 0, fold 1",
        "negatives, seed 0, fold 1",
        "paste:手, seed 0, fold 1",
        "all, seed 0, fold 1",
        "baseline, seed 0, fold 2",
    ]


def test_arms_may_be_named_and_the_baseline_is_never_missing(place: Path) -> None:
    arms = '[[ablate.arm]]\nname = "两者"\nsteps = ["paste:手", "negatives"]\n'
    made = a_plan(place, ablate=ABLATE + arms)
    assert [(arm.name, arm.steps) for arm in made.arms] == [
        ("baseline", ()),
        ("两者", ("negatives", "paste:手")),  # in the order in which steps are done
    ]
    renamed = a_plan(place, ablate=ABLATE + arms + '[[ablate.arm]]\nname = "只有真实照片"\n')
    assert [arm.name for arm in renamed.arms] == ["只有真实照片", "两者"]


def arm(name: str, fit: str) -> str:
    return f'[[ablate.arm]]\nname = "{name}"\nfit = {{ {fit} }}\n'


def test_machines_with_other_devices_share_only_what_trains_one_network(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from trainer import prepare

    def keys(fit: str, network: str) -> set[str]:
        run_training._network_of_device.cache_clear()
        monkeypatch.setattr(prepare, "default_model", lambda device: network)
        made = a_plan(place, TABLES.replace("[fit]\n", f"[fit]\n{fit}\n"))
        return {made.job_key(job) for job in made.jobs}

    assert not keys("", "light") & keys("", "yolov5n")
    assert keys('model = "light"', "light") == keys('model = "light"', "yolov5n")
    run_training._network_of_device.cache_clear()


def test_an_arm_may_train_otherwise_instead_of_having_other_data(place: Path) -> None:
    bare = '[[ablate.arm]]\nname = "公布的锚框"\n'
    other = arm("拟合的锚框", 'anchors = "fitted", steps = 5, strides = [4, 8]')
    made = a_plan(place, "[export]\n[fit]\nimgsz = 64\nminutes = 3\n", ABLATE + other + bare)
    first, second = made.arms
    assert (first.name, first.made) == ("公布的锚框", ())
    assert second.made == ("anchors = fitted", "steps = 5", "strides = 4,8")
    assert made.fit_of(first) == {"imgsz": 64, "steps": 2}
    assert made.fit_of(second) == {"imgsz": 64, "anchors": "fitted", "steps": 5, "strides": [4, 8]}
    assert made.budget == "2 to 5 steps"
    assert len({made.job_key(job) for job in made.jobs}) == len(made.jobs)


def test_the_settings_of_an_arm_change_its_own_keys_alone(place: Path) -> None:
    def keys(fit: str) -> dict[str, str]:
        made = a_plan(place, ablate=ABLATE + arm("大", fit))
        return {job.label: made.job_key(job) for job in made.jobs}

    before, after = keys("imgsz = 96"), keys("imgsz = 128")
    assert {label.split(",")[0] for label in before if before[label] != after[label]} == {"大"}
    plain = a_plan(place)
    baseline = {job.label: plain.job_key(job) for job in plain.jobs if job.arm.name == "baseline"}
    assert baseline.items() <= before.items()


def test_steps_without_a_name_are_called_by_their_number_if_there_are_several(place: Path) -> None:
    paste = '[[paste]]\nobject = "香烟"\ncount = 1\n'
    assert a_plan(place, paste + "[export]\n[fit]\n").config.training_steps == ["paste"]
    assert a_plan(place, paste * 2 + "[export]\n[fit]\n").config.training_steps == ["paste:1", "paste:2"]


@pytest.mark.parametrize(
    ("tables", "ablate", "said"),
    [
        (TABLES, ABLATE + "[[ablate.arm]]\nname = 'a'\nsteps = ['paste']\n", r"no step 'paste'.*paste:手"),
        (TABLES, ABLATE + "[[ablate.compare]]\na = 'all'\nb = 'al'\n", "no arm 'al'"),
        (TABLES, ABLATE + "[[ablate.match]]\nsteps = ['negatives']\n", "no pasting step 'negatives'"),
        (TABLES, ABLATE + "[[ablate.match]]\nsteps = ['paste:手', 'paste:手']\n", "matched twice"),
        (TABLES, ABLATE + "[[ablate.arm]]\nname = 'baseline'\nsteps = ['negatives']\n", "called 'baseline'"),
        (
            TABLES,
            ABLATE + "[[ablate.arm]]\nname = 'a'\n" * 1 + "[[ablate.arm]]\nname = 'b'\n",
            "second baseline",
        ),
        (TABLES, ABLATE + "[[ablate.arm]]\nname = 'a'\n" * 2, "Two arms"),
        (TABLES, ABLATE + "minutes = 3\n", "two budgets"),
        (TABLES, ABLATE.replace("3", "1"), "folds = 1"),
        (TABLES, ABLATE + "hold_out = 1.0\n", "hold_out = 1.0"),
        (TABLES, ABLATE + "metric = 'map'\n", "metric = 'map'"),
        (
            TABLES.partition("[[paste]]")[2].join(("[[paste]]", "")),
            ABLATE + "metric = 'ap50_backgrounds'\n",
            "needs pictures without objects",
        ),
        (TABLES, ABLATE + "fold = 3\n", "knows no 'fold'"),
        (TABLES + "[[paste]]\nname = '手'\nobject = 'x'\ncount = 1\n", ABLATE, "called 'paste:手'"),
        (TABLES.replace("imgsz", "seed = 3\nimgsz"), ABLATE, "seed is set by curate ablate"),
        (TABLES, "[ablate]\n", "how long to train"),
        (TABLES.replace("imgsz", "epochs = 3\nimgsz"), "", "An epoch is longer"),
        (TABLES.replace("imgsz", 'preset = "auto"\nimgsz'), ABLATE, "arms of unlike sizes"),
        ("[fix]\nin_place = true\n" + TABLES, ABLATE, "in_place"),
        ("[export]\n[fit]\n", ABLATE, "no step whose effect"),
        (TABLES, ABLATE + "[[ablate.arm]]\nname = 'a'\nfit = { seed = 1 }\n", "seed of an arm"),
        (TABLES, ABLATE + "[[ablate.arm]]\nname = 'a'\nfit = { epochs = 1 }\n", "epochs of an arm"),
        (TABLES, ABLATE + "[[ablate.arm]]\nname = 'a'\nfit = { minutes = 1 }\n", "'a' is given minutes"),
        (
            TABLES,
            ABLATE + "[[ablate.arm]]\nname = 'a'\nfit = { minutes = 1, steps = 1 }\n",
            "An arm has two budgets",
        ),
        (TABLES, ABLATE + "backgrounds = '背景'\n", "train and judge"),
        (TABLES, ABLATE + "backgrounds = ['数据', '背景/里']\n", "train and judge"),
        (TABLES, ABLATE + "backgrounds = '没有'\n", "is no folder"),
        (
            TABLES.partition("[[paste]]")[2].join(("[[paste]]", "")),
            ABLATE + "hold_out = 0.5\n",
            "hold_out = 0.5",
        ),
        (TABLES, ABLATE + "out = '数据/ablation'\n", "lie inside each other"),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_is(
    place: Path, tables: str, ablate: str, said: str
) -> None:
    with pytest.raises(CurateError, match=said):
        a_plan(place, tables, ablate)
    assert not (place / "out-ablation").exists()


def test_a_mistake_names_its_line(place: Path) -> None:
    with pytest.raises(ConfigError, match=r"curate.toml:23: \[ablate\] seeds = 0"):
        a_plan(place, ablate=ABLATE.replace("seeds = 2", "seeds = 0"))


def test_options_go_before_the_table_and_the_budget_of_fit_is_the_last_resort(place: Path) -> None:
    assert a_plan(place, minutes=1.5).budget == "1.5 minutes"
    assert a_plan(place, steps=7).budget == "7 steps"
    assert a_plan(place).budget == "2 steps"
    fit = TABLES.replace("imgsz", "minutes = 9\nimgsz")
    assert a_plan(place, fit, "").budget == "9 minutes"
    assert a_plan(place, seeds=5, folds=4, out=place / "x").asked.seeds == 5
    with pytest.raises(CurateError, match="two budgets"):
        a_plan(place, steps=1, minutes=1)


def test_everything_goes_beside_the_folder_of_curate_run(place: Path) -> None:
    assert a_plan(place).out == place / "out-ablation"
    assert a_plan(place, ablate=ABLATE + 'out = "结果"\n').out == place / "结果"


# keys


def test_the_same_data_elsewhere_has_the_same_keys(
    place: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("另一台机器")
    for name in ("数据", "背景"):
        shutil.copytree(place / name, other / name, copy_function=shutil.copyfile)  # other times
    here, there = a_plan(place), a_plan(other)
    assert [here.job_key(job) for job in here.jobs] == [there.job_key(job) for job in there.jobs]


def test_more_seeds_and_arms_leave_keys_as_they_are(place: Path) -> None:
    few = a_plan(place)
    more = a_plan(place, TABLES + "[[paste]]\nname = 'b'\nobject = '香烟'\ncount = 3\n", seeds=4)
    keys = {(job.arm.name, job.seed, job.fold): more.job_key(job) for job in more.jobs}
    assert len(keys) > len(few.jobs)
    for job in few.jobs:
        if job.arm.name != "all":  # which has another step now
            assert keys[job.arm.name, job.seed, job.fold] == few.job_key(job)


def test_a_change_reaches_what_depends_on_it_and_nothing_else(place: Path) -> None:
    before = a_plan(place)
    keys = {job.label: before.job_key(job) for job in before.jobs}

    def changed(tables: str = TABLES, ablate: str = ABLATE) -> set[str]:
        made = a_plan(place, tables, ablate)
        return {job.arm.name for job in made.jobs if keys[job.label] != made.job_key(job)}

    every = {arm.name for arm in before.arms}
    assert changed() == set()
    assert changed(TABLES.replace("count = 4", "count = 5")) == {"paste:手", "all"}
    assert changed(TABLES.replace("count = 2", "count = 1")) == {"negatives", "all"}
    assert changed(TABLES.replace("imgsz = 64", "imgsz = 96")) == every
    assert changed(ablate=ABLATE.replace("steps = 2", "steps = 3")) == every
    assert changed(ablate=ABLATE.replace("folds = 3", "folds = 2")) == every
    assert changed(ablate=ABLATE + "confidence = 0.5\n") == set()  # read off what was found
    assert changed(ablate=ABLATE + "hold_out = 0.5\n") == every


def test_contents_are_names_sizes_and_what_annotations_say(place: Path) -> None:
    before = contents(place / "数据")
    xml = place / "数据" / "Annotations" / "照片03.xml"
    xml.write_text(xml.read_text(encoding="utf-8").replace("<xmin>9<", "<xmin>8<"), encoding="utf-8")
    assert contents(place / "数据") != before


def test_matched_steps_depend_on_the_one_that_leads(place: Path) -> None:
    second = '[[paste]]\nname = "random"\nobject = "香烟"\ncount = 9\n'
    match = '[[ablate.match]]\nsteps = ["paste:手", "paste:random"]\n'
    before = a_plan(place, TABLES + second, ABLATE + match)
    after = a_plan(place, TABLES.replace("count = 4", "count = 5") + second, ABLATE + match)
    assert before.made_key("paste:random", 0, 0, fixed=False) != after.made_key(
        "paste:random", 0, 0, fixed=False
    )
    assert before.leader("paste:random") == "paste:手"
    assert before.leader("paste:手") is None
    random = next(arm for arm in before.arms if arm.steps == ("paste:random",))
    assert before.needed_by(random) == ["paste:手", "paste:random"]


def test_names_become_file_names() -> None:
    assert portable("paste:手/上 a*b") == "paste_手_上 a_b"
    assert portable("...") == "_"


def test_a_plan_needs_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        plan(tmp_path / "没有.toml")
    with pytest.raises(CurateError, match="is no folder"):
        plan(config_file(tmp_path))
