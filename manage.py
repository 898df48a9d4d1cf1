#!/usr/bin/env python
"""Profile Hub's command line: `manage.py help` lists what it can do."""

import os
import select
import signal
import sys
from typing import NoReturn

FAILED = 2
"""What nobody foresaw ends with this: of some commands 1 says that records were rejected."""


def main() -> None:
    """Run a management command with the hub's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings  # noqa: PLC0415 likewise
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 likewise
    from django.core.management import execute_from_command_line  # noqa: PLC0415 settings first
    from django.db import Error  # noqa: PLC0415 likewise

    from config.logs import catch_what_python_prints  # noqa: PLC0415 likewise

    try:
        if not settings.DEBUG:
            catch_what_python_prints()
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A setting is missing or wrong: its sentence says which, and no traceback would say more.
        sys.exit(f"manage.py: {error}")
    except Error as error:
        from batches.database import trouble  # noqa: PLC0415 once the apps are there

        if (told := trouble(error)) is None:
            _tell_and_leave(error)
        sys.exit(f"manage.py: {told}")
    except BrokenPipeError as error:
        if _is_read():
            _tell_and_leave(error)
        sys.exit(128 + signal.SIGPIPE)  # as a shell has it
    except Exception as error:  # noqa: BLE001 it is told, and the exit code says that it failed
        _tell_and_leave(error)
    finally:
        _is_read()


def _tell_and_leave(error: Exception) -> NoReturn:
    """Tell of an exception as Python would have it told, and leave."""
    sys.excepthook(type(error), error, error.__traceback__)
    sys.exit(FAILED)


def _is_read() -> bool:
    """Write what is left; return whether anybody reads it: `… | head` leaves when it has enough, without a failure."""
    if sys.stdout is None:  # `>&-`
        return True
    try:
        sys.stdout.flush()
        reader = select.poll()
        reader.register(sys.stdout, 0)  # that it has gone is always told
        if not reader.poll(0):
            return True
    except BrokenPipeError:
        pass
    # Else Python would try, and complain, once more when it ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return False


if __name__ == "__main__":
    main()
