#!/usr/bin/env python
"""Profile Hub's command line: `manage.py help` lists what it can do."""

import os
import sys


def main() -> None:
    """Run a management command with the hub's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 settings first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
