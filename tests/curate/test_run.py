"""`curate run`: the whole road, what is done again and what is not, and whose folders are touched."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from curate.cli import app
from curate.commands.run import Result, plan, run
from curate.commands.run_record import Outcome
from curate.commands.run_state import State
from curate.commands.run_training import beside, fit_config
from curate.config import load
from curate.errors import ConfigError, CurateError, OutputExists
from tests.curate.negatives.scenes import put_scenes
from tests.curate.sets import files_below, picture, put, put_mirrored, put_voc
from trainer.anchors import default_anchors
from trainer.config import NO_PATHS

HAND = ("hand", (8.0, 12.0, 40.0, 36.0))
STEPS = "[validate]\n[fix]\n[split]\nratios = [0.6, 0.2, 0.2]\n[export]\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with `data` (20 images, one with corners that are swapped) and `backgrounds`."""
    put_voc(tmp_path / "data", {f"{i:02}": [HAND] for i in range(20)})
    xml = tmp_path / "data" / "Annotations" / "03.xml"
    swapped = xml.read_text().replace("<xmin>9<", "<xmin>40<").replace("<xmax>40<", "<xmax>9<")
    xml.write_text(swapped)
    for number in range(4):
        put(tmp_path / "backgrounds" / f"b{number}.jpg", picture(number=100 + number))
    return tmp_path


def go(place: Path, tables: str = STEPS, **options: bool) -> Result:
    config = place / "curate.toml"
    config.write_text('[data]\npath = "data"\nout = "out"\n' + tables)
    return run(config, **options)


def done(result: Result) -> dict[str, bool]:
    """Step -> whether it was done now."""
    return {step.name: not step.skipped for step in result.steps}


def test_the_steps_are_done_in_order_and_the_data_set_is_not_touched(place: Path) -> None:
    before = files_below(place / "data")
    result = go(place, STEPS + '[negatives]\nfrom = "backgrounds"\ncount = 3\n')
    assert list(done(result)) == ["validate", "fix", "negatives", "split", "export"]
    assert files_below(place / "data") == before
    said = json.loads((place / "out" / "data" / "dataset.json").read_text())
    assert said["counts"] == {
        "train": {"images": 15, "boxes": 12, "backgrounds": 3},
        "val": {"images": 4, "boxes": 4, "backgrounds": 0},
        "test": {"images": 4, "boxes": 4, "backgrounds": 0},
    }
    assert said["dropped"] == []  # the swapped corners were repaired on the working copy


def test_parts_of_labelled_images_are_cut_after_the_split_and_from_train_alone(tmp_path: Path) -> None:
    put_scenes(tmp_path / "data", {f"{i:02}": [(10, 20, 70, 90)] for i in range(10)})
    tables = "[split]\nratios = [0.6, 0.2, 0.2]\n[export]\n[negatives]\ncrops = true\ncount = 4\nsheet = 4\n"
    result = go(tmp_path, tables)
    assert list(done(result)) == ["split", "negatives", "export"]
    said = json.loads((tmp_path / "out" / "data" / "dataset.json").read_text())
    assert said["counts"]["train"] == {"images": 10, "boxes": 6, "backgrounds": 4}
    assert said["dropped"] == []  # none is kept back for being cut from a val or test image
    assert (tmp_path / "out" / "negatives.png").is_file()
    assert not any(done(go(tmp_path, tables)).values())
    go(tmp_path, tables.replace("count = 4", "count = 3"))
    ledger = (tmp_path / "out" / "negatives" / "negatives.jsonl").read_text("utf-8")
    assert len(ledger.splitlines()) == 3


def test_a_model_that_is_not_there_is_told_before_anything_is_done(place: Path) -> None:
    table = '[negatives]\nfrom = "backgrounds"\ncount = 3\ncheck = "best.pt"\n'
    with pytest.raises(CurateError, match=r"best\.pt cannot be read"):
        go(place, STEPS + table)
    assert not (place / "out").exists()


@pytest.mark.parametrize("steps", ["[fix]\n", ""], ids=["lists of a working copy", "at export"])
def test_mirrored_copies_stay_together_where_the_split_looks_at_pixels(tmp_path: Path, steps: str) -> None:
    before = files_below(put_mirrored(tmp_path / "data"))
    go(tmp_path, steps + "[split]\nratios = [0.5, 0.25, 0.25]\npixels = true\n[export]\n")
    images = (tmp_path / "out" / "data" / "images").rglob("*.jpg")
    split = {path.stem: path.parent.name for path in images}
    assert [split[f"{i:02}"] for i in range(10)] == [split[f"{i + 10}"] for i in range(10)]
    assert files_below(tmp_path / "data") == before


def test_a_finished_step_is_not_done_twice(place: Path) -> None:
    assert all(done(go(place)).values())
    again = go(place)
    assert not any(done(again).values())
    assert [step.done.outcome.summary for step in again.steps][-1].startswith("20 images")


def test_a_change_redoes_what_depends_on_it_and_nothing_before(place: Path) -> None:
    go(place)
    changed = go(place, STEPS.replace("[0.6, 0.2, 0.2]", "[0.8, 0.1, 0.1]"))
    assert done(changed) == {"validate": False, "fix": False, "split": True, "export": True}
    said = json.loads((place / "out" / "data" / "dataset.json").read_text())
    assert said["counts"]["train"]["images"] == 16
    put_voc(place / "data", {"new": [HAND]}, first=70)
    assert all(done(go(place)).values())


def test_a_missing_result_is_made_again(place: Path) -> None:
    go(place)
    (place / "out" / "data" / "data.yaml").unlink()
    assert [name for name, now in done(go(place)).items() if now] == ["export"]


def test_fresh_starts_over(place: Path) -> None:
    go(place)
    assert all(done(go(place, fresh=True)).values())


def test_a_step_that_failed_is_done_by_the_next_call(place: Path) -> None:
    with pytest.raises(CurateError, match="no class"):
        go(place, STEPS + '[classes]\nkeep = ["hnad"]\n')
    result = go(place, STEPS + '[classes]\nkeep = ["hand"]\n')
    assert done(result)["export"]


def test_repairs_in_place_happen_only_when_asked_and_once(place: Path) -> None:
    tables = STEPS.replace("[fix]\n", "[fix]\nin_place = true\n")
    go(place, tables)
    assert "<xmin>9<" in (place / "data" / "Annotations" / "03.xml").read_text()
    assert (place / "data" / ".curate").is_dir()  # the journal, for `curate undo`
    assert not any(done(go(place, tables)).values())


def test_a_folder_of_somebody_else_is_left_alone(place: Path) -> None:
    put(place / "out" / "thesis.docx", "years of work")
    with pytest.raises(OutputExists, match="was not made by curate run"):
        go(place, fresh=True)
    assert files_below(place / "out") == {"thesis.docx": b"years of work"}


@pytest.mark.parametrize("out", ["data", "data/out", "."])
def test_output_inside_the_data_set_is_refused(place: Path, out: str) -> None:
    config = put(place / "c.toml", f'[data]\npath = "data"\nout = "{out}"\n{STEPS}')
    with pytest.raises(CurateError, match="lie inside each other"):
        run(config)


def test_a_mistake_in_the_training_table_is_told_before_anything_is_done(place: Path) -> None:
    with pytest.raises(ConfigError, match="imgszz"):
        go(place, STEPS + "[fit]\nminutes = 1\nimgszz = 64\n")
    with pytest.raises(ConfigError, match="run is set by curate run"):
        go(place, STEPS + '[fit]\nminutes = 1\nrun = "x"\n')
    assert not (place / "out").exists()


def planned(place: Path, fit: str) -> Any:
    """What [fit] of a curate.toml in `place` means to the trainer."""
    config_file = put(place / "curate.toml", '[data]\npath = "data"\nout = "out"\n[export]\n[fit]\n' + fit)
    return fit_config(State(beside(load(config_file), place), None, lambda _: None))


def test_the_training_table_takes_every_option_of_trainer_fit(place: Path) -> None:
    from trainer.config import FitConfig
    from trainer.hyp import shown
    from trainer.knobs import knobs

    budgets = ("epochs", "minutes", "steps")
    for name in knobs(FitConfig):
        value = getattr(FitConfig, name)
        if value is not None and name not in budgets:
            text = json.dumps(list(value) if isinstance(value, tuple) else value)
            config = planned(place, f"steps = 3\n{name} = {text}\n")
            assert shown(getattr(config, name)) == shown(value), name
    assert [getattr(planned(place, f"{name} = 7\n"), name) for name in budgets] == [7, 7, 7]


def test_the_training_table_takes_a_preset_and_lines_win_over_it(place: Path) -> None:
    config = planned(place, 'steps = 3\npreset = "scratch"\nmixup = 0.3\nreal_share = 0.5\n')
    assert (config.batch, config.mosaic, config.mixup, config.real_share) == (16, 1.0, 0.3, 0.5)
    assert planned(place, "steps = 3\n").batch == 8  # small-data, by the number of images


def test_paths_of_the_training_table_start_where_the_file_lies(place: Path) -> None:
    config = planned(place, 'steps = 3\ncutouts = "抠图"\npretrained = "权重.pt"\n')
    assert (config.cutouts, config.pretrained) == (place / "抠图", place / "权重.pt")
    assert planned(place, "steps = 3\n").backbone_weights == "none"


@pytest.mark.parametrize("word", NO_PATHS)
def test_words_that_stand_for_weights_are_no_paths(place: Path, word: str) -> None:
    lines = f'steps = 3\nbackbone = "timm:resnet18"\nbackbone_weights = "{word}"\n'
    assert planned(place, lines).backbone_weights == word


def test_training_is_done_again_when_what_its_table_reads_has_changed(place: Path) -> None:
    (place / "抠图").mkdir()
    lines = 'steps = 3\ncutouts = "抠图"\npretrained = "没有.pt"\nbackbone_weights = "cache"\n'
    config_file = put(place / "curate.toml", '[data]\npath = "data"\nout = "out"\n[export]\n[fit]\n' + lines)
    (step,) = [step for step in plan(beside(load(config_file), place)) if step.name == "fit"]
    assert step.reads == (place / "抠图",)  # what is not there, training will tell


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("batchh = 4", "[fit] knows no 'batchh'. | did you mean 'batch'?"),
        ('present = "coco"', "[fit] knows no 'present'. | did you mean 'preset'?"),
        ('preset = "huge"', "[fit]: --preset huge is unknown. | choose one of auto, small-data"),
        ("preset = 3", "[fit] preset = 3 is no text. | Write preset"),
        ("mosaic = 2", "[fit]: --mosaic 2 is no share. | give a number from 0 to 1"),
        ('imgsz = "big"', "[fit]: imgsz = 'big' has the wrong type. | write a whole number"),
    ],
)
def test_a_wrong_line_of_the_training_table_is_told_with_its_cure(place: Path, line: str, told: str) -> None:
    with pytest.raises(ConfigError) as stopped:
        planned(place, f"steps = 3\n{line}\n")
    assert f"{stopped.value.message} | {stopped.value.cure}".startswith(told)


def test_a_configuration_without_steps_is_refused(place: Path) -> None:
    with pytest.raises(CurateError, match="asks for no step"):
        go(place, "")


def test_anchors_are_judged_by_images_they_were_not_fitted_to(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # training is not what is looked at
    monkeypatch.setattr("curate.commands.run.training.fit", lambda *_, **__: Outcome("not trained"))

    def chosen(box: tuple[float, float, float, float], fit: str) -> tuple[str, list[list[float]]]:
        put_voc(place / "data", {f"{i:02}": [("hand", box)] for i in range(40)})
        result = go(place, f"[split]\n[anchors]\n[export]\n[fit]\nsteps = 1\n{fit}")
        outcome = next(step.done.outcome for step in result.steps if step.name == "anchors")
        told = json.loads((place / "out" / "data" / "dataset.json").read_text(encoding="utf-8"))
        assert told["anchors"] == outcome.values["anchors"]
        return outcome.summary, told["anchors"]

    # stripes of 640 x 20 px at 640 px: the widest published anchor is 373 x 326
    summary, anchors = chosen((0.0, 0.0, 64.0, 2.0), "imgsz = 640\n")
    assert (summary, anchors[0]) == ("fitted: fitness +1.000 by fitting", [640, 20])
    # 32 x 24 of 64: fitted anchors would all be of that size, and on levels that are too fine for it
    summary, anchors = chosen((8.0, 12.0, 40.0, 36.0), "imgsz = 640\n")
    assert summary.startswith("kept the published ones: fitness +0.")
    assert anchors == [list(anchor) for level in default_anchors(640) for anchor in level]
    # but the levels that [fit] names have no published anchor of more than 17 px, a tenth of the boxes
    summary, anchors = chosen((8.0, 12.0, 40.0, 36.0), "imgsz = 320\nstrides = [4, 8]\n")
    assert (summary, anchors[0], len(anchors)) == ("fitted: fitness +1.000 by fitting", [160, 120], 6)


@pytest.mark.slow
def test_the_road_ends_with_a_judged_detector(place: Path) -> None:
    pytest.importorskip("torch")
    fit = '[anchors]\n[fit]\nsteps = 2\nimgsz = 64\nbatch = 2\ndevice = "cpu"\nthreads = 1\n[val]\n'
    result = go(place, STEPS + fit)
    assert list(done(result)) == ["validate", "fix", "split", "anchors", "export", "fit", "val"]
    assert (place / "out" / "fit" / "weights" / "best.pt").is_file()
    assert (place / "out" / "val" / "predictions.png").is_file()
    assert "AP50" in result.steps[-1].done.outcome.summary
    assert not any(done(go(place, STEPS + fit)).values())


def test_the_figure_beside_the_best_weights_is_theirs_not_that_of_the_last_evaluation(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    import trainer.fit
    from trainer.checkpoint import read_checkpoint, read_meta

    train = trainer.fit.fit

    def forgetful(*args: Any, **options: Any) -> Any:
        return dataclasses.replace(train(*args, **options), metrics=None)

    monkeypatch.setattr(trainer.fit, "fit", forgetful)
    fit = '[fit]\nsteps = 2\nimgsz = 64\nbatch = 2\ndevice = "cpu"\nthreads = 1\n'
    result = go(place, STEPS + fit)
    best = read_meta(read_checkpoint(place / "out" / "fit" / "weights" / "best.pt")).metrics
    assert f"AP50 {best['ap50']:.3f} on val" in result.steps[-1].done.outcome.summary


def test_the_command_line_ends_with_a_table(place: Path) -> None:
    config = put(place / "curate.toml", f'[data]\npath = "data"\nout = "out"\n{STEPS}')
    result = CliRunner().invoke(app, ["run", str(config)])
    assert result.exit_code == 0, result.output
    assert "== 4/4 export ==" in result.stdout
    assert "20 images, 20 boxes, 0 things left out" in result.stdout
    assert "(done before, nothing has changed since)" in CliRunner().invoke(app, ["run", str(config)]).stdout
