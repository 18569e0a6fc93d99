"""`curate stats`: figures worked out by hand, the advice with its reasons, the page and the plot."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from curate.cli import app
from curate.commands import stats
from curate.commands.stats import run
from curate.errors import CurateError, OutputExists
from curate.report.stats.advice import advice, command
from curate.report.stats.page import to_html
from curate.report.stats.table import print_result, spark
from curate.report.stats.words import WORDS
from tests.curate.browser import browser, find_browser
from tests.curate.sets import Box, files_below, put, put_voc

# images of 64 x 48: ten times larger at 640 px
SIGNS: dict[str, list[Box]] = {
    "一": [("香烟", (0.0, 0.0, 4.0, 1.6)), ("手", (10.0, 10.0, 42.0, 42.0))],
    "二": [("手", (20.0, 0.0, 52.0, 8.0))],
    "三": [],
}


def signs(root: Path) -> Path:
    return put_voc(root / "标 志", SIGNS, lists={"train": ["一"], "val": ["二", "三"]})


def printed(root: Path, lang: str = "en") -> str:
    import io

    stream = io.StringIO()
    print_result(run(root), stream, lang)
    return stream.getvalue()


# --- figures --------------------------------------------------------------------------------------------


def test_all_boxes_each_split_and_each_class_are_measured(tmp_path: Path) -> None:
    found = run(signs(tmp_path)).groups
    assert [(g.kind, g.name, g.images, len(g.shapes)) for g in found] == [
        ("all", None, 3, 3),
        ("split", "train", 1, 2),
        ("split", "val", 2, 1),
        ("class", "手", 2, 2),
        ("class", "香烟", 1, 1),
    ]


def test_the_figures_are_those_of_boxes_at_the_size_of_training(tmp_path: Path) -> None:
    every = run(signs(tmp_path)).as_object()["groups"][0]
    # widths 40, 320, 320; heights 16, 320, 80; so sides 25.3, 320, 160 and width : height 2.5, 1, 4
    assert every["width"]["0.5"] == 320 and every["height"]["0.5"] == 80
    assert every["side"]["0.5"] == pytest.approx(160)
    assert every["aspect"]["0.5"] == 2.5
    # centres 2/64, 26/64, 36/64 across; .8/48, 26/48, 4/48 down
    assert every["centre"]["x"]["0.5"] == pytest.approx(26 / 64, abs=1e-4)
    assert every["centre"]["y"]["0.5"] == pytest.approx(4 / 48, abs=1e-4)
    assert np.array(every["centre"]["grid"]).sum() == 3
    assert every["centre"]["grid"][4][3] == 1  # row 26/48 * 8 = 4.3, column 26/64 * 8 = 3.25
    assert every["per_image"]["mean"] == 1 and every["per_image"]["most"] == 2
    assert every["per_image"]["empty"] == 1
    # two cells of 8 are 16 px and of 64 128 px: 25.3 px is level 8, the others 64
    assert every["levels"] == {"4": 0, "8": 0.33333, "16": 0, "32": 0, "64": 0.66667}
    assert every["sizes"]["small"] == pytest.approx(1 / 3, abs=1e-4)


def test_histograms_count_every_box_once_also_beyond_their_ends(tmp_path: Path) -> None:
    boxes: dict[str, list[Box]] = {"a": [("x", (0.0, 0.0, 64.0, 1.2)), ("x", (0.0, 0.0, 1.2, 48.0))]}
    every = run(put_voc(tmp_path, boxes)).as_object()["groups"][0]
    for what in ("side", "aspect", "area"):
        assert sum(every[what]["histogram"]["counts"]) == 2


def test_boxes_that_cannot_be_measured_are_counted(tmp_path: Path) -> None:
    boxes: dict[str, list[Box]] = {"a": [("x", (0.0, 0.0, 8.0, 8.0)), ("x", (70.0, 3.0, 90.0, 9.0))]}
    root = put_voc(tmp_path, boxes)
    assert run(root).all.shapes.left_out == 1
    assert "Not measured" in printed(root)


def test_images_in_no_list_are_a_group_of_their_own(tmp_path: Path) -> None:
    root = put_voc(tmp_path, {k: [("x", (0.0, 0.0, 9.0, 9.0))] for k in "abc"}, lists={"train": "a"})
    splits = [(g.name, g.images) for g in run(root).groups if g.kind == "split"]
    assert splits == [("train", 1), (None, 2)]


def test_a_row_of_bars_shows_a_single_box_beside_thousands() -> None:
    assert spark(np.array([0, 1, 4000, 8000])) == " ▁▄█"
    assert spark(np.array([0, 0])) == "  "


# --- advice ---------------------------------------------------------------------------------------------


def several(root: Path, wh: list[tuple[float, float]], size: tuple[int, int] = (64, 48)) -> Path:
    """Forty images with these boxes each."""
    boxes: dict[str, list[Box]] = {f"{i:02}": [("物", (0.0, 0.0, w, h)) for w, h in wh] for i in range(40)}
    return put_voc(root, boxes, size=size)


def test_large_objects_leave_the_finest_level_idle(tmp_path: Path) -> None:
    # zoomed out by half 150 to 240 px
    result = run(several(tmp_path, [(300.0, 300.0), (450.0, 400.0), (480.0, 480.0)], (640, 480)))
    assert result.levels.strides == (16, 32)
    assert result.anchors is not None and result.anchors.strides == (16, 32)
    assert "--strides 16,32" in (command(result, WORDS["en"]) or "")
    said = [one.text for one in advice(result, WORDS["en"]) if one.change]
    assert any("nothing to do for stride 8: at most 2% of any class" in text for text in said)


def test_the_size_of_the_images_bounds_the_size_that_is_advised(tmp_path: Path) -> None:
    # images of 64 px: nothing but time is lost at the smallest size
    result = run(several(tmp_path, [(30.0, 30.0)]), imgsz=1280)
    assert (result.size.advised, result.size.reason) == (320, "lower")
    assert (command(result, WORDS["en"]) or "").endswith("--imgsz 320")


def test_small_objects_ask_for_a_finer_level(tmp_path: Path) -> None:
    # 13 px at 640 px, in images of 64 px that hold no more detail
    result = run(several(tmp_path, [(1.3, 1.3), (20.0, 20.0), (40.0, 40.0)]))
    assert result.levels.added == (4,)
    text = " ".join(one.text for one in advice(result, WORDS["en"]))
    assert "stride 4 is new, because 33.3% of a class are under 16 px, two cells of stride 8" in text
    assert "no more detail" in text


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "Keep what trainer fit does, a head without anchors"), ("zh", "用无锚框的检测头")],
)
def test_where_all_objects_are_large_the_head_does_without_anchors_as_trainer_fit_does(
    shared_data: Path, lang: str, said: str
) -> None:
    result = run(shared_data / "raccoon_voc", imgsz=320)
    (head,) = [one for one in advice(result, WORDS[lang]) if one.topic == WORDS[lang]["topic_head"]]
    assert said in head.text
    assert result.as_object()["advice"]["head"] == {"advised": "free", "large": pytest.approx(0.94, abs=0.02)}
    cells = run(shared_data / "bccd_voc", imgsz=320)
    assert cells.as_object()["advice"]["head"] == {"advised": "anchor", "large": 0.0}


def test_keep_the_defaults_is_an_answer(shared_data: Path) -> None:
    result = run(shared_data / "hands_phone_voc")
    assert result.options == ()
    assert [one.change for one in advice(result, WORDS["en"])] == [False] * 5
    assert "Keep the defaults of trainer fit" in printed(shared_data / "hands_phone_voc")


def test_the_trainer_takes_the_levels_that_stats_advises(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from curate.commands import export
    from trainer.config import FitConfig
    from trainer.console import Talk
    from trainer.data.folder import read_folder
    from trainer.prepare import choose_model

    root = several(tmp_path / "原", [(30.0, 30.0), (45.0, 40.0), (48.0, 48.0)])
    export.run([root], out=tmp_path / "out", ratios={"train": 1.0})
    data = tmp_path / "out" / "data.yaml"
    config = FitConfig(data, tmp_path / "run", steps=1, strides="auto")
    chosen = choose_model(config, read_folder(data), Talk(silent=True))
    assert chosen.strides == run(root).levels.strides == (16, 32)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_set_without_boxes_has_figures_and_no_advice(tmp_path: Path, lang: str) -> None:
    root = put_voc(tmp_path, {"a": [], "b": []})
    result = run(root)
    assert (result.anchors, result.options, len(result.all.shapes)) == (None, (), 0)
    assert WORDS[lang]["nothing"] in printed(root, lang)
    assert json.dumps(result.as_object(), allow_nan=False)
    for name in ("空.html", "空.png"):
        stats.write(result, tmp_path / name, lang)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_one_box_is_enough_for_everything(tmp_path: Path, lang: str) -> None:
    root = put_voc(tmp_path / "一 个", {"图": [("只有一个", (5.0, 5.0, 25.0, 20.0))]})
    result = run(root)
    assert result.anchors is not None and result.anchors.held_out is None
    assert WORDS[lang]["topic_strides"] in printed(root, lang)
    assert json.dumps(result.as_object(), allow_nan=False)
    stats.write(result, tmp_path / "页.html", lang)
    stats.write(result, tmp_path / "图.png", lang)


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    english, chinese = WORDS["en"], WORDS["zh"]
    assert english.keys() == chinese.keys()
    for key, word in english.items():
        places = [sorted(re.findall(r"{(\w+)}", text)) for text in (word, chinese[key])]
        assert places[0] == places[1], key


# --- page and plot --------------------------------------------------------------------------------------


HOSTILE = "<script>alert(1)</script>"


def hostile(root: Path) -> Path:
    boxes: dict[str, list[Box]] = {
        f"{i:02}": [(HOSTILE, (1.0, 1.0, 20.0, 20.0)), ("很长的类别名字" * 6, (4.0, 4.0, 60.0, 40.0))]
        for i in range(8)
    }
    return put_voc(root / "数据 <b>", boxes, lists={"train": [f"{i:02}" for i in range(5)]})


def test_the_page_holds_no_script_and_nothing_of_the_data_is_markup(tmp_path: Path) -> None:
    page = to_html(run(hostile(tmp_path)), "zh")
    assert "<script" not in page and "<b>" not in page.replace("<b>&#", "")
    assert "&lt;script&gt;" in page
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", page)
    assert page.isascii()


def test_the_same_data_give_the_same_bytes_whatever_the_workers(tmp_path: Path) -> None:
    root = signs(tmp_path)
    one, two = run(root, workers=1), run(root, workers=2)
    assert to_html(one) == to_html(two)
    assert one.as_object() == two.as_object()
    stats.write(one, tmp_path / "a.png")
    stats.write(two, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_plot_shows_something(tmp_path: Path) -> None:
    import cv2

    stats.write(run(hostile(tmp_path)), tmp_path / "a.png")
    pixels = cv2.imdecode(np.fromfile(tmp_path / "a.png", np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None and pixels.shape[1] == 1500
    bars = (np.abs(pixels.astype(int) - (179, 111, 47)).max(axis=2) < 8).sum()  # #2f6fb3, as BGR
    assert bars > 5000


def test_the_plot_marks_the_anchors_that_trainer_fit_takes(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    from curate.report.stats import plot

    # 200 of one class and 40 of another: with each class counting alike the anchors are others
    boxes: dict[str, list[Box]] = {
        f"{i}": [
            *(("细胞", (8.0 + i % 5, 8.0, 28.0 + j + i % 3, 26.0 + (i + j) % 4)) for j in range(10)),
            *(("板", (40.0, 30.0, 43.0 + (i + j) % 2, 33.0 + (i - j) % 3)) for j in range(2)),
        ]
        for i in range(20)
    }
    result = run(put_voc(tmp_path, boxes))
    assert result.anchors is not None
    assert result.anchors.advised not in (result.anchors.anchors, result.anchors.published.anchors)
    axes = Figure().add_subplot()
    plot._size_panel(axes, result, WORDS["en"])
    (marks,) = axes.lines
    assert marks.get_xydata() == pytest.approx(np.array(result.anchors.advised))


def test_without_a_chinese_font_the_plot_is_english_and_names_are_spelt_in_code_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    from curate.report import fonts
    from curate.report.stats import plot

    monkeypatch.setattr(fonts, "_candidates", lambda: ())
    fonts._file_for.cache_clear()
    result = run(signs(tmp_path))
    assert fonts.writable("香烟 a") == "\\u9999\\u70df a" and not fonts.can_draw(WORDS["zh"])
    assert plot.draw(result, "zh") == plot.draw(result, "en")
    assert [str(one.message) for one in recwarn if "missing from" in str(one.message)] == []
    fonts._file_for.cache_clear()


@pytest.mark.skipif(find_browser() is None, reason="no Chromium on this machine")
def test_in_a_browser_the_page_fits_a_telephone_and_asks_for_nothing(tmp_path: Path) -> None:
    page_file = tmp_path / "页 面.html"
    stats.write(run(hostile(tmp_path)), page_file)
    with browser(tmp_path / "profile") as page:
        for scheme in ("light", "dark"):
            page.media(scheme)
            for width in (360, 1200):
                page.size(width, 900)
                page.open(page_file.as_uri())
                assert page.ask("document.documentElement.scrollWidth") <= width
                assert page.requests() == [page_file.as_uri()]
                assert page.complaints() == []
        dark = page.ask("getComputedStyle(document.body).backgroundColor")
        page.media("light")
        assert page.ask("getComputedStyle(document.body).backgroundColor") != dark
        assert page.ask("document.querySelectorAll('svg.plot').length") == 5 * 5  # all, 2 splits, 2 classes


# --- command line ---------------------------------------------------------------------------------------


def test_the_command_prints_json_and_writes_what_is_asked_for(tmp_path: Path) -> None:
    root = signs(tmp_path)
    before = files_below(root)
    outputs = [str(tmp_path / "报告.html"), str(tmp_path / "图.png")]
    words = ["stats", str(root), "-o", outputs[0], "-o", outputs[1], "--output-format", "json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["schema"], said["imgsz"], said["advice"]["strides"]["usual"]) == (1, 640, [8, 16, 32])
    assert result.stderr.count("written to") == 2
    assert Path(outputs[1]).read_bytes().startswith(b"\x89PNG")
    assert files_below(root) == before


def test_the_command_speaks_chinese(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["stats", str(signs(tmp_path)), "--lang", "zh"])
    assert result.exit_code == 0, result.output
    assert "全部框" in result.stdout and "香烟" in result.stdout and "输入尺寸" in result.stdout


def test_a_picture_of_the_data_set_is_never_overwritten(tmp_path: Path) -> None:
    root = signs(tmp_path)
    mine = put(root / "JPEGImages" / "我的.png", "picture")
    with pytest.raises(OutputExists):
        stats.refuse([mine], root)
    assert mine.read_text() == "picture"


def test_a_page_of_ours_in_the_data_set_is_replaced(tmp_path: Path) -> None:
    root = signs(tmp_path)
    for _ in range(2):
        stats.write(run(root), root / "boxes.html")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--imgsz", "8"], "no size to train at"),
        (["-o", "boxes.pdf"], "neither .html nor .png"),
        (["-o", "nowhere/boxes.html"], "does not exist"),
    ],
)
def test_impossible_requests_are_refused_before_the_work(tmp_path: Path, words: list[str], told: str) -> None:
    result = CliRunner().invoke(app, ["stats", str(signs(tmp_path)), *words])
    assert result.exit_code == 2
    assert told in result.stderr


def test_what_stops_it_is_said_in_chinese_too(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["stats", str(signs(tmp_path)), "--imgsz", "8", "--lang", "zh"])
    assert "--imgsz 8 不能用作训练尺寸" in result.stderr and "请写像素数" in result.stderr


def test_a_folder_without_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CurateError):
        run(tmp_path)
