"""Fields, rows and flags when a record is taken back, case by case (rules 10.2 to 10.4)."""

from uuid import UUID

import pytest

from tests.profiles.reverting.memory import Memory
from tests.profiles.reverting.records import (
    DATE,
    DEFAULT,
    HOME,
    OTHER,
    PIER,
    POS,
    WORK,
    addresses,
    attribute,
    born,
    comms,
    company,
    member,
    seen,
    tags,
    till,
)


def take_back(first, taken, *later, **options):
    """Return what shows once the second record was taken back, and what was kept."""
    hub = Memory()
    hub.send(POS | first)
    hub.send(POS | taken)
    for record in later:
        hub.send(POS | record)
    (id_,) = hub.people
    (reversal,) = hub.undo((id_, 2), **options)
    assert not reversal.outcome.errors
    fields, rows = seen(hub)
    return fields, rows, [(one.code.value, one.pointer, one.row.version) for one in reversal.kept]


FIELDS = {
    "untouched": ([company("A"), company("B")], {"company": "A"}, []),
    "untouched, new": ([{}, company("B")], {}, []),
    "away and back": (
        [company("A"), company("B"), company("C"), company("B")],
        {"company": "B"},
        [("kept_newer", "/company", 4)],
    ),
    "another value": ([company("A"), company("B"), company("C")], {"company": "C"}, [("kept_newer", "/company", 3)]),
    "back by somebody": (
        [company("A"), company("B"), company("A")],
        {"company": "A"},
        [("kept_newer", "/company", 3)],
    ),
    "nulled": ([company("A"), company("B"), company(None)], {}, [("kept_newer", "/company", 3)]),
    "group": ([born(1, 2, 1981), born(29, 2, 1980)], {"birth_day": 1, "birth_month": 2, "birth_year": 1981}, []),
    "group, new": ([{}, born(29, 2, 1980)], {}, []),
    "group, one member since": (
        [born(1, 2, 1981), born(29, 2, 1980), born(29, 2, 1984)],
        {"birth_day": 29, "birth_month": 2, "birth_year": 1984},
        [("kept_newer", "/birth_day", 3)],
    ),
    "terms": (
        [
            comms(terms_accepted_at="2026-01-01T00:00:00Z", terms_accepted_version="1"),
            comms(terms_accepted_version="2"),
        ],
        {"comms/terms_accepted_at": "2026-01-01T00:00:00Z", "comms/terms_accepted_version": "1"},
        [],
    ),
    "joined": ([{}, {"joined_at": "2020-01-01T00:00:00Z"}], {}, []),
    "location": ([{}, {"joined_location_external_id": "SYD"}], {}, []),
    "appearance": ([{}, {"attributes": {"appearance": {"eye_colour": "blue"}}}], {}, []),
    "soft delete": ([{}, {"profile_type": "deleted"}], {}, []),
    "soft delete, another type since": (
        [{}, {"profile_type": "deleted"}, {"profile_type": "pending"}],
        {"profile_type": "pending"},
        [("kept_newer", "/profile_type", 3)],
    ),
    "restore": ([{"profile_type": "deleted"}, {"profile_type": "active"}], {"profile_type": "deleted"}, []),
    "soft-deleted since": (
        [company("A"), company("B"), {"profile_type": "deleted"}],
        {"company": "A", "profile_type": "deleted"},
        [],
    ),
}


@pytest.mark.parametrize(("records", "fields", "kept"), FIELDS.values(), ids=FIELDS)
def test_field_goes_back_unless_somebody_said_it_since(records, fields, kept):
    assert take_back(*records) == (fields, {}, kept)


ACME = {"is_active": True}
ROWS = {
    "added tag": ([tags("a"), tags("a", "vip")], {"tags/a": {}}, []),
    "added tag, again since": (
        [tags("a"), tags("a", "vip"), tags("a"), tags("a", "vip")],
        {"tags/a": {}, "tags/vip": {}},
        [("kept_newer", "/tags/vip", 4)],
    ),
    "added tag, gone since": ([tags("a"), tags("a", "vip"), tags("a")], {"tags/a": {}}, []),
    "removed tag": ([tags("a", "vip"), tags("a")], {"tags/a": {}, "tags/vip": {}}, []),
    "removed tag, again since": (
        [tags("vip"), tags(), tags("vip")],
        {"tags/vip": {}},
        [("kept_newer", "/tags/vip", 3)],
    ),
    "removed tag, gone since": ([tags("vip"), tags(), tags("vip"), tags()], {}, []),
    "removed status": ([{"statuses": ["gold"]}, {"statuses": []}], {"statuses/gold": ACME}, []),
    "added membership": ([{}, member()], {}, []),
    "added membership, used since": (
        [{}, member(), member(role_definition_id=1)],
        {"organisations/acme": {"is_active": True, "role": "buyer"}},
        [("kept_in_use", "/organisations/acme", 3)],
    ),
    "changed membership": ([member(), member(role_definition_id=1)], {"organisations/acme": ACME}, []),
    "changed membership, again since": (
        [member(), member(role_definition_id=1), member(role_definition_id=None)],
        {"organisations/acme": ACME},
        [("kept_newer", "/organisations/acme/role", 3)],
    ),
    "added identity": ([{}, till()], {}, []),
    "added identity, used since": (
        [{}, till(), till(is_active=False)],
        {"identities/till/1": {"is_active": False}},
        [("kept_in_use", "/identities/till/1", 3)],
    ),
    "added identity, only the flag since": ([{}, till(), till(is_primary=True)], {}, []),
    "added address": ([addresses(HOME), addresses(WORK)], {"addresses/h": DEFAULT}, []),
    "added address, used since": (
        [addresses(HOME), addresses(WORK), addresses(WORK | {"company": "C"})],
        {"addresses/h": DEFAULT, "addresses/w": {"company": "C", "is_default": False}},
        [("kept_in_use", f"/addresses/{UUID(int=2_001)}", 3)],
    ),
    "changed address": (
        [addresses(HOME), addresses(HOME | {"company": "C"})],
        {"addresses/h": DEFAULT},
        [],
    ),
    "moved flag": (
        [addresses(HOME, WORK), addresses(WORK | {"is_default": True})],
        {"addresses/h": DEFAULT, "addresses/w": OTHER},
        [],
    ),
    "moved flag, moved on since": (
        [addresses(HOME, WORK, PIER), addresses(WORK | DEFAULT), addresses(PIER | DEFAULT)],
        {"addresses/h": OTHER, "addresses/w": OTHER, "addresses/p": DEFAULT},
        [("kept_newer", "/addresses", 3)],
    ),
    "first address with the flag": ([{}, addresses(HOME), addresses(WORK)], {"addresses/w": DEFAULT}, []),
    "attribute": (
        [attribute(type="string", value="x"), attribute(type="integer", value=7)],
        {"custom_attributes/n/h": {"type": "string", "value": "x"}},
        [],
    ),
    "attribute, its type since": (
        [attribute(type="string", value="1"), attribute(type="string", value="2"), attribute(type="integer")],
        {"custom_attributes/n/h": {"type": "integer", "value": 2}},
        [("kept_newer", "/custom_attributes/n/h/type", 3)],
    ),
    "added date": ([{}, {"dates_attributes": [DATE]}], {}, []),
    "added date, used since": (
        [{}, {"dates_attributes": [DATE]}, {"dates_attributes": [DATE | {"note": "cake"}]}],
        {"dates/b/": {}},
        [("kept_in_use", "/dates/b/", 3)],
    ),
    "default region": (
        [{"region": "victoria"}, {"region": "tasmania"}],
        {"regions/victoria": {"is_active": True, "is_default": True}},
        [],
    ),
}


@pytest.mark.parametrize(("records", "rows", "kept"), ROWS.values(), ids=ROWS)
def test_row_goes_and_comes_back_unless_somebody_used_it_since(records, rows, kept):
    fields, shown, why = take_back(*records)

    assert (fields, shown) == ({}, rows)
    assert why == kept


def test_row_that_was_made_anew_does_not_bear_the_flag_its_predecessor_got():
    hub = Memory()
    hub.send(POS)
    hub.send(POS | {"regions": [{"handle": "victoria"}]})
    hub.send(POS | {"region": "victoria"})
    (id_,) = hub.people
    hub.undo((id_, 2))
    hub.send(POS | {"regions": [{"handle": "victoria", "state": "VIC"}]})
    before = seen(hub)

    (reversal,) = hub.undo((id_, 5))
    assert (seen(hub)[1], reversal.kept) == ({}, ())
    hub.undo((id_, 6))
    assert seen(hub) == before
