"""Few people of whom a few sources tell again and again, late and in any order (rules 3.7).

Few things, each said in two or three ways, and hardly anything wrong: so that late records meet later ones.
"""

from collections.abc import Sequence
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from profiles.shape import ADDRESSES, DATES
from tests.properties.reference import Person, id_of, name_of_address

# When it was so: few times, one of them written in two ways.
SOURCE_TIMES: Final = (
    "2025-03-01T00:00:00Z",
    "2025-06-01T00:00:00Z",
    "2025-06-01T10:00:00+10:00",
    "2025-06-01 00:00:00.5",
)
JUST_AHEAD: Final = "2026-01-02T00:05:01Z"
"""A second more than the five minutes that the first batch allows."""
# Blank, five minutes ahead of the first batch and a second more, and ahead of all.
ODD_SOURCE_TIMES: Final = ("", None, "2026-01-02T00:05:00Z", JUST_AHEAD, "2030-01-01T00:00:00Z", "soon")
STORED_SOURCE_TIMES: Final = ("2025-03-01T00:00:00Z", "2025-06-01T00:00:00Z", "2025-09-01T00:00:00Z")
ACTORS: Final = (1, 1, 1, 2, None)
"""Who submits: users, and nobody."""
SOURCES: Final = ("1", "1", "2", "0")

HOME: Final = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}
WORK: Final = {"address_line_1": "2 Side St", "city": "Perth", "postcode": "6000", "country": "AU"}
BIRTHDAY: Final = {"handle": "b", "name": "B", "date": "2000-02-29"}
CHILD: Final = {"handle": "b", "relationship": "child", "name": "C", "date": "2010-01-01"}
OWN: Final = {"namespace": "n", "handle": "h"}
FIRST, SECOND = str(id_of(0)), str(id_of(1))

_VALUES: Final[dict[str, tuple[Any, ...]]] = {
    "first_name": ("Ann", "Anna"),
    "company": ("Acme", "Bakers", None),
    "profile_type": (*("active",) * 5, "pending", "deleted"),
    "mobile_phone": ("+61404123121", "+61404123122", None),
    "joined_at": ("2020-05-05T15:20:32Z", "2021-01-01T00:00:00Z"),
    "secondary_phone": ("+61404123121", "+61404123122", None),
    "preferred_location_external_id": ("SYD-01", "MEL-01"),
    "tags": ([], ["vip"], ["vip", "big spender"]),
    "statuses": (["gold"], ["gold"], ["trial", "gold"], ["nope"], []),
    "addresses": (
        [HOME],
        [{**HOME, "city": "PERTH", "notes": "ring"}],
        [{**HOME, "notes": "knock", "external_id": "h"}],
        [{**WORK, "external_id": "h"}],
        [{**HOME, "external_id": "h", "is_default": True}, {**WORK, "external_id": "w", "is_default": False}],
        [{**WORK, "external_id": "w", "is_default": True}],
        [{**WORK, "is_default": True, "company": "Acme"}],
        [{**WORK, "external_id": "w", "meta": {"b": [1, True], "a": 1.0}}],
        [{**WORK, "external_id": "w", "meta": {"a": 1, "b": [1, 1]}}],
    ),
    "custom_attributes": (
        [{**OWN, "type": "string", "value": "7"}],
        [{**OWN, "type": "integer", "value": 8}],
        [{**OWN, "type": "string"}, {"namespace": "a/b", "handle": "~", "type": "json", "value": [1, True]}],
    ),
    "dates_attributes": (
        [BIRTHDAY],
        [{**BIRTHDAY, "name": "Birthday", "note": "cake"}],
        [{**BIRTHDAY, "links": [{"profile_id": FIRST}]}, CHILD],
        [{**BIRTHDAY, "links": [{"profile_id": SECOND, "role": "twin"}]}],
        [{**CHILD, "links": [{"profile_id": FIRST}]}],
        [{**BIRTHDAY, "links": []}, {**CHILD, "name": "Child"}],
    ),
    "region": ("new-south-wales", "victoria"),
    "region_country": ("AU", "NZ", None),
    "region_state": ("NSW", "VIC"),
    "regions": (
        [{"handle": "victoria", "country": "AU"}],
        [{"handle": "new-south-wales", "state": "ACT"}, {"handle": "victoria", "is_active": False}],
    ),
    # Ids are known when the drafts are made, see `Submission.drafts`.
    "organisations": (
        [{"id": "acme"}],
        [{"id": "acme", "role_definition_id": "buyer", "expires_at": "2030-01-01"}],
        [{"id": "acme", "role_definition_id": None}, {"id": "rowing-club", "is_active": False}],
    ),
    "identities": (
        [{"handle": "pos", "identifier": "7"}],
        [{"handle": "pos", "identifier": "7", "is_active": False}],
        [{"handle": "pos", "identifier": "7", "is_active": True}, {"handle": "shop", "identifier": "a/b~c"}],
    ),
    "comms_attributes": (
        {"email_discover": True, "email_promo": False},
        {"email_discover": None, "email_verification": "verified"},
        {"email_discover": False, "email_promo": True, "email_consent_updated_at": "2025-03-01T00:00:00Z"},
        {"email_verification": "sent", "terms_accepted_version": 3, "post_promo": True},
    ),
    "attributes": (
        {"appearance": {"eye_colour": "blue"}},
        {"appearance": {"eye_colour": None}, "comms": {"email_promo": True}},
    ),
}
SAID: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    **{name: tuple({name: value} for value in values) for name, values in _VALUES.items()},
    "birthday": (
        {"birth_day": 29, "birth_month": 2},
        {"birth_day": 28, "birth_month": 2, "birth_year": 1981},
        {"birth_day": 28, "birth_month": 2, "birth_year": 1982},
        {"birth_day": None, "birth_month": None, "birth_year": None},
    ),
}
"""What records say, by what it is about."""

# What sources may have spoken about, be it there or not.
_BY_TEXT: Final = f"/addresses//{name_of_address(HOME)[1]}"
SPOKEN: Final = (
    *("/email", "/mobile_phone", "/secondary_phone", "/first_name", "/company", "/occupation", "/birthday"),
    *("/profile_type", "/joined_at", "/preferred_location_id", "/appearance/eye_colour", "/comms/email_discover"),
    *("/comms/email_verification", "/tags", "/statuses", "/addresses", "/regions", "/region_country", "/region_state"),
    *("/identities/pos/7", "/identities/pos/7/is_active", "/identities/shop/a~1b~0c"),
    *("/addresses/h", "/addresses/h/notes", "/addresses/h/address_line_1", "/addresses/w", "/addresses/w/meta"),
    *(_BY_TEXT, f"{_BY_TEXT}/notes", "/custom_attributes/n/h", "/custom_attributes/a~1b/~0"),
    *("/dates/b/", "/dates/b//name", "/dates/b/child", "/dates/b/child/name", "/date_links/b/", "/date_links/b/child"),
    *("/regions/victoria", "/regions/victoria/country", "/regions/new-south-wales/state"),
    *("/organisations/acme", "/organisations/acme/role", "/organisations/rowing-club"),
)

EMAIL, OTHER_EMAIL = "ann@example.com", "bob@example.com"


def topics() -> SearchStrategy[list[str]]:
    """Return some of what may be told: the fewer, the more often one record meets another one about the same."""
    return st.lists(st.sampled_from(tuple(SAID)), min_size=2, max_size=6, unique=True)


@st.composite
def retold(draw: DrawFn, *, topics: Sequence[str]) -> dict[str, Any]:
    """One raw record about one of two people, nearly always with the time at which it was so."""
    record: dict[str, Any] = {"email": draw(st.sampled_from((*(EMAIL,) * 4, "Ann@Example.COM", OTHER_EMAIL)))}
    which = draw(st.integers(0, 19))
    if which > 1:
        record["source_updated_at"] = draw(st.sampled_from(SOURCE_TIMES if which > 2 else ODD_SOURCE_TIMES))
    for name in topics:
        if draw(st.integers(0, 3)):
            record |= draw(st.sampled_from(SAID[name]))
    return record


@st.composite
def spoken_of(draw: DrawFn) -> dict[str, dict[str, str]]:
    """Return what sources have said of somebody."""
    said = st.dictionaries(st.sampled_from(SPOKEN), st.sampled_from(STORED_SOURCE_TIMES), min_size=5, max_size=25)
    spoken: dict[str, dict[str, str]] = draw(st.dictionaries(st.sampled_from(SOURCES), said, max_size=2))
    return spoken


def furnish(draw: DrawFn, person: Person) -> None:
    """Give the person what records tell of, some of it, and what sources have said of it."""
    has = st.booleans()
    blank = dict.fromkeys(ADDRESSES.fields)
    found = [row for row in ({**HOME}, {**HOME, "external_id": "h"}, {**WORK, "external_id": "w"}) if draw(has)]
    person.rows["addresses"] = {
        (str(number),): {**blank, **row, "is_default": number == 0} for number, row in enumerate(found)
    }
    if draw(has):
        end = draw(st.sampled_from(("2025-12-01T00:00:00Z", "2026-06-01T00:00:00Z")))
        person.rows["statuses"]["gold",] = {"expires_at": end, "is_active": True}
    if draw(has):
        row = {**dict.fromkeys(DATES.fields), "date": "2000-02-29", "name": "B", "is_recurring": False}
        person.rows["dates"]["b", ""] = row
    if draw(has):
        person.rows["custom_attributes"]["n", "h"] = {"type": "string", "value": "7"}
    for handle in ("new-south-wales", "victoria"):
        if draw(has):
            is_default = not person.rows["regions"]
            row = {"country": draw(st.sampled_from((None, "AU"))), "state": None, "is_active": True}
            person.rows["regions"][handle,] = {**row, "is_default": is_default}
    if draw(has):
        person.rows["organisations"]["acme",] = {"role": None, "expires_at": None, "is_active": True}
    person.source_times = draw(spoken_of())
