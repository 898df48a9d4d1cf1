"""A dry run is the run, and a run that is held to one does what was shown or nothing (way 4)."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from hypothesis import event, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from batches.confirming import confirm_preview
from batches.models import Batch
from batches.values import BatchSource, IfChanged
from tests.builders import process_waiting, submit
from tests.properties.foretold import check_record_by_record, check_whole, counts, done, shown
from tests.properties.stored import store, undone
from tests.properties.strategies import FIELDS, Submission, examples, submissions, with_ids, worlds

pytestmark = pytest.mark.django_db

OF_PREVIEWS = {"batches_batch", "batches_batchbody", "batches_previewrecord"}
Rows = dict[str, set[str]]


@st.composite
def with_others(draw: DrawFn) -> list[Submission]:
    """Draw a batch and those that come between: mostly of the same people, who have something else to say."""
    batch = draw(submissions())
    others = []
    for _ in range(draw(st.sampled_from((1, 1, 2)))):
        records = []
        for record in draw(st.lists(st.sampled_from(batch.records), max_size=3)):
            names = draw(st.lists(st.sampled_from(tuple(FIELDS)), max_size=2, unique=True))
            records.append(record | {name: draw(st.sampled_from(FIELDS[name])) for name in names})
        other = draw(submissions(max_size=3))
        others.append(replace(other, records=(*records, *other.records)))
    return [batch, *others]


def process(batch: Submission, *, dry_run: bool = False) -> Batch:
    """Send the records as one batch, have it processed and return it."""
    records = [with_ids(record) for record in batch.records]
    sent = submit(records, list(batch.criteria), mobile_clash=batch.mobile_clash, dry_run=dry_run)
    process_waiting()
    return Batch.objects.get(id=sent.id)


def confirm(preview: Batch, if_changed: IfChanged = IfChanged.STOP) -> Batch:
    """Confirm the preview, have the run processed and return that."""
    receipt = confirm_preview(preview, digest=preview.digest, if_changed=if_changed, source=BatchSource.API)
    process_waiting()
    return Batch.objects.get(id=receipt.batch_id)


def all_rows() -> Rows:
    """Return everything that is stored, table by table."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 our own tables
            found[table] = {repr(row) for row in cursor.fetchall()}
    return found


def of_people(rows: Rows) -> Rows:
    return {table: found for table, found in rows.items() if not table.startswith("batches_")}


def renamed(decisions: list[tuple[Any, ...]]) -> str:
    """Return the decisions with what they made, profiles and addresses, named in the order of appearance."""
    text = repr(decisions)
    made = [one[1] for one in decisions if one[0] == "created"]
    keys = [pointer.split("/")[2] for one in decisions for pointer in one[-1] if pointer.startswith("/addresses/")]
    for number, name in enumerate(dict.fromkeys(map(str, [*made, *keys]))):
        text = text.replace(name, f"#{number}")
    return text


@examples(60, torture=3_000)
@given(world=worlds(), batch=submissions())
def test_dry_run_is_the_run_and_writes_nothing_but_itself(world, batch):
    with undone():
        store(world)
        before = all_rows()

        preview = process(batch, dry_run=True)

        after = all_rows()
        assert {table: rows - after[table] for table, rows in before.items() if rows - after[table]} == {}
        assert {table for table, rows in after.items() if rows - before[table]} == OF_PREVIEWS
        assert len(after["batches_batch"]) == len(before["batches_batch"]) + 1

        with undone():
            unpinned = process(batch)
            plain, plain_counts, warnings = done(unpinned), counts(unpinned), unpinned.warnings
        pinned = confirm(preview)

        assert preview.state == "previewed"
        assert pinned.state == "done"
        assert done(pinned) == shown(preview)
        assert counts(pinned) == counts(preview) == plain_counts
        assert pinned.warnings == preview.warnings == warnings
        assert renamed(plain) == renamed(shown(preview))
        ids = {str(one[1]) for one in plain if one[0] == "created"}
        assert ids.isdisjoint({str(one[1]) for one in shown(preview)})


@examples(80, torture=4_000)
@given(world=worlds(), batches=with_others())
def test_run_that_skips_does_what_was_shown_or_nothing_record_by_record(world, batches):
    with undone():
        store(world)
        preview = process(batches[0], dry_run=True)
        for other in batches[1:]:
            process(other)

        run = confirm(preview, IfChanged.SKIP)

        assert run.state == "done"
        stale = check_record_by_record(run)
        assert run.rejected_count >= stale
        event(f"stale: {stale > 0}, some not: {stale < run.total_count}")


@examples(80, torture=4_000)
@given(world=worlds(), batches=with_others())
def test_run_that_stops_does_what_was_shown_or_nothing_at_all(world, batches):
    with undone():
        store(world)
        preview = process(batches[0], dry_run=True)
        for other in batches[1:]:
            process(other)
        before = of_people(all_rows())

        run = confirm(preview)

        event(run.state)
        check_whole(run)
        if run.state == "done":
            return
        assert of_people(all_rows()) == before
        afresh = confirm(run.preview)
        assert (afresh.state, done(afresh)) == ("done", shown(run.preview))
