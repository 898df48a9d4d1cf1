#!/usr/bin/env python
"""Profile Hub's command line: `manage.py help` lists what it can do."""

import os
import sys


def main() -> None:
    """Run a management command with the hub's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings  # noqa: PLC0415 likewise
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 likewise
    from django.core.management import execute_from_command_line  # noqa: PLC0415 settings first
    from django.db import InterfaceError, OperationalError  # noqa: PLC0415 likewise

    from config.logs import catch_what_python_prints  # noqa: PLC0415 likewise

    try:
        if not settings.DEBUG:
            catch_what_python_prints()
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A setting is missing or wrong: its sentence says which, and no traceback would say more.
        sys.exit(f"manage.py: {error}")
    except (OperationalError, InterfaceError) as error:
        # So is the database that is away, full or locked. What its driver says names no values, only the place.
        told = (str(error).strip() or type(error).__name__).splitlines()[0]
        sys.exit(f"manage.py: the database cannot be used: {told}")


if __name__ == "__main__":
    main()
