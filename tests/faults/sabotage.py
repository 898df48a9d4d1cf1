"""`manage.py`, but for what goes wrong: run as `python -m tests.faults.sabotage`.

A record says by its `occupation` what harm it does, and when: while it is read or decided. With CLOCK_JUMPS in the
environment the process's clock jumps by days; DISK_FULL names a file: while it is there, the disk is full (SQLite).
"""

import datetime as dt
import itertools
import os
import random
import signal
import sys
import time
from pathlib import Path

from django.core.management import execute_from_command_line


def loop():
    """Go round in Python for ever."""
    while True:
        pass


def sleep():
    """Wait in C, other threads going on."""
    time.sleep(1_000_000)


def hold():
    """Keep the interpreter from every other thread, in C."""
    sum(itertools.repeat(0))


def crash():
    """Take the process down."""
    os.kill(os.getpid(), signal.SIGSEGV)


def fail():
    """Raise."""
    raise ZeroDivisionError


def exhaust():
    """Call too deeply."""
    exhaust()


HARM = {harm.__name__: harm for harm in (loop, sleep, hold, crash, fail, exhaust)}


def harmful(function, when, occupation):
    """Return the function with the harm its first argument asks for."""

    def wrapper(*arguments, **options):
        told = occupation(*arguments)
        if isinstance(told, str) and told.startswith(f"{when} "):
            HARM[told.removeprefix(f"{when} ")]()
        return function(*arguments, **options)

    return wrapper


def jump_in_time():
    """Have the clock, which nobody may rely on but for telling the time, jump forwards and back."""
    from django.utils import timezone  # noqa: PLC0415 the settings must be known first

    chance, nanoseconds = random.Random(), time.time_ns

    def jumping():
        return nanoseconds() + chance.randrange(-3, 4) * 86_400_000_000_000

    time.time_ns = jumping
    time.time = lambda: jumping() / 1e9
    timezone.now = lambda: dt.datetime.fromtimestamp(time.time(), dt.UTC)


def fill_disk(flag, function):
    """Return the function with no room left on SQLite's disk while the flag is there."""
    from django.db import connection  # noqa: PLC0415 the settings must be known first

    def wrapper(*arguments):
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA page_count")
            (pages,) = cursor.fetchone()
            cursor.execute(f"PRAGMA max_page_count = {pages if flag.exists() else 2**31}")
        return function(*arguments)

    return wrapper


def main() -> None:
    import django  # noqa: PLC0415 the settings must be known first

    django.setup()
    from batches import drafts, processing  # noqa: PLC0415 likewise
    from batches.worker import loop  # noqa: PLC0415 likewise
    from profiles.matching import planning  # noqa: PLC0415 likewise
    from profiles.reconcile import reconcile  # noqa: PLC0415 likewise
    from profiles.schema import parse_record  # noqa: PLC0415 likewise

    read = harmful(parse_record, "read", lambda raw: raw.get("occupation"))
    decide = harmful(reconcile, "decide", lambda before, draft: draft.fields.get("occupation"))
    setattr(drafts, "parse_record", read)  # noqa: B010 where it is called
    setattr(planning, "reconcile", decide)  # noqa: B010 likewise
    if "CLOCK_JUMPS" in os.environ:
        jump_in_time()
    if "DISK_FULL" in os.environ:
        process = fill_disk(Path(os.environ["DISK_FULL"]), processing.process_batch)
        setattr(loop, "process_batch", process)  # noqa: B010 where it is called
    execute_from_command_line(["manage.py", *sys.argv[1:]])


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main()
