"""Free memory is that of the machine, or of the container where that has less."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.memory import UNKNOWN, free_memory

GIB = 1024**3


def system(root: Path, files: dict[str, str]) -> Path:
    """A machine with 100 GiB free, and these files of /proc and /sys."""
    for name, text in {
        "proc/meminfo": f"MemTotal: 1 kB\nMemAvailable: {100 * 1024**2} kB\n",
        **files,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def group(folder: str, limit: str, used: int, spare: int = 0) -> dict[str, str]:
    """A control group of version 2."""
    place = f"sys/fs/cgroup{folder}"
    return {
        f"{place}/memory.max": f"{limit}\n",
        f"{place}/memory.current": f"{used}\n",
        f"{place}/memory.stat": f"anon 7\ninactive_file {spare}\nactive_file 9\n",
    }


def test_this_machine_has_some() -> None:
    assert free_memory() > 2**20


def test_without_a_limit_it_is_what_the_machine_has(tmp_path: Path) -> None:
    assert free_memory(system(tmp_path, {})) == 100 * GIB
    free = system(tmp_path, {"proc/self/cgroup": "0::/\n", **group("", "max", 3 * GIB)})
    assert free_memory(free) == 100 * GIB


def test_a_container_has_what_its_limit_leaves(tmp_path: Path) -> None:
    """Files kept in memory are given up where somebody wants the room: 8 - 5 + 2 GiB."""
    limited = group("", str(8 * GIB), 5 * GIB, 2 * GIB)
    assert free_memory(system(tmp_path, {"proc/self/cgroup": "0::/\n", **limited})) == 5 * GIB


def test_the_groups_above_count_too(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/作业/一\n",
        **group("/作业", str(4 * GIB), 3 * GIB),
        **group("/作业/一", str(9 * GIB), 2 * GIB),
    }
    assert free_memory(system(tmp_path, files)) == 1 * GIB


def test_the_old_way_of_groups(tmp_path: Path) -> None:
    place = "sys/fs/cgroup/memory/docker/abc"
    files = {
        "proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/\n",
        f"{place}/memory.limit_in_bytes": str(6 * GIB),
        f"{place}/memory.usage_in_bytes": str(2 * GIB),
        f"{place}/memory.stat": f"inactive_file 1\ntotal_inactive_file {GIB}\n",
        # as a group without limit says it
        "sys/fs/cgroup/memory/memory.limit_in_bytes": str(2**63 - 4096),
        "sys/fs/cgroup/memory/memory.usage_in_bytes": str(50 * GIB),
        "sys/fs/cgroup/memory/memory.stat": "",
    }
    assert free_memory(system(tmp_path, files)) == 5 * GIB


def test_a_group_over_its_limit_has_nothing_left(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "0::/\n", **group("", str(GIB), 2 * GIB)}
    assert free_memory(system(tmp_path, files)) == 0


@pytest.mark.parametrize("text", ["", "lots\n"])
def test_what_cannot_be_read_is_no_limit(tmp_path: Path, text: str) -> None:
    files = {"proc/self/cgroup": "0::/a/../b\n", **group("", text, GIB)}
    assert free_memory(system(tmp_path, files)) == 100 * GIB


def test_where_the_system_does_not_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.memory.os.sysconf_names", {})
    assert free_memory(tmp_path) == UNKNOWN
