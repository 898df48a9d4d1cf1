"""Folding a profile's ledger from its creation gives the profile as it is."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles import models
from profiles.directory import load_snapshots
from profiles.history import fold
from profiles.shape import COLLECTIONS
from tests.properties.stored import START, decide, rolled_back, state_of_fields, store
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


def known(fields):
    """Return the fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def collections_of(profile):
    """Return a stored profile's collections, those that have rows."""
    snapshot = load_snapshots([profile.id], collections=tuple(COLLECTIONS))[profile.id]
    return {name: rows for name, rows in snapshot.collections.items() if rows}
