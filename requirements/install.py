#!/usr/bin/env python3
"""Install what is locked here into .venv: `requirements/install.py base`, or `dev` for working on the hub.

Needs nothing but Python. Does nothing where all is there, waits for another one that is at it, and begins anew where
one was cut short.
"""

import fcntl
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE.parent / ".venv"
PYTHON = VENV / "bin" / "python"
# What is installed with what: dev.txt names all of base.txt too.
INSTALLS = {"base": ("base",), "dev": ("dev", "base")}
WHAT_FOR = {"base": "what the hub needs", "dev": "what working on the hub needs"}
NO_VENV = "Python's venv module is missing (Debian: apt-get install python3-venv)."


def main() -> "int | str":
    """Install, and return an exit code, or what went wrong."""
    if sys.version_info < (3, 11):  # noqa: UP036 whoever starts this has the Python they have
        return "Profile Hub needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3 ..."
    if sys.argv[1:] not in ([name] for name in INSTALLS):
        return "Say what to install: " + " or ".join(INSTALLS) + "."
    (name,) = sys.argv[1:]
    folder = HERE.parent / ".run"
    try:
        folder.mkdir(exist_ok=True)
        lock = (folder / "install.lock").open("w")
    except OSError as error:
        return f"Nothing can be installed here: {error}."
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another one is installing into this folder; waiting for it.", flush=True)  # noqa: T201
            fcntl.flock(lock, fcntl.LOCK_EX)
        return 0 if is_installed(name) else install(name)


def is_installed(name: str) -> bool:
    """Whether all of it is there, as the lock has it."""
    done = VENV / f".{name}"
    return PYTHON.exists() and done.exists() and done.stat().st_mtime >= (HERE / f"{name}.txt").stat().st_mtime


def install(name: str) -> "int | str":
    """Make the environment if it is missing or unfinished, and install into it."""
    print(f"Installing {WHAT_FOR[name]} ...", flush=True)  # noqa: T201
    if not has_pip() and run(sys.executable, "-m", "venv", "--clear", str(VENV)):
        return NO_VENV
    # The locks name everything, so pip need not look for more (an old one would take extras for unpinned).
    options = ("-qq", "--disable-pip-version-check", "--no-deps", "--require-hashes")
    code = run(str(PYTHON), "-m", "pip", "install", *options, "-r", str(HERE / f"{name}.txt"))
    if code == 0:
        for done in INSTALLS[name]:
            (VENV / f".{done}").touch()
    return code


def has_pip() -> bool:
    """Whether there is an environment that can install."""
    try:
        return run(str(PYTHON), "-m", "pip", "--version", quiet=True) == 0
    except OSError:
        return False


def run(*command: str, quiet: bool = False) -> int:
    """Run a program and return its exit code."""
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, check=False, stdout=output, stderr=output).returncode  # noqa: S603 our own


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
