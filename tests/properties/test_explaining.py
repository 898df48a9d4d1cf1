"""What is explained is what would be done, and nothing is done (way 3.6)."""

import datetime as dt

import pytest
from django.apps import apps
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from profiles.applying import explain_draft
from profiles.values import StepResult
from tests.properties.stored import START, decide, decision_of, described_database, rolled_back, store
from tests.properties.strategies import examples, submissions, worlds

pytestmark = pytest.mark.django_db
RULES = {"criterion": "2.1", "routed": "2.2", "new": "2.4"}
REFUSALS = {"ambiguous", "no_match_value", "deleted_profile", "claimed_elsewhere"}


@examples(80, torture=3_000)
@given(world=worlds(), batch=submissions(), which=st.integers(0, 30))
def test_explained_record_becomes_what_was_said(world, batch, which):
    draft = batch.drafts()[which % len(batch.records)]
    now = START + dt.timedelta(days=1)
    with rolled_back():
        labels = store(world)
        before = everything()

        with transaction.atomic():
            explained, change = explain_draft(
                draft, criteria=batch.criteria, now=now, mobile_clash=batch.mobile_clash, identity_limits={}
            )

        assert everything() == before
        (applied,) = decide([draft], batch.criteria, labels, now=now, mobile_clash=batch.mobile_clash)
        if explained.kind == "created":
            labels[explained.profile_id] = max(labels.values())
        assert decision_of(explained, labels) == applied
        assert (change is not None) == (applied.kind in {"created", "updated"})
        decided = [step.rule for step in explained.steps if step.result is StepResult.DECIDES]
        assert decided == [RULES[explained.rule]] if explained.rule and explained.key else len(decided) <= 1
        refusals = {error.code.value for error in explained.errors} & REFUSALS
        assert not refusals or any(step.result is StepResult.REFUSES for step in explained.steps)
        assert described_database(labels)


def everything():
    """Return the rows of all tables."""
    return {model._meta.label: list(model.objects.order_by("pk").values()) for model in apps.get_models()}
