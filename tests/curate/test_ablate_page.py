"""The page and the plot of an ablation: what is said, what is shown, and that a hostile name stays a name."""

from __future__ import annotations

import html
import io
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from curate.ablation.bootstrap import Estimate
from curate.ablation.settings import METRICS
from curate.ablation.verdict import FIGURES, Verdict
from curate.report.ablation import bars
from curate.report.ablation.page import to_html
from curate.report.ablation.plot import draw, figure_of
from curate.report.ablation.table import print_view
from curate.report.ablation.view import ArmView, Detection, DifferenceView, Shown, View
from curate.report.ablation.words import WORDS
from curate.report.fonts import can_draw
from tests.curate.browser import Page
from tests.curate.sets import picture, put

HOSTILE = '</style><script>alert("x")</script>香烟\x1b[31m'
NAN = float("nan")


def an_estimate(value: float, half: float = 0.1) -> Estimate:
    return Estimate(value, value - half, value + half, (value - 0.02, value + 0.02), 0.03, 0.01)


def estimates(value: float) -> dict[str, Estimate]:
    return {key: an_estimate(value) for key in FIGURES}


def shown(folder: Path, name: str, crop: tuple[int, int, int, int] | None = None) -> Shown:
    file = put(folder / "照片.jpg", picture(64, 48))
    found = (Detection((8, 12, 40, 36), 0.91, True), Detection((50, 2, 62, 9), 0.33, False))
    return Shown(file, name, (64, 48), ((8, 12, 40, 36),), found, crop, "1 of 1 found, 1 false")


def _difference(arm: ArmView) -> DifferenceView:
    verdict = arm.verdict or Verdict.UNTOLD
    return DifferenceView(arm.name, "baseline", estimates(0.1), verdict, f"{arm.name} helps.")


def a_view(
    folder: Path, name: str = "粘贴到手上", *, complete: bool = True, arms: int = 3, lang: str = "en"
) -> View:
    verdicts = [None, Verdict.HELPS, Verdict.UNTOLD, Verdict.HURTS]
    names = ["baseline", name, "负样本 negatives", "a long name that nobody can read in one line, really not"]
    views = tuple(
        ArmView(
            name=names[i],
            steps=() if i == 0 else ("paste:手",),
            trained_on="30 real",
            estimates=estimates(0.3 + 0.1 * i),
            costs={"background": an_estimate(0.234), "location": an_estimate(0.345)},
            verdict=verdicts[i % 4],
            seconds=61.0,
            trained=(shown(folder, name),),
            strip=(shown(folder, name),) * 2,
            misses=(shown(folder, "b.jpg", (0, 0, 48, 48)),),
            false=(shown(folder, "c.jpg", (16, 0, 64, 48)),),
        )
        for i in range(arms)
    )
    differences = tuple(map(_difference, views[1:]))
    return View(
        title="香烟 照片",
        judged_by="46 real photographs",
        metric="ap50",
        confidence=0.25,
        rate=0.1,
        counted_on="background",
        complete=complete,
        arms=views,
        differences=(*differences, *differences[:1]),
        facts=(("Budget", "800 steps"),),
        notes=(f"kept together: {name}",),
        jobs_head=("arm", "seed"),
        jobs=((name, "0"),),
        words=WORDS[lang],
    )


def test_the_page_is_ascii_escapes_what_it_is_told_and_allows_itself_nothing(tmp_path: Path) -> None:
    page = to_html(a_view(tmp_path, HOSTILE))
    assert page.isascii()
    assert "<script" not in page
    assert "\x1b" not in page
    assert "&lt;/style&gt;&lt;script&gt;" in page
    assert re.search(
        r"default-src 'none'; img-src data:; style-src 'sha256-[\w+/=]{44}'; base-uri 'none'", page
    )
    assert "style=" not in page  # which the policy would refuse
    assert to_html(a_view(tmp_path, HOSTILE)) == page


def test_a_photograph_is_part_of_the_page_once_however_often_it_is_shown(tmp_path: Path) -> None:
    page = to_html(a_view(tmp_path))
    assert page.count("<symbol") == 1
    assert page.count('<use href="#photo-0"') == 9  # three arms, three times each
    assert page.count("data:image/jpeg") == 1 + 6  # and a piece for each miss and each false detection


def test_boxes_lie_where_the_picture_shows_them(tmp_path: Path) -> None:
    page = to_html(a_view(tmp_path))
    assert '<rect class="box truth" x="8.0" y="12.0" width="32.0" height="24.0"/>' in page
    # the piece from (16, 0) to (64, 48) is enlarged to 200 pixels: 200 / 48 to each pixel
    assert 'x="141.7" y="8.3" width="50.0" height="29.2"' in page


def test_a_picture_that_is_gone_is_said(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    (tmp_path / "照片.jpg").write_bytes(b"no picture")
    assert to_html(view).count("cannot be decoded any more") == 15


def test_an_unfinished_ablation_says_so(tmp_path: Path) -> None:
    assert "Not all seeds are done yet" in to_html(a_view(tmp_path, complete=False))
    assert "Not all seeds are done yet" not in to_html(a_view(tmp_path))


def test_figures_that_are_not_defined_are_a_dash(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    nothing = Estimate(NAN, NAN, NAN, (NAN, NAN), NAN, NAN)
    view.arms[1].estimates["recall"] = nothing  # type: ignore[index]
    assert ">-</td>" in to_html(view)
    print_view(view, stream := _Text())
    assert "nan" not in stream.text
    assert draw(view)


def test_what_ap50_is_lost_to_is_shown_on_page_and_terminal(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    page, stream = to_html(view), io.StringIO()
    print_view(view, stream)
    for text in (page, stream.getvalue()):
        assert text.count("0.234") == 3 and text.count("0.345") == 3
        assert "nothing there" in text and "badly placed" in text


def test_a_figure_that_no_arm_has_gets_no_column(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    assert "AP50 with backgrounds" in to_html(view)
    nothing = Estimate(NAN, NAN, NAN, (NAN, NAN), NAN, NAN)
    for arm in view.arms:
        arm.estimates["ap50_backgrounds"] = nothing  # type: ignore[index]
    assert "AP50 with backgrounds" not in to_html(view)
    print_view(view, stream := _Text())
    assert "with backgrounds" not in " ".join(stream.text.split())
    assert draw(view)


class _Text:
    text = ""

    def write(self, part: str) -> None:
        self.text += part

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return False


def test_the_table_neither_steers_the_terminal_nor_hides_a_verdict(tmp_path: Path) -> None:
    print_view(a_view(tmp_path, HOSTILE), stream := _Text())
    assert "\x1b" not in stream.text
    assert "negatives helps." in stream.text
    assert "0.400" in stream.text
    assert "0.300-0.500" in stream.text


@pytest.mark.parametrize("arms", [1, 2, 4])
def test_the_plot_is_a_picture_for_any_number_of_arms(tmp_path: Path, arms: int) -> None:
    plot = cv2.imdecode(np.frombuffer(draw(a_view(tmp_path, arms=arms)), np.uint8), 1)
    assert plot.shape[1] == 1485
    assert plot.std() > 5
    assert draw(a_view(tmp_path, arms=arms)) == draw(a_view(tmp_path, arms=arms))


@pytest.mark.parametrize("metric", METRICS)
def test_no_title_of_the_plot_runs_into_the_next(tmp_path: Path, metric: str) -> None:
    figure = figure_of(replace(a_view(tmp_path), metric=metric))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    titles = [
        text
        for axes in figure.axes
        for text in axes.findobj(Text)
        if text.get_text() == axes.get_title("left")
    ]
    assert len(titles) == 3
    ends = [title.get_window_extent(canvas.get_renderer()) for title in titles]
    assert all(one.x1 < other.x0 for one, other in pairwise(ends))
    assert ends[-1].x1 < figure.bbox.x1


def test_an_axis_holds_all_it_shows_and_has_round_numbers() -> None:
    axis = bars.axis([an_estimate(0.3), an_estimate(0.7, 0.2)])
    assert axis.low == 0
    assert axis.high > 0.9
    assert [round(tick, 2) for tick in axis.ticks] == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert bars.axis([an_estimate(-0.1)], around_zero=True).low < -0.2
    assert len(bars.axis([an_estimate(0.0, 0.0)]).ticks) >= 2
    assert 3 <= len(bars.axis([an_estimate(37.0)]).ticks) <= 6


def test_every_language_has_every_word_and_says_the_same_numbers() -> None:
    slots = re.compile(r"\{(\w+)")
    for lang, words in WORDS.items():
        assert words.keys() == WORDS["en"].keys(), lang
        for key, word in words.items():
            assert sorted(slots.findall(word)) == sorted(slots.findall(WORDS["en"][key])), (lang, key)


def test_the_page_speaks_chinese(tmp_path: Path) -> None:
    page = to_html(a_view(tmp_path, lang="zh"))
    assert '<html lang="zh">' in page
    shown = html.unescape(page)
    assert "<h4>最严重的漏检</h4>" in shown
    assert "对比 baseline" in shown
    phrases = [word for word in WORDS["en"].values() if len(word) > 12 and "{" not in word]
    assert [phrase for phrase in phrases if phrase in shown] == []
    if can_draw(WORDS["zh"]):
        assert draw(a_view(tmp_path, lang="zh")) != draw(a_view(tmp_path))


# in a browser


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_any_window_loads_nothing_and_complains_of_nothing(
    tab: Page, tmp_path: Path, width: int, scheme: str
) -> None:
    path = tmp_path / "ablation.html"
    path.write_text(to_html(a_view(tmp_path, HOSTILE, arms=4)), encoding="ascii")
    tab.size(width, 800)
    tab.media(scheme)
    tab.open(path.as_uri())
    assert tab.ask("document.documentElement.scrollWidth") == width
    assert tab.requests() == [path.as_uri()]
    assert tab.complaints() == []
    assert tab.ask("document.querySelectorAll('script').length") == 0
    assert tab.ask("document.querySelector('.arm bdi').textContent") == "baseline"
    drawn = "[...document.querySelectorAll('.photo')].every(p => p.getBoundingClientRect().height > 40)"
    assert tab.ask(drawn)
