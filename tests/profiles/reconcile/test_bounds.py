"""What one profile may have, and what finding a row among many costs."""

import datetime as dt
import itertools
import sys
import uuid

import pytest

from profiles import shape
from profiles.reconcile import State, reconcile
from profiles.values import Cause, CauseKind, ProfileDraft

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


def row(name):
    """Return a row of the collection that says nothing."""
    return dict.fromkeys(shape.COLLECTIONS[name].fields)


def rows(name, count, *, first=0):
    """Return so many rows of the collection."""
    width = len(shape.COLLECTIONS[name].key)
    found = {(*("h",) * (width - 1), f"{number:06}"): row(name) for number in range(first, first + count)}
    if name == "addresses":
        found = {key: {**one, "address_line_1": key[0], "postcode": "", "country": "HK"} for key, one in found.items()}
    return found


def apply(name, stored, sent):
    """Reconcile rows of one collection; return the errors and the rows."""
    draft = ProfileDraft(cause=Cause(CauseKind.BATCH), collections={name: sent})
    numbers = itertools.count(10**9)
    before = State({"first_name": "Ann"}, {name: stored})
    done = reconcile(before, draft, now=NOW, new_id=lambda _: uuid.UUID(int=next(numbers)))
    return [(one.code.value, one.pointer) for one in done.errors], done.after.collections[name]


NEW = {
    "identities": {},
    "addresses": {"address_line_1": "new", "city": "Central", "country": "HK"},
    "custom_attributes": {"type": "string", "value": "x"},
    "dates": {"date": "2020-01-01", "name": "n"},
    "regions": {},
    "organisations": {},
}


def test_profile_has_room_for_so_many_identities_of_a_handle():
    stored = {("pos", "1"): row("identities"), ("old", "1"): row("identities"), ("old", "2"): row("identities")}

    def errors_of(*keys):
        draft = ProfileDraft(
            cause=Cause(CauseKind.BATCH),
            collections={"identities": {key: {} for key in keys}},
            places={("identities", key): f"/identities/{index}" for index, key in enumerate(keys)},
        )
        before = State({"first_name": "Ann"}, {"identities": stored})
        limits = {"pos": 2, "old": 1, "shop": 1}
        done = reconcile(before, draft, now=NOW, new_id=lambda _: uuid.UUID(int=1), identity_limits=limits)
        return [(one.code.value, one.pointer, one.message) for one in done.errors]

    assert errors_of(("pos", "1"), ("pos", "2"), ("shop", "1"), ("till", "1"), ("till", "2")) == []
    assert errors_of(("old", "1"), ("old", "2")) == []  # it has more from before, and they may change
    assert errors_of(("till", "1"), ("pos", "2"), ("pos", "3"), ("old", "3")) == [
        ("too_many", "/identities/1", "The profile may have at most 2 identities with the handle pos."),
        ("too_many", "/identities/3", "The profile may have at most 1 identities with the handle old."),
    ]


PLACES = {"dates": "/dates_attributes"}


@pytest.mark.parametrize("name", list(NEW))
def test_profile_has_room_for_ten_times_a_record(name):
    most = 10 * shape.COLLECTIONS[name].most
    ((key, _),) = rows(name, 1, first=most + 1).items()

    fits, after = apply(name, rows(name, most - 1), {key: NEW[name]})
    too_many, _ = apply(name, rows(name, most), {key: NEW[name]})

    assert (fits, len(after)) == ([], most)
    assert too_many == [("too_many", PLACES.get(name, f"/{name}"))]


@pytest.mark.parametrize("name", ["identities", "custom_attributes", "dates", "organisations"])
def test_profile_with_too_many_from_before_may_still_change(name):
    stored = rows(name, 10 * shape.COLLECTIONS[name].most + 5)

    errors, _ = apply(name, stored, dict(itertools.islice(((key, NEW[name]) for key in stored), 1)))

    assert errors == []


def test_bounds_are_those_of_the_rules():
    assert {name: one.most_of_profile for name, one in shape.COLLECTIONS.items()} == {
        "identities": 1_000,
        "tags": 2_000,
        "statuses": 500,
        "addresses": 500,
        "custom_attributes": 1_000,
        "dates": 500,
        "date_links": 25_000,
        "regions": 500,
        "organisations": 500,
    }


def steps(work):
    """Return how many lines of Python the work takes: unlike seconds, the same on every machine."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize("stored_and_sent", ["by text", "by external_id", "new"])
def test_addresses_cost_what_they_number(stored_and_sent):
    def work(count):
        stored = {key: {**one, "external_id": f"x{key[0]}"} for key, one in rows("addresses", count).items()}
        sent = {
            (str(number),): {
                "by text": {"address_line_1": f"{number:06}", "country": "HK"},
                "by external_id": {"external_id": f"x{number:06}", "is_default": number % 2 == 0},
                "new": {"address_line_1": f"new {number}", "city": "Central", "country": "HK"},
            }[stored_and_sent]
            for number in range(count)
        }
        apply("addresses", stored, sent)

    work(10)  # what is made once
    one, two, four = (steps(lambda count=count: work(count)) for count in (50, 100, 200))

    assert two < 2.2 * one
    assert four < 2.2 * two
