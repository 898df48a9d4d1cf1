"""What a demo shows: outcomes, a few rejected records with their reasons, and what to look at next."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

from batches.demo.access import Access
from batches.demo.client import Client
from batches.demo.customers import SYSTEMS
from batches.values import OUTCOMES

# Error code -> what it means for people.
MEANINGS: Final = {
    "ambiguous": "two customers in one record",
    "claimed_elsewhere": "a value another customer has",
    "invalid": "a slip of the keyboard",
    "no_match_value": "nothing to find the customer by",
    "deleted_profile": "a customer who was deleted",
}
EXAMPLES: Final = ("ambiguous", "claimed_elsewhere", "invalid")
EXAMPLES_LOOKED_AT: Final = 50
_COUNTS: Final = ("total_count", *(f"{outcome}_count" for outcome in OUTCOMES))

# System -> its batches, as the API tells of them.
Batches = Mapping[str, Sequence[dict[str, Any]]]


def show_outcomes(console: Console, batches: Batches) -> None:
    """Show how many records of each system met which outcome."""
    table = Table("System", "Matched by", box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("Records", *(outcome.capitalize() for outcome in OUTCOMES)):
        table.add_column(name, justify="right")
    sums: Counter[str] = Counter(dict.fromkeys(_COUNTS, 0))
    for system, found in batches.items():
        counts = {name: sum(batch[name] for batch in found) for name in _COUNTS}
        sums.update(counts)
        table.add_row(system, SYSTEMS[system], *(f"{counts[name]:,}" for name in _COUNTS))
    table.add_section()
    table.add_row("all", "", *(f"{sums[name]:,}" for name in _COUNTS))
    console.print("What became of the records:\n")
    console.print(table)
    if sums["total_count"] and not sums["created_count"]:
        _say(
            console,
            "\nThis hub knew them all: what it was told before changes nothing, what was wrong before is rejected "
            "again, and where two systems differ about a customer the last one's word is written again.",
        )


def show_examples(console: Console, client: Client, batches: Batches) -> None:
    """Show one record for each of a few reasons, explained as the hub explains it."""
    for code in EXAMPLES:
        found = list(_rejected(client, batches, code))
        # One with this reason alone, if there is any.
        found.sort(key=lambda one: len(_codes(one[1])))
        for system, item in found[:1]:
            _show_example(console, system, item)


def _rejected(client: Client, batches: Batches, code: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield rejected records whose first reason is this, up to the first batch with one that has no other reason."""
    for system, found in batches.items():
        for batch in found:
            query = {"filter[error_code]": code, "limit": str(EXAMPLES_LOOKED_AT)}
            items = client.read(f"/api/v3/batches/{batch['id']}/items", **query)
            yield from ((system, item) for item in items)
            if any(len(_codes(item)) == 1 for item in items):
                return


def _codes(item: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(error["code"] for error in item["errors"]))


def _show_example(console: Console, system: str, item: Mapping[str, Any]) -> None:
    why = ", and ".join(MEANINGS.get(code, code) for code in _codes(item))
    _say(console, f"\n{item['reference']} ({system}) was rejected: {why}.")
    for error in item["errors"]:
        _say(console, f"{error['pointer'] or 'the record'}: {error['message']} ({error['code']})", indent=2)
    for candidate in item["considered"]:
        key = ", ".join(f"{name} {value}" for name, value in (candidate["key"] or {}).items())
        _say(console, f"considered: profile {candidate['profile_id']}, found by {key}", indent=2)


def show_next_steps(console: Console, url: str, access: Access) -> None:
    """Tell three things to look at, each ready to be copied."""
    api = f"{url}/api/v3"
    lines = f"""
What to look at next:

1. The records that were rejected, and why, in the desk:
   {url}/admin/batches/batchrecord/?outcome__exact=rejected
   user: {access.username}   password: {access.password}

2. The API's documentation:
   {api}/docs/

3. A batch of your own, and, a moment later, what became of it:
   token={access.token}
   batch=$(curl -s {api}/profiles/batch.json \\
     -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \\
     -d '{{"match_criteria": "email", "profiles": [
           {{"email": "ada@example.com", "first_name": "Ada"}}]}}' \\
     | tee /dev/stderr | cut -d'"' -f10)

   curl -s {api}/batches/$batch/items \\
     -H "Authorization: Bearer $token" | python3 -m json.tool
"""
    # As it is: whoever copies it must not copy line breaks of ours.
    console.print(lines, markup=False, highlight=False, soft_wrap=True)


def _say(console: Console, text: str, *, indent: int = 0) -> None:
    """Print a paragraph, which keeps its indent where it is longer than a line."""
    margin = " " * indent
    start = "\n" if text.startswith("\n") else ""
    lines = textwrap.wrap(
        text.strip(),
        console.width,
        initial_indent=margin,
        subsequent_indent=margin + margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    console.print(start + "\n".join(lines), markup=False, soft_wrap=True)
