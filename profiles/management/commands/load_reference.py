"""Load reference data, and the rules about keys, from a file."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from profiles.reference_data import ReferenceDataError, load_reference_data


class Command(BaseCommand):
    """Make or update regions, locations, statuses, organisations, roles, blocked values and limits of identities."""

    help = (
        "Make or update reference data from a JSON file: an object that maps regions, locations, statuses, "
        "organisations, roles and blocked_values to lists of objects, and identity_limits to an object of handles and "
        "numbers. Rows are found by handle, locations by external_id, blocked values by all but their reason; what is "
        "left out stays, and nothing is removed. A file with a fault changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the file."""
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        """Load the file and say what it did."""
        try:
            document = json.loads(file.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{file}: not UTF-8 text.") from error
        except json.JSONDecodeError as error:
            raise CommandError(f"{file}, line {error.lineno}: not JSON.") from error
        except RecursionError as error:
            raise CommandError(f"{file}: nested too deeply.") from error
        try:
            counts = load_reference_data(document)
        except ReferenceDataError as error:
            raise CommandError(
                "\n".join([f"{file}: {error}", *(f"  {problem}" for problem in error.problems)])
            ) from error
        for name, count in counts.items():
            self.stdout.write(f"{name}: {count.created} created, {count.updated} updated, {count.unchanged} unchanged")
