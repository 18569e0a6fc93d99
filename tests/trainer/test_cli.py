"""The command line from end to end: what is typed, printed, written, and with which code it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.trainer.oracle import picture, save
from trainer.cli import app
from trainer.config import FitConfig, from_toml
from trainer.errors import TrainerError
from trainer.knobs import dashed, knobs
from trainer.suppression import JUDGED, SHOWN, Suppression

RUNNER = CliRunner()


def trainer(*words: object) -> Result:
    result = RUNNER.invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception  # a traceback is a bug
    return result


def hand_over(folder: Path, names: str = "[green, 红 色]") -> Path:
    """Six pictures to train on, three to judge by; one label each."""
    for split, count in (("train", 6), ("val", 3)):
        for i in range(count):
            x = 8 + 6 * i + 3 * (split == "val")  # no picture is in both
            save(folder / "images" / split / f"{i}.png", picture(96, 64, (x, 10, x + 24, 40), red=i % 2 == 1))
            label = folder / "labels" / split / f"{i}.txt"
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text(f"{i % 2} {(x + 12) / 96:.6f} {25 / 64:.6f} {24 / 96:.6f} {30 / 64:.6f}\n")
    yaml = folder / "data.yaml"
    yaml.write_text(f"train: images/train\nval: images/val\nnames: {names}\n", encoding="utf-8")
    return yaml


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("训练 run 🙂")


@pytest.fixture(scope="module")
def data(place: Path) -> Path:
    return hand_over(place / "data")


@pytest.fixture(scope="module")
def fitted(place: Path, data: Path) -> Result:
    """Two steps of training, through the command."""
    options = ("--imgsz", 64, "--steps", 2, "--batch", 2, "--seed", 5, "--device", "cpu", "--threads", 1)
    return trainer("fit", data, *options, "--mosaic", 0.25, "-o", place / "run")


@pytest.fixture(scope="module")
def run(place: Path, fitted: Result) -> Path:
    assert fitted.exit_code == 0, fitted.output
    return place / "run"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[FitConfig]:
    """The configurations that the command asks to be trained, with nothing trained."""
    configs: list[FitConfig] = []

    def stop(config: FitConfig, *, resume: bool) -> None:
        configs.append(config)
        raise TrainerError("not now", "this is a test")

    monkeypatch.setattr("trainer.fit.fit", stop)
    return configs


def test_help_and_version_load_neither_torch_nor_opencv() -> None:
    code = (
        "import sys; from trainer.cli import app; sys.argv = ['trainer', 'fit', '--help']\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'cv2', 'numpy', 'matplotlib', 'albumentations'} & set(sys.modules)\n"
        "print('heavy:', sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("heavy: []\n")
    assert trainer("--version").stdout == "trainer 0.1.0\n"


def test_fit_prints_figures_weights_and_the_next_commands(fitted: Result, run: Path) -> None:
    assert "红 色" in fitted.stdout
    assert str(run / "weights" / "best.pt") in fitted.stdout
    assert "trainer val" in fitted.stdout
    assert "trainer predict" in fitted.stdout
    assert (run / "weights" / "last.pt").is_file()


def test_fit_maps_its_options_to_the_configuration_of_the_run(run: Path) -> None:
    config = from_toml((run / "config.toml").read_text(encoding="utf-8"))
    assert (config.imgsz, config.steps, config.batch, config.seed, config.threads) == (64, 2, 2, 5, 1)
    assert config.mosaic == 0.25
    assert config.multi_scale is None


def test_every_option_reaches_the_configuration(asked: list[FitConfig]) -> None:
    words = ("--model", "s", "--minutes", 1.5, "--lr", 0.01, "--anchors", "default", "--metric", "ap50")
    trainer("fit", "d.yaml", *words, "--amp", "off", "--workers", 3, "--act", "relu", "-o", "r")
    expected = FitConfig(
        data=Path("d.yaml"),
        run=Path("r"),
        model="s",
        minutes=1.5,
        lr=0.01,
        anchors="default",
        metric="ap50",
        amp="off",
        workers=3,
        act="relu",
    )
    assert asked == [expected]


def test_multi_scale_is_a_range_of_parts_or_pixels(asked: list[FitConfig]) -> None:
    trainer("fit", "d.yaml", "--steps", 1, "--multi-scale", "0.75-1.25")
    trainer("fit", "d.yaml", "--steps", 1, "--multi-scale", "320,512")
    assert [config.multi_scale for config in asked] == [(0.75, 1.25), (320, 512)]


def test_settings_of_a_file_give_way_to_what_is_typed(tmp_path: Path, asked: list[FitConfig]) -> None:
    (tmp_path / "hyp.toml").write_text('data = "x"\nrun = "y"\nepochs = 9\nlr = 0.01\nmosaic = 0.25\n')
    trainer("fit", "d.yaml", "--hyp", tmp_path / "hyp.toml", "--steps", 3, "--lr", 0.005, "-o", "r")
    expected = FitConfig(data=Path("d.yaml"), run=Path("r"), steps=3, lr=0.005, mosaic=0.25)
    assert asked == [expected]


@pytest.mark.parametrize(("command", "usual"), [("val", JUDGED), ("predict", SHOWN)])
def test_the_defaults_of_suppression_are_those_of_the_library(command: str, usual: Suppression) -> None:
    """The program names them again, since its help must not wait for torch."""
    program = typer.main.get_command(app)
    found = program.get_command(typer.Context(program), command)  # type: ignore[attr-defined]
    options = {p.name: p.default for p in found.params}
    assert {name: options[name] for name in asdict(usual)} == asdict(usual)


def test_every_knob_is_an_option_with_its_default_in_the_help() -> None:
    text = " ".join(trainer("fit", "--help").stdout.split())
    for name in knobs(FitConfig):
        assert f"--{dashed(name)} " in text, name
    assert "Highest learning rate. [default: 0.002]" in text


def test_the_default_run_is_the_next_free_number(
    tmp_path: Path, asked: list[FitConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "fit-1").mkdir(parents=True)
    trainer("fit", "d.yaml", "--steps", 1)
    assert [config.run for config in asked] == [Path("runs") / "fit-2"]


def test_a_run_is_not_overwritten_and_can_be_resumed_without_repeating_its_options(
    run: Path, data: Path
) -> None:
    again = trainer("fit", data, "--steps", 3, "-o", run)
    assert again.exit_code == 2
    assert "already holds a run" in again.stderr
    assert "--resume" in again.stderr
    resumed = trainer("fit", "--resume", "-o", run)
    assert resumed.exit_code == 0, resumed.output
    other = trainer("fit", "--resume", "-o", run, "--imgsz", 96)
    assert other.exit_code == 2
    assert "imgsz = 64, not 96" in other.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "exactly one budget"),
        (("--epochs", 1, "--steps", 1), "exactly one budget"),
        (("--steps", 1, "--imgsz", 100), "try --imgsz 96"),
        (("--steps", 1, "--model", "xxl"), "there is no model 'xxl'; list them: trainer models"),
        (("--steps", 1, "--mosiac", 1), "--mosaic"),
        (("--steps", 1, "--mosaic", "often"), "mosaic = 'often' has the wrong type; write a number"),
        (("--steps", "1.5"), "write a whole number"),
        (("--resume",), "-o RUN"),
    ],
)
def test_a_wrong_request_is_one_line_with_its_cure(
    tmp_path: Path, data: Path, words: tuple, said: str
) -> None:
    where = () if words == ("--resume",) else ("-o", tmp_path / "run")
    result = trainer("fit", data, *words, *where)
    assert result.exit_code == 2
    assert said in result.stderr.replace("\n  ", "; ")
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert not (tmp_path / "run").exists()


def test_a_data_yaml_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = trainer("fit", tmp_path / "no.yaml", "--steps", 1, "-o", tmp_path / "run")
    assert result.exit_code == 2
    assert "no data.yaml" in result.stderr
    assert trainer("fit", "--steps", 1).exit_code == 2


def test_val_prints_a_table_and_leaves_figures_and_pictures(tmp_path: Path, run: Path, data: Path) -> None:
    result = trainer("val", run, data, "-o", tmp_path / "val")
    assert result.exit_code == 0, result.output
    for word in ("红 色", "AP50", "VOC07", "small", "3 images at 64 px", "nothing there"):
        assert word in result.stdout
    assert sorted(p.name for p in (tmp_path / "val").iterdir()) == [
        "calibration.png",
        "confusion.png",
        "f1.png",
        "index.html",
        "metrics.json",
        "mistakes.png",
        "precision_recall.png",
        "predictions.png",
    ]
    again = trainer("val", run, data, "-o", tmp_path / "val")
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr
    assert trainer("val", run, data, "-o", tmp_path / "val", "--overwrite").exit_code == 0


def test_val_as_json_is_one_object_on_stdout(run: Path, data: Path) -> None:
    result = trainer("val", run / "weights" / "last.pt", data, "--split", "train", "--output-format", "json")
    content = json.loads(result.stdout)
    assert (content["schema"], content["split"], content["images"], content["boxes"]) == (1, "train", 6, 6)
    assert list(content["per_class"]) == ["green", "红 色"]
    assert {"ap", "ap50", "ap75", "voc07_ap50", "voc12_ap50", "best_f1"} <= set(content["per_class"]["green"])
    assert list(content["per_size"]) == ["small", "medium", "large"]
    assert list(content["per_shape"]) == ["tall", "compact", "wide"]
    assert content["confusion"]["rows_labelled"] == ["green", "红 色", "background"]
    assert sum(map(sum, content["confusion"]["counts"][:2])) == 6
    assert set(content["mistakes"]["kinds"]) == {
        *("location", "class", "duplicate", "both", "background", "missed")
    }
    assert (content["bootstrap"]["intervals"], content["slices"]["column"]) == ({}, None)


def test_val_gives_intervals_and_slices_where_they_are_asked_for(
    tmp_path: Path, run: Path, data: Path
) -> None:
    (tmp_path / "表.csv").write_text("image,光\n0,亮\n1,暗\n2,亮\n", encoding="utf-8")
    asked = ("--bootstrap", 50, "--slices", tmp_path / "表.csv", "--by", "光")
    result = trainer("val", run, data, *asked)
    assert result.exit_code == 0, result.output
    for word in ("95 % intervals over 50 drawings", "by 光", "亮", "暗", "than the rest"):
        assert word in result.stdout
    content = json.loads(trainer("val", run, data, *asked, "--output-format", "json").stdout)
    assert {part["name"]: part["images"] for part in content["slices"]["parts"]} == {"亮": 2, "暗": 1}
    assert set(content["bootstrap"]["intervals"]) == {"ap", "ap50", "ap75", "ap50/0", "ap50/1"}
    again = json.loads(trainer("val", run, data, *asked, "--output-format", "json").stdout)
    assert content == again
    alone = trainer("val", run, data, "--slices", tmp_path / "表.csv")
    assert (alone.exit_code, "add --by COLUMN" in alone.stderr) == (2, True)


def test_val_can_judge_every_split_together(run: Path, data: Path) -> None:
    result = trainer("val", run, data, "--split", "all", "--by", "split", "--output-format", "json")
    content = json.loads(result.stdout)
    assert (content["split"], content["images"]) == ("all", 9)
    assert [(part["name"], part["images"]) for part in content["slices"]["parts"]] == [
        ("train", 6),
        ("val", 3),
    ]


def test_a_place_that_cannot_be_written_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    result = trainer("augment", hand_over(tmp_path), "-o", tmp_path / "file" / "sheet.png")
    assert result.exit_code == 2
    assert f"error: {tmp_path / 'file'}" in result.stderr
    assert "name another place" in result.stderr


def test_val_tells_which_images_were_trained_on(tmp_path: Path, run: Path, data: Path) -> None:
    contract = data.read_text(encoding="utf-8")
    leaking = data.with_name("leaking.yaml")
    (data.parent / "one.txt").write_text("images/train/0.png\nimages/val/1.png\n", encoding="utf-8")
    leaking.write_text(contract + "test: one.txt\n", encoding="utf-8")
    told = "1 of 2 images of test are in train, too: figures are better than on new images"
    result = trainer("val", run, leaking, "-o", tmp_path / "val")
    assert (result.exit_code, told in result.stderr, "in val, too" in result.stderr) == (0, True, True)
    assert told in (tmp_path / "val" / "index.html").read_text(encoding="ascii")
    both = trainer("val", "--compare", run, run, leaking, "-o", tmp_path / "both")
    assert told in both.stderr
    assert told in (tmp_path / "both" / "index.html").read_text(encoding="ascii")
    leaking.write_text(contract.replace("val: images/val", "val: images/train"), encoding="utf-8")
    twin = trainer("val", run, leaking, "--split", "val")
    assert "val is train, image for image: it judges what was taught" in twin.stderr


def test_val_compares_two_sets_of_weights(tmp_path: Path, run: Path, data: Path) -> None:
    last = run / "weights" / "last.pt"
    result = trainer("val", "--compare", run, last, data, "--bootstrap", 40, "-o", tmp_path / "比较")
    assert result.exit_code == 0, result.output
    for word in ("B - A", "cannot be told", "AP50 红 色", str(last)):
        assert word in result.stdout
    assert sorted(p.name for p in (tmp_path / "比较").iterdir()) == ["comparison.json", "index.html"]
    content = json.loads((tmp_path / "比较" / "comparison.json").read_bytes())
    assert (content["schema"], content["images"], content["bootstrap"]["resamples"]) == (1, 3, 40)
    assert content["differences"]["ap"]["verdict"] == "cannot be told"
    assert list(content["per_class_ap50"]) == ["green", "红 色"]
    as_json = trainer("val", "--compare", run, last, data, "--bootstrap", 40, "--output-format", "json")
    assert json.loads(as_json.stdout) == content
    again = trainer("val", "--compare", run, last, data, "-o", tmp_path / "比较")
    assert (again.exit_code, "--overwrite" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("RUN",), "trainer val WEIGHTS DATA.yaml"),
        (("RUN", "DATA", "DATA"), "trainer val WEIGHTS DATA.yaml"),
        (("--compare", "RUN", "RUN", "RUN", "DATA"), "trainer val --compare A B DATA.yaml"),
        (("--compare", "RUN", "RUN", "DATA", "--by", "objects"), "--compare does not slice"),
        (("RUN", "DATA", "--bootstrap", "1"), "gives no interval"),
        (("RUN", "DATA", "--by", "objekts"), "did you mean --by objects?"),
    ],
)
def test_a_wrong_request_to_val_is_one_line_with_its_cure(
    run: Path, data: Path, words: tuple[str, ...], said: str
) -> None:
    result = trainer("val", *({"RUN": run, "DATA": data}.get(word, word) for word in words))
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


@pytest.mark.parametrize("log", ["tensorbord", "wandb"])
def test_a_log_that_cannot_be_written_stops_the_run_before_it_begins(
    tmp_path: Path, data: Path, log: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = trainer("fit", data, "--steps", 1, "--imgsz", 64, "--log", log, "-o", tmp_path / "run")
    assert result.exit_code == 2
    assert ("is unknown" if log == "tensorbord" else "curate-detect[wandb]") in result.stderr
    assert not (tmp_path / "run").exists()


def test_val_refuses_a_split_that_is_not_there_and_other_classes(
    tmp_path: Path, run: Path, data: Path
) -> None:
    missing = trainer("val", run, data, "--split", "test")
    assert missing.exit_code == 2
    assert "has no test split; choose --split from train, val" in missing.stderr.replace("\n ", ";")
    other = trainer("val", run, hand_over(tmp_path / "other", "[green, blue]"))
    assert other.exit_code == 2
    assert "names green, blue" in other.stderr
    assert trainer("val", tmp_path / "no.pt", data).exit_code == 2
    assert trainer("val", run, data, "--device", "tpu").exit_code == 2


def test_val_exits_1_where_a_label_could_not_be_judged(tmp_path: Path, run: Path) -> None:
    yaml = hand_over(tmp_path / "data")
    with (tmp_path / "data" / "labels" / "val" / "0.txt").open("a") as file:
        file.write("9 0.5 0.5 0.1 0.1\n")
    result = trainer("val", run, yaml)
    assert result.exit_code == 1
    assert "0.txt:2" in result.stderr
    assert "AP50" in result.stdout


def test_predict_draws_labels_and_tells_what_it_could_not_read(tmp_path: Path, run: Path, data: Path) -> None:
    photos = tmp_path / "photos"
    save(photos / "a.png", picture(96, 64, (10, 10, 40, 40)))
    (photos / "broken.jpg").write_bytes(b"\xff\xd8 not a photograph")
    result = trainer("predict", photos, "--weights", run, "-o", tmp_path / "out", "--output-format", "json")
    assert result.exit_code == 1
    assert "broken.jpg: could not be read" in result.stderr
    summary = json.loads(result.stdout)
    assert (summary["images"], [row["image"] for row in summary["unreadable"]]) == (1, ["broken.jpg"])
    assert json.loads((tmp_path / "out" / "predictions.json").read_bytes())["schema"] == 1
    assert (tmp_path / "out" / "pictures" / "a.png").is_file()
    (photos / "broken.jpg").unlink()
    clean = trainer("predict", photos, "-w", run, "-o", tmp_path / "out2", "--format", "yolo", "--no-draw")
    assert clean.exit_code == 0
    assert (tmp_path / "out2" / "labels" / "a.txt").is_file()
    assert clean.stdout.startswith("1 image\n")
