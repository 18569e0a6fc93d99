"""The way of waiting is set in time, and never against the user."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SET = "import os; from trainer.threads import spin_briefly as s; print(s(), os.environ.get('GOMP_SPINCOUNT'))"


def outcome(code: str, **given: str) -> str:
    """What a fresh process prints, with these variables and no others of OpenMP's."""
    environment = {k: v for k, v in os.environ.items() if k not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}
    run = subprocess.run(
        [sys.executable, "-c", code], env={**environment, **given}, capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "True 1000"),
        ({"GOMP_SPINCOUNT": "7"}, "False 7"),
        ({"OMP_WAIT_POLICY": "PASSIVE"}, "False None"),
    ],
)
def test_threads_spin_briefly_unless_the_user_says_otherwise(given: dict[str, str], expected: str) -> None:
    assert outcome(SET, **given) == expected


def test_it_is_too_late_once_torch_is_there() -> None:
    assert outcome(f"import sys; sys.modules['torch'] = None; {SET}") == "False None"
