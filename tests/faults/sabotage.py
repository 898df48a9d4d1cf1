"""`manage.py`, but for records that do harm while they are read or decided: run as `python -m tests.faults.sabotage`.

A record says what it does by its `occupation`: when, and how.
"""

import itertools
import os
import signal
import sys
import time

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


def main() -> None:
    import django  # noqa: PLC0415 the settings must be known first

    django.setup()
    from batches import processing  # noqa: PLC0415 likewise
    from profiles import matching  # noqa: PLC0415 likewise
    from profiles.reconcile import reconcile  # noqa: PLC0415 likewise
    from profiles.schema import parse_record  # noqa: PLC0415 likewise

    read = harmful(parse_record, "read", lambda raw: raw.get("occupation"))
    decide = harmful(reconcile, "decide", lambda before, draft: draft.fields.get("occupation"))  # noqa: ARG005
    setattr(processing, "parse_record", read)  # noqa: B010 where it is called
    setattr(matching, "reconcile", decide)  # noqa: B010 likewise
    execute_from_command_line(["manage.py", *sys.argv[1:]])


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main()
