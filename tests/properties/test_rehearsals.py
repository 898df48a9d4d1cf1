"""A dry run of a file tells what the run does, whatever its parts make of one another, and writes nothing."""

import datetime as dt
import io
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import orjson
import pytest
from django.apps import apps
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from batches import importing
from batches.drafts import drafts_in
from batches.importing import FileRun, ImportTerms
from batches.models import Batch
from batches.rehearsing import Rehearsal
from batches.values import BatchSource
from profiles.applying import apply_drafts
from profiles.db.ids import new_id
from profiles.directory import load_key_rules
from profiles.history import without_origins
from profiles.models import ProfileChange
from profiles.overlay import Overlay
from tests.properties.stored import START, rolled_back, store
from tests.properties.strategies import examples, furnished_worlds, submissions, worlds

pytestmark = pytest.mark.django_db
NOW = START + dt.timedelta(days=9)


@examples(80, torture=3_000)
@given(
    world=st.one_of(worlds(), furnished_worlds()),
    batches=st.lists(submissions(), min_size=1, max_size=4),
    size=st.integers(1, 3),
)
def test_dry_run_in_slices_is_the_run_in_slices(tmp_path_factory, world, batches, size):
    path = Path(tmp_path_factory.getbasetemp()) / "records.jsonl"
    lines = [orjson.dumps(record) for batch in batches for record in batch.records if _is_json(record)]
    path.write_bytes(b"\n".join(lines))
    terms = ImportTerms(batches[0].criteria)
    with (
        rolled_back(),
        patch.object(importing, "MAX_RECORDS", size),
        Overlay() as overlay,
        patch("batches.rehearsing.timezone.now", return_value=NOW),
    ):
        store(world)
        before = everything()
        report = io.BytesIO()
        run = Rehearsal(path, terms, overlay=overlay, label="", submitted_by=None, report=report)

        run.run(on_progress=lambda _: None)

        assert everything() == before
        foretold = [orjson.loads(line) for line in report.getvalue().splitlines()]
        assert [told(one) for one in foretold] == list(done(path, terms))
        assert run.taken == len(foretold) == sum(run.counts.values())


def _is_json(record):
    try:
        orjson.dumps(record)
    except (TypeError, orjson.JSONEncodeError):
        return False
    return True


def everything():
    """Return all rows of all tables."""
    return {model: list(model._default_manager.order_by("pk").values()) for model in apps.get_models()}


def done(path, terms):
    """Apply the file's slices and yield what became of each record."""
    run = FileRun(path, terms, label="")
    for part in run.slices():
        run.take(part)
        batch = Batch(id=new_id(), source=BatchSource.IMPORT)
        rules = load_key_rules()
        with transaction.atomic():
            outcomes = apply_drafts(
                drafts_in(batch, part.body(terms.criteria), rules),
                criteria=terms.criteria,
                now=NOW,
                identity_limits=rules.identity_limits,
            )
        changes = dict(ProfileChange.objects.filter(batch_id=batch.id).values_list("position", "changes"))
        for position, (line, outcome) in enumerate(zip(part.lines, outcomes, strict=True)):
            is_new = outcome.kind == "created"
            yield told(
                {
                    "line": line.number,
                    "outcome": str(outcome.kind),
                    "profile_id": None if is_new or outcome.profile_id is None else str(outcome.profile_id),
                    "rule": None if outcome.rule is None else str(outcome.rule),
                    "key": None if outcome.key is None else outcome.key.as_json(),
                    "errors": [one.as_json() for one in outcome.errors],
                    "warnings": [one.as_json() for one in outcome.warnings],
                    "changes": without_origins(changes.get(position, {})),
                }
            )


def told(one):
    """Return what is the same in both: what is new has another id each time."""
    names: dict[str, str] = {}
    changes = {}
    for pointer, sides in one["changes"].items():
        parts = pointer.split("/")
        if parts[1] == "addresses":
            parts[2] = names.setdefault(parts[2], f"address {len(names)}")
        changes["/".join(parts)] = sides
    return {
        "line": one["line"],
        "outcome": one["outcome"],
        "is_known": one["profile_id"] if one["profile_id"] and UUID(one["profile_id"]).int < 2**112 else "",
        "rule": one["rule"],
        "key": one["key"],
        "errors": [(error["code"], error["pointer"]) for error in one["errors"]],
        "warnings": [(warning["code"], warning["pointer"]) for warning in one["warnings"]],
        "changes": changes,
    }
