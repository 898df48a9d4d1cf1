"""A hub to look at, filled through its own front door."""

import http.client
import json
import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from batches.demo.customers import SYSTEMS, ReferenceIds, make_records
from batches.supervisor import StartError, Supervisor, stopped_by_signals
from profiles.models import ApiToken, Organisation, Region, RoleDefinition, User
from profiles.reference_data import example_data, load_reference_data

BATCH_SIZE: Final = 500
SECONDS_TO_WAIT: Final = 300
OUTCOMES: Final = ("created", "updated", "unchanged", "rejected")
# Error code -> what it shows.
EXAMPLES: Final = {
    "ambiguous": "two customers in one record",
    "claimed_elsewhere": "a value another customer has",
    "invalid": "a slip of the keyboard",
}


class _ApiError(Exception):
    """The hub answered with something else than it should."""


class _Client:
    """Speaks to the hub as any sender would."""

    def __init__(self, url: str, token: str) -> None:
        self.address = urlsplit(url).netloc
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post_batch(self, criteria: str, records: list[dict[str, Any]], *, label: str) -> str:
        """Post a batch, again where the hub is busy, and return its id."""
        body = json.dumps({"match_criteria": criteria, "profiles": records})
        path = f"/api/v3/profiles/batch.json?{urlencode({'label': label})}"
        while True:
            status, document, headers = self._ask("POST", path, body)
            if status != 503:  # noqa: PLR2004 busy
                break
            time.sleep(float(headers.get("Retry-After") or 1))
        if status != 202:  # noqa: PLR2004 kept
            message = f"A batch was answered with {status}: {document.get('message')}"
            raise _ApiError(message)
        return str(document["data"]["batch_id"])

    def read(self, path: str, **query: str) -> Any:  # noqa: ANN401 any document
        """Return what is at the path."""
        status, document, _ = self._ask("GET", f"{path}?{urlencode(query)}" if query else path)
        if status != 200:  # noqa: PLR2004 there
            message = f"{path} was answered with {status}: {document.get('message')}"
            raise _ApiError(message)
        return document["data"]

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, dict[str, Any], Any]:
        line = http.client.HTTPConnection(self.address, timeout=60)
        try:
            line.request(method, path, body, self.headers)
            answer = line.getresponse()
            return answer.status, json.loads(answer.read()), answer.headers
        finally:
            line.close()


class Command(BaseCommand):
    """Fill a hub with invented customers from five systems, and show what became of them."""

    help = (
        "Migrate, start web and worker, make a staff user and a token, post invented customers from five systems "
        "through the REST endpoint and show what became of them; then stay up until Ctrl-C. Running it again is safe."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare how much of it."""
        parser.add_argument("--exit", action="store_true", help="Stop after the summary; so too without a terminal.")
        parser.add_argument("--customers", type=int, default=1_500, help="How many persons to invent (1500).")
        parser.add_argument("--seed", type=int, default=1, help="Another seed invents others.")
        parser.add_argument("--port", type=int, default=8000, help="The next free one is taken where it is in use.")

    def handle(self, *, customers: int, seed: int, port: int, **options: Any) -> None:  # noqa: ANN401 Django's own options
        """Run the demo."""
        if not 1 <= customers <= 1_000_000:  # noqa: PLR2004 a sensible size
            message = "--customers must be between 1 and 1000000."
            raise CommandError(message)
        self.console = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
        call_command("migrate", verbosity=0)
        load_reference_data(example_data())
        password = self._staff_password()
        token = self._token()
        records = make_records(customers=customers, seed=seed, ids=_reference_ids())
        connection.close()
        try:
            with (
                stopped_by_signals() as stop,
                Supervisor(host="127.0.0.1", port=port, web_workers=1, quiet=True, stop=stop) as hub,
            ):
                if hub.port != port:
                    self.console.print(f"Port {port} is in use; taking {hub.port}.")
                client = _Client(hub.url, token)
                failed = self._fill(client, hub, records, stop)
                if stop.is_set():
                    return
                self._farewell(hub.url, password, token)
                if options["exit"] or not sys.stdout.isatty():
                    if failed:
                        message = "Not every batch was processed."
                        raise CommandError(message)
                    return
                self.console.print("\nCtrl-C ends it.")
                hub.watch()
        except (StartError, _ApiError, OSError) as error:
            raise CommandError(str(error)) from error

    def _staff_password(self) -> str:
        """Make the staff user, or give it a new password: only its digest is kept."""
        password = secrets.token_urlsafe(9)
        user, _ = User.objects.get_or_create(
            username="demo", defaults={"is_staff": True, "is_superuser": True, "first_name": "Demo"}
        )
        user.set_password(password)
        user.save()
        return password

    def _token(self) -> str:
        user = User.objects.filter(username="demo-systems").first()
        if user is None:
            user = User(username="demo-systems")
            user.set_unusable_password()
            user.save()
        ApiToken.objects.filter(user=user).delete()
        _, token = ApiToken.objects.create(user=user, label="demo", scopes=["*"])
        return str(token)

    # --- Filling -------------------------------------------------------------------------------------------------

    def _fill(
        self, client: _Client, hub: Supervisor, records: dict[str, list[dict[str, Any]]], stop: threading.Event
    ) -> bool:
        """Post everything, wait, and show what became of it; return whether anything was not processed."""
        total = sum(len(entries) for entries in records.values())
        self.console.print(f"Posting {total:,} records from {len(records)} systems to {hub.url} in batches of 500.")
        began = time.monotonic()
        sent: dict[str, list[str]] = {system: [] for system in records}
        with self._progress() as progress:
            posting = progress.add_task("posted", total=total)
            deciding = progress.add_task("decided", total=total)
            for system, entries in records.items():
                for part in _slices(entries):
                    sent[system].append(client.post_batch(SYSTEMS[system], part, label=f"demo: {system}"))
                    progress.advance(posting, len(part))
            batches = self._wait(client, hub, sent, stop, lambda done: progress.update(deciding, completed=done))
        if stop.is_set():
            return True
        seconds = time.monotonic() - began
        self.console.print(f"{total:,} records decided in {seconds:.1f} s, {total / seconds:,.0f} a second.\n")
        self._show_outcomes(batches)
        self._show_examples(client, batches)
        return any(batch["state"] != "done" for found in batches.values() for batch in found)

    def _progress(self) -> Progress:
        columns = (TextColumn("{task.description:>8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self.console, disable=not sys.stdout.isatty())

    def _wait(
        self,
        client: _Client,
        hub: Supervisor,
        sent: dict[str, list[str]],
        stop: threading.Event,
        tell: Any,  # noqa: ANN401 a function of one number
    ) -> dict[str, list[dict[str, Any]]]:
        deadline = time.monotonic() + SECONDS_TO_WAIT
        finished: dict[str, dict[str, Any]] = {}
        while not stop.is_set():
            for batch_id in [one for ids in sent.values() for one in ids if one not in finished]:
                batch = client.read(f"/api/v3/batches/{batch_id}")
                if batch["status"] == "pending":
                    break  # those behind it wait too
                finished[batch_id] = batch
            tell(sum(batch["processed_count"] for batch in finished.values()))
            if len(finished) == sum(len(ids) for ids in sent.values()):
                break
            if time.monotonic() > deadline or hub.has_died():
                message = "The worker did not come through; its log is above."
                raise _ApiError(message)
            time.sleep(0.2)
        return {system: [finished[one] for one in ids if one in finished] for system, ids in sent.items()}

    # --- Showing -------------------------------------------------------------------------------------------------

    def _show_outcomes(self, batches: dict[str, list[dict[str, Any]]]) -> None:
        table = Table("System", "Matched by", title="What became of the records", title_justify="left")
        for name in ("Records", *(outcome.capitalize() for outcome in OUTCOMES)):
            table.add_column(name, justify="right")
        sums: Counter[str] = Counter()
        for system, found in batches.items():
            counts = Counter({name: sum(batch[name] for batch in found) for name in _COUNTS})
            sums += counts
            table.add_row(system, SYSTEMS[system], *(f"{counts[name]:,}" for name in _COUNTS))
        table.add_section()
        table.add_row("all", "", *(f"{sums[name]:,}" for name in _COUNTS))
        self.console.print(table)

    def _show_examples(self, client: _Client, batches: dict[str, list[dict[str, Any]]]) -> None:
        """Show one record for each of a few reasons, explained as the hub explains it."""
        ids = [(system, batch["id"]) for system, found in batches.items() for batch in found]
        for code, meaning in EXAMPLES.items():
            for system, batch_id in ids:
                items = client.read(f"/api/v3/batches/{batch_id}/items", **{"filter[error_code]": code, "limit": "1"})
                if items:
                    self._show_example(system, items[0], meaning)
                    break

    def _show_example(self, system: str, item: dict[str, Any], meaning: str) -> None:
        self.console.print(f"\n{item['reference']} ({system}) was rejected: {meaning}.", markup=False)
        for error in item["errors"]:
            self.console.print(
                f"  {error['pointer'] or 'the record'}: {error['message']} ({error['code']})", markup=False
            )
        for candidate in item["considered"]:
            key = ", ".join(f"{name} {value}" for name, value in (candidate["key"] or {}).items())
            self.console.print(f"  considered: profile {candidate['profile_id']}, found by {key}", markup=False)

    def _farewell(self, url: str, password: str, token: str) -> None:
        self.console.print(f"\nThe admin:  {url}/admin/   user: demo   password: {password}", markup=False)
        self.console.print("A batch of your own:", markup=False)
        self.console.print(
            f"curl {url}/api/v3/profiles/batch.json -H 'Authorization: Bearer {token}' "
            "-H 'Content-Type: application/json' "
            '-d \'{"match_criteria": "email", "profiles": [{"email": "ada@example.com", "first_name": "Ada"}]}\'',
            markup=False,
            soft_wrap=True,
        )


_COUNTS: Final = ("total_count", *(f"{outcome}_count" for outcome in OUTCOMES))


def _slices(entries: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(entries), BATCH_SIZE):
        yield entries[start : start + BATCH_SIZE]


def _reference_ids() -> ReferenceIds:
    return ReferenceIds(
        regions=dict(Region.objects.values_list("handle", "id")),
        organisations=dict(Organisation.objects.values_list("handle", "id")),
        roles=dict(RoleDefinition.objects.values_list("handle", "id")),
    )
