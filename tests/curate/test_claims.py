"""Claims: one owner at a time, whoever is killed loses the work to the next, and nobody works twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from curate.engine.claims import Claim, LostClaim, holder
from tests.conftest import REPO

HOLD = """
import sys, time
from pathlib import Path
from curate.engine.claims import Claim
with Claim.take(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""
RACE = """
import sys, time
from pathlib import Path
from curate.engine.claims import Claim
root, me = Path(sys.argv[1]), sys.argv[2]
for number in range(20):
    folder = root / str(number)
    claim = Claim.take(folder)
    if claim is None or (folder / "done").exists():
        continue
    with claim:
        if not (folder / "done").exists():
            with (root / "log").open("a") as log:
                log.write(f"{number} {me}\\n")
            time.sleep(0.002)
            (folder / "done").touch()
"""


def python(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=REPO, stdout=subprocess.PIPE, text=True
    )


def foreign(folder: Path, age: float) -> Path:
    """A claim by another machine, last touched so many seconds ago."""
    path = folder / "claim-0001.json"
    folder.mkdir(exist_ok=True)
    path.write_text(json.dumps({"pid": 1, "born": "1", "where": "elsewhere", "host": "另一台机器"}))
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def test_a_folder_has_one_owner_until_it_is_given_back(tmp_path: Path) -> None:
    first = Claim.take(tmp_path / "工作")
    assert first is not None
    with first:
        assert Claim.take(tmp_path / "工作") is None
        assert holder(tmp_path / "工作") == f"process {os.getpid()} on {os.uname().nodename}"
        first.check()
    assert holder(tmp_path / "工作") is None
    second = Claim.take(tmp_path / "工作")
    assert second is not None


def test_the_claim_of_a_killed_process_is_taken_over_at_once(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("elsewhere the heartbeat tells, which takes a while")
    process = python(HOLD, str(tmp_path))
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert Claim.take(tmp_path) is None
    process.send_signal(signal.SIGKILL)
    # not waited for: even a zombie, which still has its number, is dead
    deadline = time.monotonic() + 10
    while (claim := Claim.take(tmp_path)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with claim:
        claim.check()
    process.wait()
    process.stdout.close()


def test_another_machine_is_believed_as_long_as_its_heart_beats(tmp_path: Path) -> None:
    foreign(tmp_path, age=5)
    assert holder(tmp_path) == "process 1 on 另一台机器"
    assert Claim.take(tmp_path, stale=60) is None
    foreign(tmp_path, age=3600)
    assert Claim.take(tmp_path, stale=60) is not None


def test_an_owner_that_was_asleep_learns_that_it_was_outbid(tmp_path: Path) -> None:
    sleeper = Claim.take(tmp_path, heartbeat=0.02)
    assert sleeper is not None
    (tmp_path / "claim-0001.json").write_text(json.dumps({"pid": 1, "where": "elsewhere"}))
    os.utime(tmp_path / "claim-0001.json", (0, 0))
    other = Claim.take(tmp_path, stale=60)
    assert other is not None
    with pytest.raises(LostClaim):
        sleeper.check()
    with sleeper:
        deadline = time.monotonic() + 10
        while True:
            try:
                sleeper.raise_if_lost()
            except LostClaim:
                break
            assert time.monotonic() < deadline
            time.sleep(0.01)
    other.check()  # what the sleeper gave back was its own claim
    with other:
        pass
    assert not list(tmp_path.glob("claim-*"))


def test_a_heart_beats_while_the_work_goes_on(tmp_path: Path) -> None:
    claim = Claim.take(tmp_path, heartbeat=0.02)
    assert claim is not None
    with claim:
        os.utime(tmp_path / "claim-0001.json", (0, 0))
        deadline = time.monotonic() + 10
        while (tmp_path / "claim-0001.json").stat().st_mtime == 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_half_a_claim_counts_as_alive(tmp_path: Path) -> None:
    (tmp_path / "claim-0001.json").touch()
    assert Claim.take(tmp_path) is None
    assert holder(tmp_path) == "process ? on another machine"


def test_of_many_processes_each_piece_of_work_is_done_by_one(tmp_path: Path) -> None:
    racers = [python(RACE, str(tmp_path), str(me)) for me in range(5)]
    assert [racer.wait() for racer in racers] == [0] * 5
    for racer in racers:
        assert racer.stdout is not None
        racer.stdout.close()
    done = [int(line.split()[0]) for line in (tmp_path / "log").read_text().splitlines()]
    assert sorted(done) == list(range(20))
