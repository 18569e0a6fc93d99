"""Fixtures shared by all tests: where the real data is, and whether it is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.curate.browser import Page, browser, find_browser

REPO = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests read what is said, on every machine in the same language."""
    monkeypatch.setenv("CURATE_LANG", "en")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; the test is skipped where it is absent."""
    folder = REPO.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data not present: {folder} does not exist")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """The committed sample data set."""
    return REPO / "samples"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser for the tests of a module; they are skipped where none is installed."""
    if find_browser() is None:
        pytest.skip("no Chromium is installed")
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def tab(chromium: Page) -> Page:
    """Its tab, as wide and as light as usual."""
    chromium.size(1280, 900)
    chromium.media()
    return chromium
