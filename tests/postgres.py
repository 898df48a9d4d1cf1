"""A PostgreSQL server of one's own for as long as a block runs: no account, port or installation is needed.

Tests, torture and benchmarks all start theirs here.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

# PostgreSQL refuses to run as root; root starts it as nobody.
NOBODY: Final = 65534
# Lives as long as whoever holds its standard input, so that the server goes even when that is killed.
GUARDIAN: Final = 'read -r _; "$1/pg_ctl" stop --silent --pgdata="$2/data" --mode=immediate; rm -rf "$2"'


class PostgresUnavailableError(RuntimeError):
    """No PostgreSQL could be started."""


@contextmanager
def running_postgres(*, fsync: bool = False, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run a new, empty PostgreSQL and give its URL, which libpq and the hub's DATABASE_URL both understand.

    It listens on a private socket only. Without `fsync` it is fast and forgets everything in a power cut; `settings`
    are further lines of its configuration. Raises `PostgresUnavailableError`.
    """
    # Not where TMPDIR says: a socket's path must be short, and nobody must be able to go there.
    with tempfile.TemporaryDirectory(prefix="hub-postgres-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        user = _unprivileged(folder)
        binaries = _find_binaries(folder, user)
        with _stopped_at_exit(binaries, folder, user):
            _initialise(binaries, folder, user)
            _configure(folder, fsync=fsync, settings=settings or {})
            _run(
                binaries / "pg_ctl", "start", "--wait", f"--pgdata={folder / 'data'}", f"--log={folder / 'log'}", user
            )
            yield f"postgres://hub@/postgres?host={quote(name, safe='')}"
