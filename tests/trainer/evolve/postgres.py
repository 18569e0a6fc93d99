"""A PostgreSQL server of a test's own: in a folder, on a socket, for as long as the test runs."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"  # root may not run a server, and this is whom Debian makes for it
WAIT = 60


def program(name: str) -> str | None:
    """A program of the server; Debian keeps them off the PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = (shutil.which(name, path=place) for place in (None, *map(str, places)))
    return next((path for path in found if path), None)


def missing() -> str:
    """Why no server can be started here; empty where one can."""
    if os.name != "posix":
        return "a server on a socket needs a POSIX system"
    import pwd  # which is not there elsewhere

    if importlib.util.find_spec("pg8000") is None:
        return "pg8000, a driver for PostgreSQL, is not installed"
    if not (program("initdb") and program("pg_ctl")):
        return "PostgreSQL is not installed"
    if _is_root() and USER not in {entry.pw_name for entry in pwd.getpwall()}:
        return f"there is no user {USER}, and root may not run PostgreSQL"
    return ""


@contextmanager
def server() -> Iterator[str]:
    """The URL of an empty data base."""
    # a socket's path is at most 107 bytes long, which a test's own folder can be alone
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    owner = {"user": USER} if _is_root() else {}
    if owner:
        shutil.chown(folder, USER)
    data = folder / "data"

    def run(name: str, *words: str) -> None:
        command = [str(program(name)), "-D", str(data), *words]
        # the server lives on and would keep a pipe open, so what is said goes to a file
        with (folder / "said").open("ab") as said:
            done = subprocess.run(
                command, stdout=said, stderr=said, timeout=WAIT, cwd=folder, check=False, **owner
            )
        assert done.returncode == 0, (folder / "said").read_text(encoding="utf-8", errors="replace")

    try:
        run("initdb", "-U", USER, "--auth=trust", "--no-sync", "-E", "UTF8")
        # no port: nobody else is asked, and nobody else can ask
        options = f"-F -k {folder} -c listen_addresses=''"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql+pg8000://{USER}@/{USER}?unix_sock={folder}/.s.PGSQL.5432"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _is_root() -> bool:
    return os.geteuid() == 0
