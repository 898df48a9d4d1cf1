"""Worlds and batches made to collide: few emails, few identities, few numbers, written in many ways."""

import os
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID, uuid5

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from profiles.criteria import Criteria
from profiles.schema import parse_record
from profiles.shape import ADDRESSES
from profiles.values import Cause, CauseKind, Finding, MobileClash, ProfileDraft, WarningCode
from tests.properties.reference import LOCATIONS, ORGANISATIONS, ROLES, World, id_of, newcomer, without_placeholders
from tests.properties.retelling import (
    ACTORS,
    EMAIL,
    ODD_SOURCE_TIMES,
    OTHER_EMAIL,
    SOURCE_TIMES,
    furnish,
    retold,
    spoken_of,
    topics,
)

TORTURE: Final = os.environ.get("HUB_TORTURE") == "1"


def examples(count: int, *, torture: int) -> settings:
    """Run a property on `count` examples, always the same ones; on `torture` new ones with HUB_TORTURE=1."""
    return settings(
        max_examples=torture if TORTURE else count,
        derandomize=not TORTURE,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


# --- Few things, written in many ways ----------------------------------------------------------------------------

EMAILS: Final = ("ann@example.com", "bob@example.com", "ren\u00e9@example.com", "jo@m\u00fcnchen.example")
WRITTEN_EMAILS: Final = (
    *EMAILS,
    "Ann@Example.COM",
    " ann@example.com\t",
    "BOB@example.com",
    "rene\u0301@example.com",
    "jo@xn--mnchen-3ya.example",
    "cat@example.com",
    "test@example.com",
    " NoEmail@example.com",
)
MOBILES: Final = ("+61404123121", "+61404123122", "+61404123123", "+12125550100")
WRITTEN_MOBILES: Final = (
    *MOBILES,
    "+61 404 123 121",
    "+61 (404) 123-122",
    "\u00a0+61404123123",
    "000-000-0000",
    1111111,
    None,
)
IDENTITIES: Final = (("pos", "7"), ("pos", "8"), ("shop", "7"), ("shop", "a/b~c"), ("till", "jos\u00e9"))
WRITTEN_IDENTITIES: Final = (
    *IDENTITIES,
    *IDENTITIES,
    ("pos", 7),
    (" pos", "8 "),
    ("Pos", "7"),
    ("pos", "07"),
    ("till", "jose\u0301"),
    ("pos", "0000000"),
    ("shop", 1234567890),
    ("pos", '="9999999"'),
)
FIELDS: Final[dict[str, tuple[Any, ...]]] = {
    "first_name": ("Ann", "Bob", " Ann", "Jose\u0301", "Unknown"),
    "last_name": ("Smith", "O'Neil"),
    "title": ("Dr", None, ""),
    "gender": ("female", "OTHER", None),
    "currency": ("AUD", "eur", None),
    "joined_at": ("2020-05-05T15:20:32Z", "2020-05-05 15:20:32", "2021-01-01T00:00:00.5+02:00", None),
    "secondary_phone": ("+61404123121", "+61404123122", "(000) 000 0000", None),
    "company": ("Acme", "Acme ", "", None),
    "occupation": ("Baker", None),
    "avatar_url": ("https://example.com/a.png", None),
    "profile_type": ("active", "active", "deleted", "Deleted", "pending"),
    "tags": ([], [""], ["vip"], ["vip", "big spender", "vip"], ["big-spender", "a/b~c"], [2024, " "], None),
    "reference": ("row 1", 12, None),
    "joined_location_external_id": ("SYD-01", "MEL-01"),
    "joined_location_external_code": ("sydney", "akl"),
    "joined_location_id": ("SYD-01", "AKL-01", None),
    "preferred_location_external_code": ("melbourne", None, ""),
    "preferred_location_external_id": ("MEL-01", "nope"),
    "company_size": (12,),
    "full_name": ("Ann Smith",),
}
HOME: Final = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}
WORK: Final = {"address_line_1": "2 Side St", "city": "Perth", "postcode": 6000, "country": "Australia"}
BIRTHDAY: Final = {"handle": "b", "name": "B", "date": "2000-02-29"}
FIRST, SECOND, THIRD = (str(id_of(label)) for label in range(3))  # who may be there or not
NESTED: Final[dict[str, tuple[Any, ...]]] = {
    "addresses": (
        [HOME],
        [{**HOME, "address_line_1": " 1  MAIN st"}],
        [WORK, {**HOME, "is_default": True}],
        [{**HOME, "external_id": "h", "notes": "ring"}],
        [{**WORK, "external_id": "h", "is_default": True}],
        [{"external_id": "h", "company": "Acme"}],
        [{**HOME, "is_default": False}, {**WORK, "external_id": "w", "meta": {"a": [1, None]}}],
        [{"city": "Perth"}],
        # The same one twice, spelt in two ways, with and without a name of its own.
        [HOME, {**HOME, "address_line_1": "1 MAIN st", "external_id": "h"}],
        [{**HOME, "city": "perth", "external_id": "w", "company": "Acme"}, {**HOME, "company": "Bakers"}],
        [{**HOME, "notes": "back"}, {**HOME, "external_id": "h"}, {**HOME, "city": "PERTH", "external_id": "w"}],
        [HOME, {**WORK, "external_id": "h"}],
        [{**WORK, "is_default": True}, {**HOME, "is_default": False}],
        [{**HOME, "country": "Atlantis"}, {**HOME, "country": "atlantis", "external_id": "a"}],
        [{"address_line_1": "3 Pier", "city": "Central", "country": "Hong Kong", "postcode": ""}],
        [{"address_line_1": "3 Pier", "city": "central", "country": "HK", "external_id": "k"}],
        [{"external_id": "k", "country": "AU"}],
        [{"external_id": "h", "postcode": ""}, {}, {"address_line_1": " ", "city": None}],
        [],
        None,
    ),
    "custom_attributes": (
        [{"namespace": "n", "handle": "h", "type": "string", "value": "7"}],
        [{"namespace": "n", "handle": "h", "type": "integer", "value": "8"}],
        [{"namespace": "n", "handle": "h", "type": "string", "value": "x"}],
        [{"namespace": "n", "handle": "h", "type": "integer"}],
        [{"namespace": "n", "handle": "h", "type": "string"}],
        [{"namespace": "n", "handle": "h", "type": "string", "value": None}],
        [
            {"namespace": "a/b", "handle": "~", "type": "json", "value": {"b": [1.5], "a": None}},
            {"namespace": "a/b", "handle": "~", "type": "array", "value": [True]},
        ],
        [{"namespace": "n", "handle": "h", "type": "json", "value": None}, {"namespace": "", "handle": None}],
    ),
    "dates_attributes": (
        [{"handle": "b", "name": "B", "date": "2000-02-29"}],
        [{"handle": "b", "relationship": "", "note": "cake"}],
        [{"handle": "b", "relationship": "child", "name": "C", "date": "2010-01-01", "is_recurring": True}],
        [{"handle": "b", "relationship": "child"}],
        [{"handle": "b", "name": "B", "date": "2001-02-29"}],
        [{**BIRTHDAY, "links": [{"profile_id": FIRST}]}],
        [{**BIRTHDAY, "links": [{"profile_id": SECOND, "relationship": "child", "role": ""}, {"profile_id": FIRST}]}],
        [{**BIRTHDAY, "links": [{"profile_id": FIRST, "role": "twin"}, {"profile_id": FIRST}]}],
        [{**BIRTHDAY, "links": []}],
        [{**BIRTHDAY, "links": [{}]}, {"handle": "b", "relationship": "child", "links": [{"profile_id": THIRD}]}],
        [{**BIRTHDAY, "links": [{"profile_id": FIRST}]}, {**BIRTHDAY, "links": [{"profile_id": SECOND}]}],
    ),
    "statuses": (["gold"], ["gold", "silver"], ["trial", "nope"], ["nope"], [""], ["gold", None], [], None),
    "region": ("new-south-wales", "victoria", "atlantis"),
    "region_country": ("AU", None),
    "region_state": ("NSW", "VIC", None),
    "regions": (
        [{"handle": "victoria", "country": "AU"}],
        [{"handle": "new-south-wales", "state": "ACT"}, {"handle": "north-island", "is_active": False}],
        [{"handle": "victoria"}, {"handle": "victoria", "state": "VIC"}],
        [{"handle": "atlantis"}],
        [],
    ),
    # Ids are known when the drafts are made, see `Submission.drafts`.
    "organisations": (
        [{"id": "acme"}],
        [{"id": "acme", "role_definition_id": "buyer", "expires_at": "2030-01-01"}],
        [{"id": "rowing-club", "is_active": False}, {"id": "acme", "role_definition_id": None}],
        [{"id": 10**9}],
        [{"id": "acme", "role_definition_id": "", "expires_at": " "}, {"id": "acme", "is_active": 0}],
    ),
    "comms_attributes": (
        {"email_promo": True},
        {"email_promo": False, "sms_optout": True},
        {"email_promo": True, "email_consent_updated_at": "2025-01-01T00:00:00Z"},
        {"email_promo": False, "email_optout": True, "email_consent_updated_at": "2025-02-01T00:00:00Z"},
        {"email_optout": None, "sms_optout": False, "sms_consent_updated_at": "2025-02-01T00:00:00Z"},
        {"post_promo": False, "push_optout": True, "email_discover": True},
        {"post_promo": True, "push_optout": False, "email_discover": None},
        {"email_consent_updated_at": "2099-01-01T00:00:00Z"},
        {"email_verification": "verified", "terms_accepted_version": 3},
        {"email_promo": False},
        {"email_promo": None, "email_consent_updated_at": "2025-02-01T00:00:00Z"},
        {"email_promo": True, "email_consent_updated_at": "2025-02-01T00:00:00.5Z"},
        {"email_promo": True, "email_optout": False, "email_consent_updated_at": "2026-01-01T12:00:00Z"},
        {"email_bounced": True, "sms_bounced": True, "post_bounced": True, "sms_verification": "sent"},
        {"email_bounced": False, "sms_bounced": False, "email_consent_updated_at": "2025-02-01T00:00:00Z"},
        {"sms_optout": True, "sms_consent_updated_at": None},
    ),
    "attributes": (
        {"comms": {"email_promo": False}, "appearance": {"eye_colour": "blue"}},
        {"appearance": {"eye_colour": None, "size_shoe": 9.5}},
        {"appearance": {"eye_colour": "", "size_shoe": 38}},
        {"appearance": {"size_shoe": 38.0}},
        {"comms": []},
    ),
}
BIRTHDAYS: Final[tuple[dict[str, Any], ...]] = (
    {"birth_day": 29, "birth_month": 2},
    {"birth_day": 29, "birth_month": 2, "birth_year": 1980},
    {"birth_day": "01", "birth_month": "12", "birth_year": None},
    {"birth_day": " 8 ", "birth_month": 12.0, "birth_year": ""},
    {"birth_day": "", "birth_month": 5},
    {"birth_day": None, "birth_month": None},
    {"birth_day": None, "birth_month": None, "birth_year": None},
    {"birth_year": None},
    {"birth_year": 1981},
)
TOO_LONG: Final = "x" * 256
SPOILT: Final[tuple[tuple[str, Any], ...]] = (
    ("birth_day", 1),
    ("birth_day", None),
    ("birth_month", 13),
    ("birth_month", 2.5),
    ("birth_year", 99999),
    ("email", None),
    ("email", ""),
    ("email", "nobody"),
    ("email", 7),
    ("email", "a\x00nn@example.com"),
    ("email", "ann\ud800@example.com"),
    ("email", f"{TOO_LONG}@example.com"),
    ("mobile_phone", "12"),
    ("mobile_phone", "0404123121"),
    ("mobile_phone", 61404123121),
    ("mobile_phone", "+61404123121 ext. 5"),
    ("first_name", None),
    ("first_name", ""),
    ("first_name", TOO_LONG),
    ("last_name", "Smi\x00th"),
    ("last_name", ["Smith"]),
    ("company", "\udfff"),
    ("company", True),
    ("gender", "unknown"),
    ("currency", "XXZ"),
    ("profile_type", None),
    ("profile_type", "gone"),
    ("joined_at", "yesterday"),
    ("joined_at", 1588692032),
    ("avatar_url", "javascript:alert(1)"),
    ("reference", 1.5),
    ("tags", "vip"),
    ("tags", [None]),
    ("tags", [""]),
    ("identities", {}),
    ("identities", ["pos"]),
    ("identities", [{"handle": "pos"}]),
    ("identities", [{"handle": "pos", "identifier": ""}]),
    ("identities", [{"handle": "pos", "identifier": None}, {"handle": "pos", "identifier": "7"}]),
    ("identities", [{"handle": "pos", "identifier": True}]),
    ("identities", [{"handle": "pos", "identifier": 7.0}, {"handle": "shop", "identifier": "7"}]),
    ("identities", [{"handle": "pos", "identifier": "7", "is_active": "yes"}]),
    ("identities", [{"handle": "pos", "identifier": 2**64}]),
    ("identities", [{"handle": "pos", "identifier": "7"}] * 101),
    ("tags", ["vip"] * 201),
    ("~/\x00\ud800", "odd"),
)

CRITERIA: Final[tuple[Criteria, ...]] = (
    *(("email",),) * 3,
    *(("pos",),) * 3,
    ("shop",),
    ("loyalty",),
    ("pos", "email"),
    ("email", "pos"),
    ("loyalty", "shop", "email", "pos"),
)

# --- Records and batches -----------------------------------------------------------------------------------------


@st.composite
def identity_entries(draw: DrawFn, *, handle: str = "") -> dict[str, Any]:
    """One entry of a record's identities, of that handle if one is given."""
    handle, identifier = draw(st.sampled_from([one for one in WRITTEN_IDENTITIES if handle in ("", one[0])]))
    extra = draw(st.sampled_from(({}, {}, {"is_active": True}, {"is_active": False}, {"is_primary": True})))
    return {"handle": handle, "identifier": identifier, **extra}


def one_in(count: int) -> SearchStrategy[bool]:
    """Return true once in so many draws."""
    return st.sampled_from((False,) * (count - 1) + (True,))


@st.composite
def identity_lists(draw: DrawFn, *, criteria: Criteria) -> list[Any]:
    """Nothing, or what a record has for its identities: a list, now and then none or null."""
    found: list[Any] = []
    if not draw(one_in(4)):
        some = st.lists(identity_entries(), min_size=1, max_size=2)
        found = [draw(some | some | st.sampled_from((None, [])))]
    for handle in sorted({"pos", "shop"}.intersection(criteria)):
        if not draw(one_in(6)):
            found = [[*((found and found[0]) or []), draw(identity_entries(handle=handle))]]
    return found


@st.composite
def records(draw: DrawFn, *, criteria: Criteria) -> dict[str, Any]:
    """One raw record: mostly keys, usually one for each criterion; a few fields; now and then something wrong."""
    record: dict[str, Any] = {}
    if draw(one_in(2)):
        record["source_updated_at"] = draw(st.sampled_from(ODD_SOURCE_TIMES if draw(one_in(20)) else SOURCE_TIMES))
    if not draw(one_in(6 if "email" in criteria else 2)):
        record["email"] = draw(st.sampled_from(WRITTEN_EMAILS))
    if identities := draw(identity_lists(criteria=criteria)):
        record["identities"] = identities[0]
    if draw(one_in(4)):
        record["mobile_phone"] = draw(st.sampled_from(WRITTEN_MOBILES))
    if draw(one_in(4)):
        record["profile_type"] = draw(st.sampled_from(FIELDS["profile_type"]))
    if draw(one_in(4)):
        record |= draw(st.sampled_from(BIRTHDAYS))
    for name in draw(st.lists(st.sampled_from(tuple(FIELDS)), max_size=4, unique=True)):
        record[name] = draw(st.sampled_from(FIELDS[name]))
    for name in draw(st.lists(st.sampled_from(tuple(NESTED)), max_size=3, unique=True)):
        record[name] = draw(st.sampled_from(NESTED[name]))
    if draw(one_in(10)):
        record |= draw(st.lists(st.sampled_from(SPOILT), min_size=1, max_size=2).map(dict))
    return record


@dataclass(frozen=True)
class Submission:
    """One batch as it would be sent, or a run of edits by staff."""

    criteria: Criteria
    kind: CauseKind
    mobile_clash: MobileClash
    actor: int | None
    """The user who submits it, and with that the source of its times."""
    records: tuple[dict[str, Any], ...]

    def drafts(self, number: int = 0) -> list[ProfileDraft]:
        """Parse the records, as the batch of that number."""
        return [self._draft(record, self._cause(number, position)) for position, record in enumerate(self.records)]

    def told_drafts(self, number: int = 0) -> list[ProfileDraft]:
        """Return the same drafts, of records that the reference has rid of their placeholders itself."""
        drafts = []
        for position, record in enumerate(self.records):
            left, pointers = without_placeholders(record)
            draft = self._draft(left, self._cause(number, position))
            blocked = tuple(Finding(WarningCode.BLOCKED_VALUE, pointer, "") for pointer in pointers)
            # What it left blank for them was none.
            warnings = tuple(one for one in draft.warnings if one.pointer not in pointers)
            drafts.append(replace(draft, warnings=(*blocked, *warnings)))
        return drafts

    def _cause(self, number: int, position: int) -> Cause:
        return Cause(self.kind, batch_id=batch_id(number), position=position, actor_id=self.actor)

    def _draft(self, record: dict[str, Any], cause: Cause) -> ProfileDraft:
        draft = parse_record(with_ids(record), cause=cause)
        return replace(draft, is_explicit=self.kind is CauseKind.ADMIN)


def with_ids(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record with the ids that organisations, roles and locations have in this database."""
    ids: dict[object, int] = {}
    for known in (ORGANISATIONS, ROLES):
        ids |= {handle: row_id for row_id, handle in known.items()}
    ids |= {names["external_id"]: row_id for row_id, names in LOCATIONS.items()}
    if "joined_location_id" in record:
        record = {**record, "joined_location_id": ids.get(record["joined_location_id"])}
    if entries := record.get("organisations"):
        entries = [{name: ids.get(value, value) for name, value in entry.items()} for entry in entries]
        record = {**record, "organisations": entries}
    return record


def batch_id(number: int) -> UUID:
    """Return the id of the batch of that number."""
    return uuid5(UUID(int=0), str(number))


@st.composite
def retellings(draw: DrawFn, *, max_size: int = 3) -> list[Submission]:
    """Batches of which all records tell few things of few people."""
    some = draw(topics())
    batch = st.builds(
        Submission,
        criteria=st.just(("email",)),
        kind=st.sampled_from((*(CauseKind.BATCH,) * 5, CauseKind.ADMIN)),
        mobile_clash=st.sampled_from((MobileClash.REJECT, MobileClash.SECONDARY)),
        actor=st.sampled_from(ACTORS),
        records=st.lists(retold(topics=some), min_size=4, max_size=8).map(tuple),
    )
    return draw(st.lists(batch, min_size=1, max_size=max_size))


@st.composite
def submissions(draw: DrawFn, *, max_size: int = 8) -> Submission:
    """Batches of one to `max_size` records; every third one tells of few people."""
    if draw(one_in(3)):
        (retelling,) = draw(retellings(max_size=1))
        return retelling
    criteria = draw(st.sampled_from(CRITERIA))
    return Submission(
        criteria=criteria,
        kind=draw(st.sampled_from((CauseKind.BATCH, CauseKind.BATCH, CauseKind.BATCH, CauseKind.ADMIN))),
        mobile_clash=draw(st.sampled_from((MobileClash.REJECT, MobileClash.REJECT, MobileClash.SECONDARY))),
        actor=draw(st.sampled_from(ACTORS)),
        records=tuple(draw(st.lists(records(criteria=criteria), min_size=1, max_size=max_size))),
    )


# --- Who is there already ----------------------------------------------------------------------------------------


@st.composite
def worlds(draw: DrawFn) -> World:
    """Up to six people who hold disjoint keys; some deleted, some merged by hand into an earlier one."""
    world = World()
    free_emails = draw(st.permutations(EMAILS))
    free_mobiles = draw(st.permutations(MOBILES))
    free_identities = draw(st.permutations(IDENTITIES))
    for _ in range(draw(st.sampled_from((0, 1, 2, 3, 4, 4, 5, 6)))):
        person = newcomer(world)
        person.is_stored = True
        if free_emails and not draw(one_in(3)):
            person.fields["email"] = free_emails.pop()
        if free_mobiles and not draw(one_in(2)):
            person.fields["mobile_phone"] = free_mobiles.pop()
        for place in range(min(draw(st.sampled_from((0, 1, 1, 2))), len(free_identities))):
            person.identities[free_identities.pop()] = {
                "is_primary": place == 0 and draw(st.booleans()),
                "is_active": draw(st.booleans()),
                "merged_from": draw(st.sampled_from((None, str(batch_id(9))))),
            }
        person.tags = draw(st.sets(st.sampled_from(("vip", "big-spender", "a/b~c"))))
        person.fields["profile_type"] = draw(st.sampled_from(("active", "active", "active", "deleted")))
        person.fields["joined_at"] = draw(st.sampled_from((None, "2020-05-05T15:20:32Z")))
        if draw(one_in(3)):
            person.rows["regions"]["victoria",] = {
                "country": None,
                "state": None,
                "is_active": True,
                "is_default": draw(st.booleans()),
            }
        if draw(one_in(3)):
            # As somebody stored it before: the country spelt out.
            row = {**dict.fromkeys(ADDRESSES.fields), **HOME, "country": "Australia", "is_default": True}
            person.rows["addresses"]["0",] = row
        if draw(one_in(3)):
            end = draw(st.sampled_from(("2025-12-01T00:00:00Z", "2026-06-01T00:00:00Z")))
            person.rows["statuses"]["gold",] = {"expires_at": end, "is_active": True}
        if draw(one_in(3)):
            person.fields |= {"comms/email_promo": False, "comms/email_consent_updated_at": "2025-01-01T00:00:00Z"}
            person.times["comms/email_promo"] = draw(st.sampled_from(("2025-01-01T00:00:00Z", "2025-06-01T00:00:00Z")))
        person.fields |= draw(
            st.sampled_from(
                (
                    {},
                    {"birth_day": 28, "birth_month": 2, "birth_year": 1981},
                    {"birth_day": 29, "birth_month": 2},
                )
            )
        )
        if draw(one_in(2)):
            person.source_times = draw(spoken_of())
        survivors = [other.label for other in world.people if other.merged_into is None]
        person.merged_into = draw(st.sampled_from([*survivors, None])) if draw(one_in(3)) else None
        world.put_down(None, person, position=None)
    return world


@st.composite
def furnished_worlds(draw: DrawFn) -> World:
    """Return a world of the people that `retellings` tell of, with much that they tell of."""
    world = World()
    for email in (EMAIL, OTHER_EMAIL):
        person = newcomer(world)
        person.is_stored = True
        person.fields["email"] = email
        furnish(draw, person)
        world.put_down(None, person, position=None)
    return world
