"""Folding a profile's ledger from its creation gives the profile as it is."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles import models
from profiles.directory import load_snapshots
from profiles.history import fold
from profiles.reconcile import row_pointer
from profiles.shape import COLLECTIONS
from tests.properties.stored import START, decide, plain, rolled_back, state_of_fields, store
from tests.properties.strategies import examples, submissions, worlds

pytestmark = pytest.mark.django_db


@examples(60, torture=3_000)
@given(world=worlds(), batches=st.lists(submissions(), min_size=1, max_size=4))
def test_every_ledger_folds_to_its_profile(world, batches):
    with rolled_back():
        labels = store(world)

        for number, batch in enumerate(batches):
            decide(batch.drafts(number), batch.criteria, labels, now=START + dt.timedelta(days=number + 1))

        for profile in models.Profile.objects.all():
            ledger = list(models.ProfileChange.objects.filter(profile=profile).order_by("version"))
            assert [entry.version for entry in ledger] == list(range(1, profile.version + 1))
            assert [entry.at for entry in ledger] == sorted(entry.at for entry in ledger)
            assert ledger[-1].at == profile.updated_at
            folded = fold(entry.changes for entry in ledger)
            assert known(folded.fields) == known(state_of_fields(profile))
            assert {name: rows for name, rows in folded.collections.items() if rows} == collections_of(profile)


@examples(60, torture=3_000)
@given(world=worlds(), batches=st.lists(submissions(), min_size=1, max_size=4))
def test_rows_stay_the_same_rows_and_removed_ones_can_come_back_as_such(world, batches):
    with rolled_back():
        labels = store(world)
        for number, batch in enumerate(batches):
            before = rows_by_pointer()

            decide(batch.drafts(number), batch.criteria, labels, now=START + dt.timedelta(days=number + 1))

            after = rows_by_pointer()
            assert {place: after[place] for place in before.keys() & after.keys()} == {
                place: before[place] for place in before.keys() & after.keys()
            }
            told = {
                (entry.profile_id, pointer): change["from"]
                for entry in models.ProfileChange.objects.filter(at=START + dt.timedelta(days=number + 1))
                for pointer, change in entry.changes.items()
                if "to" not in change
            }
            for profile_id, place in before.keys() - after.keys():
                row_id, created_at = before[profile_id, place]
                assert told[profile_id, f"{place}/id"] == row_id
                assert told.get((profile_id, f"{place}/created_at")) == created_at


def rows_by_pointer():
    """Return the id and time of making of every stored row, by its profile and its place in the ledger."""
    found = {}
    for name, collection in COLLECTIONS.items():
        for row in models.COLLECTION_MODELS[name]._default_manager.all():
            attnames = {field.name: field.attname for field in row._meta.concrete_fields}
            key = [str(getattr(row, attnames[part])) for part in collection.key]
            found[row.profile_id, row_pointer(collection, key)] = (row.id, plain(getattr(row, "created_at", None)))
    return found


def known(fields):
    """Return the fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def collections_of(profile):
    """Return a stored profile's collections, those that have rows."""
    snapshot = load_snapshots([profile.id], collections=tuple(COLLECTIONS))[profile.id]
    return {name: rows for name, rows in snapshot.collections.items() if rows}
