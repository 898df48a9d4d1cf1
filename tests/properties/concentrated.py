"""Histories of one or two people: records, edits and undos that all meet each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.properties.reference import id_of
from tests.properties.strategies import BIRTHDAYS, FIELDS, HOME, NESTED, WORK, one_in

MOBILES: Final = ("+61404123121", "+61404123122", None)
IDENTITIES: Final[tuple[list[dict[str, Any]], ...]] = (
    [{"handle": "pos", "identifier": "7"}],
    [{"handle": "pos", "identifier": "7", "is_primary": True}, {"handle": "shop", "identifier": "a/b~c"}],
    [{"handle": "shop", "identifier": "a/b~c", "is_active": False, "is_primary": True}],
    [{"handle": "pos", "identifier": "7", "is_primary": False}],
)
LINK: Final = {"profile_id": str(id_of(0))}
BIRTH: Final = {"handle": "b", "name": "B", "date": "2000-02-29"}
CHILD: Final = {"handle": "b", "relationship": "child", "name": "C", "date": "2010-01-01"}
DATES: Final = (
    [BIRTH],
    [{**BIRTH, "note": "cake"}, CHILD],
    [{**CHILD, "is_recurring": True}],
    [{**BIRTH, "links": [LINK]}],
    [{**BIRTH, "links": [{**LINK, "role": "twin"}]}],
    [{**BIRTH, "links": []}],
)
ADDRESSES: Final = (
    [HOME],
    [WORK, {**HOME, "is_default": True}],
    [{**HOME, "external_id": "h", "notes": "ring"}],
    [{**WORK, "external_id": "h", "is_default": True}],
    [{**WORK, "external_id": "w", "meta": {"a": [1, None]}}],
    [{**HOME, "city": "Central"}],
)
VALUES: Final = {
    **{name: FIELDS[name] for name in ("company", "title", "tags", "joined_at", "joined_location_external_id")},
    **{name: NESTED[name] for name in ("custom_attributes", "statuses", "comms_attributes", "attributes")},
    "first_name": ("Ann", "Bob"),
    "profile_type": ("active", "pending", "pending", "deleted"),
    "addresses": ADDRESSES,
    "dates_attributes": DATES,
    "region": ("new-south-wales", "victoria"),
    "region_state": ("NSW", None),
    "regions": NESTED["regions"][:2],
    "organisations": NESTED["organisations"][:3],
}
SOURCE_TIMES: Final = ("2025-12-01T00:00:00Z", "2025-12-02T00:00:00Z", "2025-12-03T00:00:00Z")
EMAILS: Final = ("ann@example.com", "ann@example.org", "ann@example.net")


@dataclass(frozen=True)
class Sent:
    """One record and how it comes in."""

    record: dict[str, Any]
    by_staff: bool


@dataclass(frozen=True)
class Sends:
    """A batch of records."""

    records: tuple[Sent, ...]


@dataclass(frozen=True)
class Undoes:
    """Rows of the ledger are taken back: chosen by these numbers among all there are."""

    numbers: tuple[int, ...]
    loosens: bool
    whole_batch: bool


Step = Sends | Undoes


@st.composite
def records(draw: DrawFn) -> Sent:
    """One record about Ann, by her number in the shop, now and then about Bob."""
    owner = draw(st.sampled_from(("A", "A", "A", "B")))
    record: dict[str, Any] = {"identities": [{"handle": "id", "identifier": owner}]}
    if draw(one_in(3)):
        record["email"] = draw(st.sampled_from(EMAILS))
    if draw(one_in(3)):
        record["mobile_phone"] = draw(st.sampled_from(MOBILES))
    if draw(one_in(3)):
        record["identities"] = [*record["identities"], *draw(st.sampled_from(IDENTITIES))]
    if draw(one_in(3)):
        record |= draw(st.sampled_from(BIRTHDAYS[:3]))
    for name in draw(st.lists(st.sampled_from(tuple(VALUES)), max_size=4, unique=True)):
        record[name] = draw(st.sampled_from(VALUES[name]))
    if draw(one_in(3)):
        record["profile_type"] = draw(st.sampled_from(VALUES["profile_type"]))
    if draw(one_in(4)):
        record["source_updated_at"] = draw(st.sampled_from(SOURCE_TIMES))
    return Sent(record, by_staff=draw(one_in(4)))


def batches() -> st.SearchStrategy[Sends]:
    """Return batches of a few records."""
    return st.lists(records(), min_size=1, max_size=3).map(tuple).map(Sends)


def undos() -> st.SearchStrategy[Undoes]:
    """Return undos of one row or two, or of whole batches."""
    numbers = st.lists(st.integers(0, 99), min_size=1, max_size=2).map(tuple)
    return st.builds(Undoes, numbers, loosens=one_in(4), whole_batch=st.booleans())


def histories(*, most: int = 12) -> st.SearchStrategy[Sequence[Step]]:
    """Return histories that begin with a batch, with batches and undos in any order."""
    rest: st.SearchStrategy[list[Step]] = st.lists(st.one_of(batches(), undos(), undos()), min_size=3, max_size=most)
    return st.builds(lambda first, then: [first, *then], batches(), rest)
