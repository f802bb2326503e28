"""What processes use, read from `/proc`."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def _stat(process: int) -> list[str]:
    """The fields of `/proc/PID/stat` after the name, none for a process that is gone."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text[text.rindex(")") + 2 :].split()


def tree(root: int) -> list[int]:
    """A process and all below it."""
    below: dict[int, list[int]] = {}
    for name in (path.name for path in Path("/proc").iterdir()):
        if name.isdigit() and (fields := _stat(int(name))):
            below.setdefault(int(fields[1]), []).append(int(name))
    found = [root]
    for process in found:
        found += below.get(process, [])
    return found


def cpu_seconds(roots: list[int]) -> float:
    """CPU time that trees of processes have used, those in them that have ended included."""
    ticks = 0
    for root in roots:
        for process in tree(root):
            ticks += sum(map(int, _stat(process)[11:15]))
    return ticks / TICKS


def memory(process: int, kind: str = "VmRSS") -> int:
    """Resident memory in bytes now, or with `VmHWM` at its highest; 0 for what is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    for line in status.splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) * 1024
    return 0


def memory_of(root: int) -> int:
    """Resident memory of a tree of processes in bytes."""
    return sum(map(memory, tree(root)))
