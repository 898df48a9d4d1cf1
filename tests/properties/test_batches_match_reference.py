"""Batches do what their records would do one by one: the same outcomes, the same state, the same ledger."""

import copy
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles import models
from tests.properties.reference import apply_one_by_one
from tests.properties.stored import START, decide, described, described_database, rolled_back, store
from tests.properties.strategies import examples, furnished_worlds, retellings, submissions, worlds

pytestmark = pytest.mark.django_db


@examples(80, torture=4_000)
@given(world=worlds(), batches=st.lists(submissions(), min_size=1, max_size=4))
def test_batches_do_what_the_reference_does(world, batches):
    check_batches(world, batches)


@examples(120, torture=4_000)
@given(world=furnished_worlds(), batches=retellings())
def test_late_records_do_what_the_reference_does(world, batches):
    check_batches(world, batches)


def check_batches(world, batches):
    """Put the batches through both, one after another, and find the same afterwards."""
    world = copy.deepcopy(world)
    with rolled_back():
        labels = store(world)

        for number, batch in enumerate(batches):
            now = START + dt.timedelta(days=number + 1)
            terms = {"now": now, "mobile_clash": batch.mobile_clash}
            expected = apply_one_by_one(world, batch.told_drafts(number), batch.criteria, **terms)
            found = decide(batch.drafts(number), batch.criteria, labels, **terms)

            assert found == expected
            assert described_database(labels) == described(world)


@examples(40, torture=2_000)
@given(world=worlds(), batch=submissions())
def test_a_batch_is_its_records_one_by_one(world, batch):
    now = START + dt.timedelta(days=1)
    with rolled_back():
        labels = store(world)
        whole = decide(batch.drafts(), batch.criteria, labels, now=now, mobile_clash=batch.mobile_clash)
        state_of_whole = described_database(labels)

    with rolled_back():
        labels = store(world)
        terms = {"now": now, "mobile_clash": batch.mobile_clash}
        singly = [decide([draft], batch.criteria, labels, **terms)[0] for draft in batch.drafts()]

        assert whole == singly
        assert state_of_whole == described_database(labels)


@examples(40, torture=2_000)
@given(world=worlds(), batch=submissions())
def test_only_changed_profiles_and_identities_are_touched(world, batch):
    now = START + dt.timedelta(days=1)
    with rolled_back():
        labels = store(world)
        before = described_database(labels)["people"]

        decide(batch.drafts(), batch.criteria, labels, now=now)

        after = described_database(labels)["people"]
        touched = {labels[profile.id] for profile in models.Profile.objects.filter(updated_at=now)}
        for person in (*before.values(), *after.values()):
            del person["times"], person["source_times"]  # moving one alone touches nobody
        assert touched == {label for label in after if after[label] != before.get(label)}
        new = {labels[profile.id] for profile in models.Profile.objects.filter(created_at=now)}
        assert new == after.keys() - before.keys()
        for identity in models.Identity.objects.select_related("profile"):
            label, key = labels[identity.profile_id], (identity.handle, identity.identifier)
            old_row = before.get(label, {"identities": {}})["identities"].get(key)
            is_changed = old_row != after[label]["identities"][key]
            assert identity.updated_at == (now if is_changed else START)
            assert identity.created_at == (now if old_row is None else START)
