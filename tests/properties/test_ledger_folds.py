"""Folding a profile's ledger from its creation gives the profile as it is."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles import models
from profiles.history import fold
from profiles.reconcile import State
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
            assert fold(entry.changes for entry in ledger) == state_of(profile)


def state_of(profile: models.Profile) -> State:
    """Return a stored profile as a state."""
    identities = {
        (identity.handle, identity.identifier): {
            "is_primary": identity.is_primary,
            "is_active": identity.is_active,
            "merged_from": None if identity.merged_from is None else str(identity.merged_from),
        }
        for identity in models.Identity.objects.filter(profile=profile)
    }
    tags = {(assigned.tag_id,): {} for assigned in models.ProfileTag.objects.filter(profile=profile)}
    return State(fields=state_of_fields(profile), collections={"identities": identities, "tags": tags})
