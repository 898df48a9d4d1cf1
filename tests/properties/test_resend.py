"""Sending a batch again is safe."""

import copy
import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given

from profiles import models
from tests.properties.reference import World, apply_one, apply_one_by_one
from tests.properties.retelling import JUST_AHEAD
from tests.properties.stored import START, decide, described, described_database, rolled_back, store
from tests.properties.strategies import Submission, examples, submissions, worlds

pytestmark = pytest.mark.django_db


@examples(60, torture=3_000)
@given(world=worlds(), batch=submissions())
def test_resent_batch_changes_nothing_where_no_two_records_share_a_profile(world, batch):
    batch = without_company(world, batch)
    with rolled_back():
        labels = store(world)
        first = decide(
            batch.drafts(0), batch.criteria, labels, now=START + dt.timedelta(days=1), mobile_clash=batch.mobile_clash
        )
        described_first = described_database(labels)
        updated_first = updated_at()

        again = decide(
            batch.drafts(1), batch.criteria, labels, now=START + dt.timedelta(days=2), mobile_clash=batch.mobile_clash
        )

        assert [decision.kind for decision in again] == [
            "rejected" if decision.kind == "rejected" else "unchanged" for decision in first
        ]
        assert [decision.errors for decision in again] == [decision.errors for decision in first]
        assert [decision.label for decision in again] == [decision.label for decision in first]
        described_again = described_database(labels)
        for label, person in described_first["people"].items():
            times, times_again = person.pop("times"), described_again["people"][label].pop("times")
            assert times.keys() == times_again.keys()
            assert all(times_again[name] >= time for name, time in times.items())  # said again, later
        assert described_again == described_first
        assert updated_at() == updated_first


@examples(60, torture=3_000)
@given(world=worlds(), batch=submissions())
def test_resent_batch_does_what_the_reference_does_again(world, batch):
    world = copy.deepcopy(world)
    with rolled_back():
        labels = store(world)

        for number in range(3):
            now = START + dt.timedelta(days=number + 1)
            expected = apply_one_by_one(
                world, batch.told_drafts(number), batch.criteria, now=now, mobile_clash=batch.mobile_clash
            )
            found = decide(batch.drafts(number), batch.criteria, labels, now=now, mobile_clash=batch.mobile_clash)

            assert found == expected
        assert described_database(labels) == described(world)


def updated_at() -> dict[str, set[tuple[object, dt.datetime]]]:
    """Return when each row was last written."""
    return {
        model.__name__: set(model.objects.values_list("id", "updated_at"))
        for model in (models.Profile, models.Identity, models.Tag)
    }


def without_company(world: World, batch: Submission) -> Submission:
    """Keep only records that have to do with no profile and no key that an earlier one had to do with.

    And that are not refused for being ahead of the clock: a day later they no longer are.
    """
    world = copy.deepcopy(world)
    taken: set[object] = set()
    kept = []
    for record, draft in zip(batch.records, batch.drafts(), strict=True):
        concerned = {person.label for person in world.meant_by(tuple(draft.pointers))} | set(draft.pointers)
        if concerned & taken or record.get("source_updated_at") == JUST_AHEAD:
            continue
        decision = apply_one(world, draft, batch.criteria, now=START, mobile_clash=batch.mobile_clash)
        taken |= concerned
        if decision.kind == "created":
            taken.add(decision.label)
        kept.append(record)
    return replace(batch, records=tuple(kept))
