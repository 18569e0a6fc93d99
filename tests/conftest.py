"""Fixtures shared by all tests: where the real data is, and whether it is there."""

from __future__ import annotations

from pathlib import Path

import pytest

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
