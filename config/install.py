"""Makes the environment ``.venv`` from a hash-pinned lock: ``python3 config/install.py LOCK``.

Run by ``make`` with any Python from 3.11 on, before anything is installed: it uses the standard
library only. It does nothing when the lock is installed already, waits while another run installs,
and begins anew when an installation was broken off or Python has changed.
"""

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
FOLDER = CHECKOUT / ".venv"
PYTHON = FOLDER / "bin" / "python"
OLDEST = (3, 11)


def install(lock: Path) -> None:
    """Install what ``lock`` pins, unless it is installed."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    state = f"{python} {hashlib.sha256(lock.read_bytes()).hexdigest()}\n"
    stamp = FOLDER / lock.with_suffix(".installed").name
    if stamp.exists() and stamp.read_text() == state and PYTHON.exists():
        return
    with Path(__file__).open("rb") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == state and PYTHON.exists():
            return
        print(f"Installing {lock.name} into {FOLDER.name}/", flush=True)
        stamp.unlink(missing_ok=True)
        if not (FOLDER / "lib" / f"python{python}").exists() or not PYTHON.exists():
            run(sys.executable, "-m", "venv", "--clear", str(FOLDER))
        run(
            str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check",
            "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(lock),
        )  # fmt: skip
        stamp.write_text(state)


def run(*command: str) -> None:
    """Run a program; end with its failure, and with what was run."""
    if status := subprocess.run(command, check=False).returncode:
        hint = ""
        if "venv" in command:
            hint = " (On Debian and Ubuntu the module venv comes with the package python3-venv.)"
        sys.exit(f"Installation failed with status {status}: {' '.join(command)}{hint}")


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        sys.exit(
            f"Dateline needs Python {'.'.join(map(str, OLDEST))} or newer, and {sys.executable} is "
            f"{sys.version.split()[0]}: name another one, such as `make PYTHON=python3.13 run`."
        )
    try:
        install(CHECKOUT / sys.argv[1])
    except KeyboardInterrupt:
        sys.exit("Installation interrupted; the next run goes on with it.")
