"""Kill a repair and an undo at each of their steps on the disk, really, by SIGKILL: run by test_kill.py.

A program of its own, because it forks: every kill needs a process, and starting Python for each would take
minutes. It exits 0 and prints how many kills it survived, or fails with the step that lost something.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from curate.commands import undo as undo_command
from curate.fixes.apply import apply
from curate.fixes.undo import undo
from tests.curate.test_journal import SYSTEM_CALLS, assert_old_or_new, copy_of, repairs, snapshot


def main(folder: Path, scratch: Path) -> None:
    before, plan = snapshot(folder), repairs(folder)
    fixed = copy_of(before, scratch / "fixed")
    apply(plan, fixed)

    def undone(root: Path, number: int) -> None:
        """The user's next command after the kill; afterwards all is as it was."""
        assert_old_or_new(root, before, plan, number)
        undo_command.run(root)
        assert snapshot(root) == before, number
        assert not (root / ".curate").exists(), number

    deeds: dict[str, tuple[Path, Callable[[Path], object]]] = {
        "fix": (folder, lambda root: apply(plan, root)),
        "undo": (fixed, undo),
        "undo --file": (fixed, lambda root: undo(root, file="images/c.png")),
    }
    for name, (start, deed) in deeds.items():
        kills = kill_at_every_step(start, deed, undone, scratch / name)
        print(f"{name}: {kills} kills")


def kill_at_every_step(
    start: Path, deed: Callable[[Path], object], after: Callable[[Path, int], None], scratch: Path
) -> int:
    """Kill `deed`, done to copies of `start`, at its first step, its second, and so on; how many it has."""
    number = 0
    while True:
        number += 1
        root = scratch / str(number)
        shutil.copytree(start, root)
        child = os.fork()
        if child == 0:
            die_at(number)
            deed(root)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0, number
            return number - 1
        assert os.WTERMSIG(status) == signal.SIGKILL, number
        after(root, number)


def die_at(number: int) -> None:
    """From now on the `number`-th call that changes the disk is this process's last; half a write is done."""
    count, lock = 0, threading.Lock()

    def wrap(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            if name == "open" and (len(args) < 2 or not args[1] & os.O_WRONLY):
                return real(*args, **kwargs)
            with lock:
                count += 1
                if count == number:
                    if name == "write":
                        real(args[0], args[1][: len(args[1]) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return wrapped

    for name in SYSTEM_CALLS:
        setattr(os, name, wrap(name))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
