"""What the records of a batch ask for, read when that is asked for or ahead."""

import pytest

from batches import drafts as room
from batches.drafts import Drafts
from batches.models import Batch
from tests.builders import submit

pytestmark = pytest.mark.django_db
RECORDS = [{"email": f"p{number}@example.com"} for number in range(4)]


def told(drafts):
    return [
        (draft.cause.position, draft.fields.get("email"), [str(one.code) for one in draft.errors]) for draft in drafts
    ]


def test_drafts_are_taken_in_their_order_whether_or_not_they_were_read_ahead():
    drafts = Drafts(submit(RECORDS))
    assert (drafts.read_one(), drafts.read_one(), len(drafts)) == (True, True, 4)

    first, rest = drafts.take(1), drafts.take(9)

    assert told(first + rest) == [(number, f"p{number}@example.com", []) for number in range(4)]
    assert (len(drafts), drafts.read_one(), drafts.take(1)) == (0, False, [])


def test_cause_names_the_batch_its_sender_and_its_label(machine_user):
    batch = submit(RECORDS, submitted_by=machine_user, label="Nightly")

    (draft,) = Drafts(batch).take(1)

    cause = draft.cause
    assert (cause.batch_id, cause.position, cause.actor_id, cause.actor_label) == (
        batch.id,
        0,
        machine_user.id,
        "Nightly",
    )


@pytest.mark.parametrize(("dry_run", "positions"), [(False, [2, 3]), (True, [0, 1, 2, 3])])
def test_records_that_have_their_outcome_are_passed_over_but_for_a_dry_run(dry_run, positions):
    batch = submit(RECORDS, dry_run=dry_run)
    Batch.objects.filter(id=batch.id).update(created_count=2)
    batch.refresh_from_db()

    assert [draft.cause.position for draft in Drafts(batch).take(9)] == positions


def test_record_that_cannot_be_read_is_nobody_elses_matter(monkeypatch):
    def fail_at_one(raw, **known):
        if raw["email"] == "p1@example.com":
            raise ZeroDivisionError
        return parse_record(raw, **known)

    parse_record = room.parse_record
    monkeypatch.setattr(room, "parse_record", fail_at_one)

    assert told(Drafts(submit(RECORDS)).take(3)) == [
        (0, "p0@example.com", []),
        (1, None, ["internal"]),
        (2, "p2@example.com", []),
    ]


def test_skipped_one_is_told_as_what_the_hub_could_not_process():
    drafts = Drafts(submit(RECORDS))
    unread = drafts.skip()
    drafts.read_one()
    read = drafts.skip()

    assert told([unread, read]) == [(0, None, ["internal"]), (1, None, ["internal"])]
    assert [draft.cause.position for draft in drafts.take(9)] == [2, 3]


def test_body_and_rules_come_in_one_statement(django_assert_num_queries):
    batch = submit(RECORDS)

    with django_assert_num_queries(1):
        Drafts(batch).take(9)
