"""Previews and runs that are held to them: killed at any statement, raced, and read while others write."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from batches import leases
from batches.confirming import confirm_preview
from batches.drafts import Drafts
from batches.models import Batch, BatchRecord, PreviewRecord
from batches.processing import process_batch
from batches.values import BatchSource, IfChanged
from profiles.applying import apply_drafts, foretell_drafts
from profiles.db.moments import one_moment
from profiles.models import Profile, ProfileChange
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process, process_waiting, submit
from tests.faults.hub import Worker, is_idle, killed_at_exit, times
from tests.faults.soundness import check_soundness
from tests.faults.test_workers import people
from tests.properties.foretold import check_record_by_record, check_whole

pytestmark = pytest.mark.django_db(transaction=True)
RECORDS = [
    {"email": "ann@example.com", "company": "Bakers"},
    {"email": "new@example.com", "tags": ["vip"]},
    {"email": "nobody"},
]


class KilledError(BaseException):
    """What ends a process."""


def kill_at(number):
    """Return what ends the process at the statement of that number, and a list of those that were made."""
    made = []

    def execute(run, sql, params, many, context):
        if len(made) == number:
            raise KilledError
        made.append(sql)
        return run(sql, params, many, context)

    return execute, made


def previewed(records):
    """Have the records previewed and return the preview."""
    batch = submit(records, dry_run=True)
    process_waiting()
    return Batch.objects.get(id=batch.id)


def confirmed(preview, if_changed=IfChanged.STOP):
    receipt = confirm_preview(preview, digest=preview.digest, if_changed=if_changed, source=BatchSource.API)
    return Batch.objects.get(id=receipt.batch_id)


def everything():
    """Return what is stored of people, outcomes and previews."""
    return [
        list(model.objects.order_by("pk").values()) for model in (Profile, ProfileChange, BatchRecord, PreviewRecord)
    ]


@pytest.mark.parametrize(
    ("kind", "state"), [("dry", "previewed"), ("stop", "stale"), ("stop", "done"), ("skip", "done")]
)
def test_kill_at_any_statement_leaves_all_or_nothing(kind, state):
    make_profile(email="ann@example.com", company="Acme")
    if kind == "dry":
        batch = submit(RECORDS, dry_run=True)
    else:
        preview = previewed(RECORDS)
        if (kind, state) != ("stop", "done"):
            process([{"email": "ann@example.com", "company": "Cooks"}])
        batch = confirmed(preview, IfChanged(kind))
    before, batches = everything(), Batch.objects.count()
    number = kills = 0
    while True:
        # As often as it takes, blaming nobody: the records are as they were at the first attempt.
        Batch.objects.filter(id=batch.id).update(state="queued", failures=0, chunk_size=None)
        claimed = leases.claim(worker="test")
        execute, made = kill_at(number)
        try:
            with connection.execute_wrapper(execute):
                process_batch(claimed, Drafts(claimed))
        except KilledError:
            kills += 1
            assert (everything(), Batch.objects.count()) == (before, batches), made[-1:]
            number += 1
        else:
            break

    assert kills > 5
    batch.refresh_from_db()
    assert batch.state == state
    if kind == "dry":
        assert PreviewRecord.objects.filter(batch=batch).count() == 3
    elif kind == "skip":
        assert check_record_by_record(batch) == 1
    else:
        check_whole(batch)
    assert Batch.objects.count() == batches + (state == "stale")


def test_confirming_at_once_gives_one_batch():
    for _ in range(times(3, 50)):
        preview = previewed([{"email": "ann@example.com"}])
        barrier = threading.Barrier(4)

        def confirm(_, preview=preview, barrier=barrier):
            barrier.wait()
            try:
                return confirm_preview(preview, digest=preview.digest, source=BatchSource.API)
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            receipts = list(pool.map(confirm, range(4)))

        (run,) = Batch.objects.filter(pinned_to=preview)
        assert {receipt.batch_id for receipt in receipts} == {run.id}
        assert sorted(receipt.replayed for receipt in receipts) == [False, True, True, True]
        process_waiting()


def elsewhere(work):
    """Do something on a connection of its own, and wait for it."""

    def run():
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(20)


def write(**fields):
    """Apply a record as the API does, waiting for nobody's batch."""
    draft = parse_record(fields, cause=Cause(CauseKind.API))
    with transaction.atomic():
        (outcome,) = apply_drafts([draft], criteria=("email",), now=timezone.now())
    assert outcome.kind == "updated"


def test_one_moment_sees_nothing_of_others_and_keeps_nobody_waiting():
    make_profile(email="ann@example.com", company="Acme")

    with one_moment():
        before = list(Profile.objects.values_list("company", flat=True))
        elsewhere(lambda: write(email="ann@example.com", company="Bakers"))
        after = list(Profile.objects.values_list("company", flat=True))

    assert (before, after) == (["Acme"], ["Acme"])
    assert Profile.objects.get().company == "Bakers"


def test_nothing_can_be_written_in_one_moment():
    make_profile(email="ann@example.com", company="Acme")

    with pytest.raises(DatabaseError, match=r"read-?only"), one_moment():
        Profile.objects.update(company="Bakers")

    Profile.objects.update(company="Cooks")
    assert Profile.objects.get().company == "Cooks"


def test_dry_run_locks_nobody_out(monkeypatch):
    make_profile(email="ann@example.com", company="Acme")
    dry = submit(RECORDS, dry_run=True)

    def foretell(*arguments, **options):
        decisions = foretell_drafts(*arguments, **options)
        elsewhere(lambda: write(email="ann@example.com", company="Cooks"))
        return decisions

    monkeypatch.setattr("batches.previewing.foretell_drafts", foretell)
    claimed = leases.claim(worker="test")

    process_batch(claimed, Drafts(claimed))

    dry.refresh_from_db()
    assert (dry.state, Profile.objects.get().company) == ("previewed", "Cooks")
    row = PreviewRecord.objects.get(batch=dry, position=0)
    assert row.changes == {"/company": {"from": "Acme", "to": "Bakers"}}


@pytest.mark.slow
def test_killed_workers_leave_previews_and_their_runs_sound(url, tmp_path):
    log, chance, rounds = tmp_path / "log", random.Random(5), times(3, 60)
    began = time.monotonic()
    for number in range(4):
        submit(people(60, start=number * 30, company="first"))
    process_waiting()
    kills = 0
    for number in range(rounds):
        dry = [submit(people(60, start=chance.randrange(120), company=f"c{number}"), dry_run=True) for _ in range(4)]
        process_waiting()
        submit(people(20, start=chance.randrange(120), company=f"m{number}"))
        for one, if_changed in zip(dry, (*IfChanged, *IfChanged), strict=True):
            one.refresh_from_db()
            confirmed(one, if_changed)
        submit(people(60, start=chance.randrange(120), occupation="o"), dry_run=True)
        for _ in range(3):
            worker = Worker(url, "--until-idle", log=log, LEASE_SECONDS="1")
            with killed_at_exit([worker]):
                time.sleep(chance.uniform(0.6, 1.6))
                worker.kill()
                kills += 1
        last = Worker(url, "--until-idle", log=log, LEASE_SECONDS="1")
        with killed_at_exit([last]):
            assert last.finish() == 0
        assert is_idle()

    check_soundness()
    runs = list(Batch.objects.filter(pinned_to__isnull=False).select_related("pinned_to", "preview"))
    for run in runs:
        if run.if_changed == "skip":
            assert run.state == "done"
            check_record_by_record(run)
        else:
            check_whole(run)
    states = [run.state for run in runs]
    assert {*states} == {"done", "stale"}
    print(
        f"{kills} kills, {len(runs)} runs, {states.count('stale')} stale, in {time.monotonic() - began:.0f} s: sound"
    )
