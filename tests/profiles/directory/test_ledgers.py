"""Rows of ledgers as they are kept, and who stands on whom: one query, however many are asked for."""

import datetime as dt
from uuid import UUID

import pytest

from profiles.directory.ledgers import find_links, load_reverts, load_rows, takers_of
from profiles.models import ProfileChange
from profiles.values import Cause, CauseKind, ChangeAction, LedgerRow, TakenBack
from tests.builders import make_profile

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 1, 31, 10, 0, 0, 250_000, tzinfo=dt.timezone(dt.timedelta(hours=10)))


def kept(profile, version, *, takes_back=None, **fields):
    """Keep one more row of the profile's ledger."""
    reverts = None if takes_back is None else TakenBack(takes_back).as_json()
    fields = {"action": "updated", "changes": {}, "cause_kind": "api", "at": AT, "reverts": reverts, **fields}
    return ProfileChange.objects.create(profile=profile, version=version, **fields)


def test_row_is_told_as_it_is_kept():
    ann, batch = make_profile(), UUID(int=9)
    changes = {"/company": {"from": None, "to": "Zoë & Söhne"}, "/tags/a~1b": {"from": True}}
    times = {"/effective/comms/email_promo": {"to": "2026-01-31T00:00:00Z"}}
    kept(
        ann, 2, action="reverted", changes=changes, times=times, cause_kind="batch", batch_id=batch, position=3,
        actor_id=7, actor_label="till", request_id="r-9",
        reverts={"versions": [1], "except": ["/title"], "kept": {"/company": "kept_newer"}},
    )  # fmt: skip
    kept(ann, 3)

    second, third = load_rows({ann.id: 2})[ann.id]

    assert second == LedgerRow(
        2,
        ChangeAction.REVERTED,
        changes,
        Cause(CauseKind.BATCH, batch, 3, 7, "till", "r-9"),
        "2026-01-31T00:00:00.250000Z",
        times,
        TakenBack((1,), ("/title",), {"/company": "kept_newer"}),
    )
    assert (third.cause, third.times, third.reverts) == (Cause(CauseKind.API), {}, None)


@pytest.mark.parametrize(("floor", "versions"), [(1, [*range(1, 12)]), (9, [9, 10, 11]), (10, [10, 11]), (12, None)])
def test_rows_are_those_from_a_version_on_in_their_order(floor, versions):
    ann, bob = make_profile(), make_profile()
    for version in (11, *range(2, 11)):
        kept(ann, version)

    rows = load_rows({ann.id: floor, bob.id: 1, UUID(int=1): 1})

    told = {profile_id: [row.version for row in found] for profile_id, found in rows.items()}
    assert told == ({bob.id: [1]} if versions is None else {ann.id: versions, bob.id: [1]})


@pytest.mark.parametrize("count", [1, 3, 100])
def test_one_query_however_many_profiles(django_assert_num_queries, count):
    ann = make_profile()
    kept(ann, 2, takes_back=(1,))
    ids = [ann.id, *(UUID(int=number) for number in range(1, count))]

    with django_assert_num_queries(1):
        rows = load_rows(dict.fromkeys(ids, 2))
    with django_assert_num_queries(1):
        reverts = load_reverts(ids)

    assert [row.version for row in rows[ann.id]] == [2]
    assert reverts == {ann.id: {2: TakenBack((1,))}}


def test_nothing_asked_is_not_asked_for(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert (load_rows({}), find_links([])) == ({}, {})


@pytest.mark.parametrize(
    ("reverts", "takers"),
    [
        ({}, {}),
        ({4: (2, 3)}, {2: 4, 3: 4}),
        ({3: (2,), 4: (3,)}, {3: 4}),
        ({3: (2,), 4: (3,), 5: (4,)}, {2: 3, 4: 5}),
        ({3: (2,), 4: (2,)}, {2: 4}),
        ({3: (2,), 4: (2,), 5: (4,)}, {2: 3, 4: 5}),
    ],
)
def test_dead_row_was_taken_back_by_the_newest_live_one(reverts, takers):
    ann, bob = make_profile(), make_profile()
    for version in range(2, 6):
        kept(ann, version, takes_back=reverts.get(version))
    kept(bob, 2, takes_back=(1,))

    assert takers_of([ann.id]) == {(ann.id, version): taker for version, taker in takers.items()}
    assert takers_of([ann.id, bob.id]) == takers_of([ann.id]) | {(bob.id, 1): 2}


def test_profiles_are_found_whose_dates_concern_others():
    child, pet = make_profile(), make_profile()

    def with_date_of(*others):
        links = [{"profile_id": str(other.id)} for other in others]
        date = {"handle": "birthday", "name": "Birthday", "date": "2015-02-01", "links": links}
        return make_profile(dates_attributes=[date])

    mother, father = with_date_of(child, pet), with_date_of(child)
    father.date_links.create(handle="x", linked_profile=father, created_at=AT, updated_at=AT)

    assert find_links([child.id, father.id]) == {child.id: [mother.id, father.id]}
    assert find_links([child.id, pet.id]) == {child.id: [mother.id, father.id], pet.id: [mother.id]}
