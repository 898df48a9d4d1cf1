"""What is exported imports again, and changes nothing."""

import datetime as dt

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles import models
from profiles.applying import apply_drafts
from profiles.countries import country_code
from profiles.exporting import Wanted, export_profiles
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind, OutcomeKind
from tests.properties.stored import START, decide, rolled_back, store
from tests.properties.strategies import examples, furnished_worlds, retellings, submissions, worlds

pytestmark = pytest.mark.django_db

CRITERIA = (("email",), ("pos",), ("shop", "email"))


@examples(60, torture=3_000)
@given(world=worlds(), batches=st.lists(submissions(), min_size=1, max_size=3), criteria=st.sampled_from(CRITERIA))
def test_exported_profiles_import_as_unchanged(world, batches, criteria):
    check(world, batches, criteria)


@examples(60, torture=3_000)
@given(world=furnished_worlds(), batches=retellings(), criteria=st.sampled_from(CRITERIA))
def test_exported_profiles_with_much_to_tell_import_as_unchanged(world, batches, criteria):
    check(world, batches, criteria)


def check(world, batches, criteria):
    """Export what the batches made of the world, import it again, and find that nothing moved."""
    now = START + dt.timedelta(days=30)
    for person in world.people:
        for row in person.rows["addresses"].values():
            row["country"] = country_code(row["country"]) or row["country"]  # as the hub itself would have stored it
    with rolled_back():
        labels = store(world)
        for number, batch in enumerate(batches):
            decide(batch.drafts(number), batch.criteria, labels, now=START + dt.timedelta(days=number + 1))
        exported = list(export_profiles(Wanted(criteria=criteria), now=now))
        ledger = models.ProfileChange.objects.count()

        assert {one.profile_id for one in exported} == set(
            models.Profile.objects.filter(merged_into=None, ended=None).values_list("id", flat=True)
        )
        meant = [one.profile_id for one in exported for _ in one.told.records]
        records = [orjson.loads(orjson.dumps(record)) for one in exported for record in one.told.records]
        cause = Cause(CauseKind.BATCH, actor_id=9)
        outcomes = apply_drafts([parse_record(record, cause=cause) for record in records], criteria=criteria, now=now)
        assert [(one.kind, one.profile_id, one.errors) for one in outcomes] == [
            (OutcomeKind.UNCHANGED, profile_id, ()) for profile_id in meant
        ]
        assert models.ProfileChange.objects.count() == ledger
