"""What staff can do next about a record that was rejected: for each kind of error the steps that fit it."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Model, Q
from django.urls import reverse

from batches.models import BatchRecord
from profiles.models import (
    DuplicateCandidate,
    Location,
    Organisation,
    Profile,
    Region,
    Status,
)
from profiles.values import ErrorCode

Step = tuple[str, str]
"""What can be done, and where."""
_MOST_KNOWN: Final = 2_000
_MOST_PAIRS: Final = 3
_KNOWN: Final[Mapping[str, tuple[type[Model], str]]] = {
    "regions": (Region, "handle"),
    "region": (Region, "handle"),
    "region_id": (Region, "handle"),
    "statuses": (Status, "handle"),
    "organisations": (Organisation, "handle"),
    "joined_location_external_id": (Location, "external_id"),
    "joined_location_external_code": (Location, "external_code"),
    "joined_location_id": (Location, "external_id"),
    "preferred_location_external_id": (Location, "external_id"),
    "preferred_location_external_code": (Location, "external_code"),
    "preferred_location_id": (Location, "external_id"),
}


def next_steps(record: BatchRecord, received: Mapping[str, Any]) -> list[Step]:
    """Return what can be done next about the record, by its errors; queries."""
    steps: dict[Step, None] = {}
    for error in record.errors:
        for step in _STEPS.get(error["code"], _correct)(record, error, received):
            steps.setdefault(step)
    if record.errors and not any(url.startswith(_correct_url(record)) for _, url in steps):
        steps.setdefault(("Correct the record", _correct_url(record)))
    return list(steps)


def _correct_url(record: BatchRecord, **terms: str) -> str:
    url = reverse("correct-record", args=[record.pk])
    return f"{url}?{urlencode(terms)}" if terms else url


def _considered(record: BatchRecord) -> list[Profile]:
    ids = dict.fromkeys(one["profile_id"] for one in record.considered if one["profile_id"])
    found = Profile.objects.in_bulk(list(ids))
    return [profile for one in ids for profile in found.values() if str(profile.pk) == one]


def _name(profile: Profile) -> str:
    return profile.full_name or profile.email or "the profile"


def _page(profile: Profile) -> str:
    return reverse("admin:profiles_profile_change", args=[profile.pk])


def _compare(record: BatchRecord, error: Mapping[str, str], received: Mapping[str, Any]) -> Iterator[Step]:
    """Yield the comparison of those who were found: they are one, or the record is wrong."""
    people = _considered(record)[: _MOST_PAIRS + 1]
    if len(people) < 2:  # noqa: PLR2004 there is no pair
        return
    first, *others = people
    ids = [one.pk for one in others]
    pairs = DuplicateCandidate.objects.filter(Q(low=first.pk, high__in=ids) | Q(high=first.pk, low__in=ids))
    known = {pair.high_id if pair.low_id == first.pk else pair.low_id: pair for pair in pairs}
    for other in others:
        if (pair := known.get(other.pk)) is not None:
            url = reverse("admin:profiles_duplicatecandidate_change", args=[pair.pk])
        else:
            terms = urlencode({"with": str(other.pk)})
            url = f"{reverse('admin:profiles_profile_merge', args=[first.pk])}?{terms}"
        yield f"Compare {_name(first)} and {_name(other)}", url


def _claimed(record: BatchRecord, error: Mapping[str, str], received: Mapping[str, Any]) -> Iterator[Step]:
    """Yield whom to look at, who has a key of the record's; a number may be the second one."""
    yield from _compare(record, error, received)
    for profile in _considered(record)[:_MOST_PAIRS]:
        yield f"Look at {_name(profile)}", _page(profile)
    if error["pointer"] == "/mobile_phone":
        yield "Keep the number as the secondary phone", _correct_url(record, **{"try": "secondary"})


def _unknown(record: BatchRecord, error: Mapping[str, str], received: Mapping[str, Any]) -> Iterator[Step]:
    """Yield what is known and much like it, and where it is added: it is spelt otherwise, or not there yet."""
    field = error["pointer"].split("/")[1] if error["pointer"] else ""
    if field == "organisations" and error["pointer"].endswith("role_definition_id"):
        yield "Add a role", reverse("admin:profiles_roledefinition_add")
        return
    if field not in _KNOWN:
        return
    model, column = _KNOWN[field]
    known = model._default_manager.exclude(**{column: None}).values_list(column, flat=True)[:_MOST_KNOWN]
    sent = str(_at(received, error["pointer"]))
    if close := get_close_matches(sent, list(known), n=3, cutoff=0.5):
        yield f"Known and much like it: {', '.join(close)}", _correct_url(record)
    name = model._meta
    yield f"Add a {name.verbose_name}", reverse(f"admin:{name.app_label}_{name.model_name}_add")


def _at(received: Any, pointer: str) -> Any:
    value = received
    for part in pointer.split("/")[1:]:
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict):
            value = value.get(part.replace("~1", "/").replace("~0", "~"), "")
        else:
            return ""
    return value


def _nobody(record: BatchRecord, error: Mapping[str, str], received: Mapping[str, Any]) -> Iterator[Step]:
    """Yield what helps where the record says nothing by which it could be matched."""
    yield "Add the missing value", _correct_url(record)
    if name := " ".join(str(received.get(one) or "") for one in ("first_name", "last_name")).strip():
        url = reverse("admin:profiles_profile_changelist")
        yield f"Look for {name}", f"{url}?{urlencode({'q': name})}"


def _deleted(record: BatchRecord, error: Mapping[str, str], received: Mapping[str, Any]) -> Iterator[Step]:
    """Yield how the deleted profile can be restored that the record means."""
    yield "Restore the profile with this record", _correct_url(record, **{"try": "restore"})
    for profile in _considered(record)[:_MOST_PAIRS]:
        yield f"Look at {_name(profile)}", _page(profile)


def _correct(record: BatchRecord, error: Mapping[str, str], received: Mapping[str, Any]) -> Iterator[Step]:
    yield "Correct the record", _correct_url(record)


def _nothing(record: BatchRecord, error: Mapping[str, str], received: Mapping[str, Any]) -> Iterator[Step]:
    """Yield nothing: it can be processed again, which the page offers by itself."""
    yield from ()


Steps = Callable[[BatchRecord, Mapping[str, str], Mapping[str, Any]], Iterator[Step]]
_STEPS: Final[Mapping[str, Steps]] = {
    ErrorCode.AMBIGUOUS: _compare,
    ErrorCode.CLAIMED_ELSEWHERE: _claimed,
    ErrorCode.UNKNOWN_REFERENCE: _unknown,
    ErrorCode.NO_MATCH_VALUE: _nobody,
    ErrorCode.DELETED_PROFILE: _deleted,
    ErrorCode.INTERNAL: _nothing,
    ErrorCode.STALE: _nothing,
}
