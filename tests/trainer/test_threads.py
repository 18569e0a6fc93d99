"""The waiting policy is set in time, and never against the user."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("given", "expected"), [(None, "PASSIVE True"), ("ACTIVE", "ACTIVE False")])
def test_threads_wait_asleep_unless_the_user_says_otherwise(given: str | None, expected: str) -> None:
    code = "import os; from trainer.threads import wait_asleep as w; a = w(); print(os.environ[%r], a)"
    environment = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    if given:
        environment["OMP_WAIT_POLICY"] = given
    run = subprocess.run(
        [sys.executable, "-c", code % "OMP_WAIT_POLICY"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == expected


def test_it_is_too_late_once_torch_is_there() -> None:
    code = (
        "import os, sys; os.environ.pop('OMP_WAIT_POLICY', None); sys.modules['torch'] = None;"
        "from trainer.threads import wait_asleep; print(wait_asleep(), 'OMP_WAIT_POLICY' in os.environ)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False False"
