"""Workers that are killed, stopped, raced and poisoned."""

import os
import random
import signal
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone

from batches.models import Batch, BatchRecord
from profiles.merging import Merge, MergeError, merge_profiles
from profiles.models import Profile, User
from profiles.values import Cause, CauseKind
from tests.builders import submit
from tests.faults.hub import Worker, is_idle, killed_at_exit, times, wait_until
from tests.faults.soundness import check_serial_order, check_soundness

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def people(count, *, start=0, **fields):
    """Return records of so many persons."""
    return [
        {
            "email": f"p{number}@example.com",
            "identities": [{"handle": "pos", "identifier": number}],
            "tags": [f"t{number % 7}"],
            "custom_attributes": [{"namespace": "n", "handle": "h", "type": "integer", "value": number}],
            "addresses": [{"address_line_1": f"{number} St", "city": "Perth", "postcode": "6000", "country": "AU"}],
            "dates_attributes": [{"handle": "b", "name": "B", "date": f"2000-01-{1 + number % 28:02}"}],
            "statuses": ["gold" if number % 2 else "silver"],
            "region": "victoria" if number % 3 else "new-south-wales",
            "preferred_location_external_id": "MEL-01",
            "comms_attributes": {"email_promo": number % 2 == 0, "sms_discover": True},
            "attributes": {"appearance": {"eye_colour": "brown"}},
            **fields,
        }
        for number in range(start, start + count)
    ]


def test_killed_workers_leave_every_record_with_one_outcome(url, tmp_path):
    log, kills, chance = tmp_path / "log", times(4, 100), random.Random(1)
    batches = times(8, 60)
    for number in range(batches):
        submit(people(120, start=number * 60, company=f"c{number}"))
    began = time.monotonic()

    for _ in range(kills):
        worker = Worker(url, "--until-idle", log=log, LEASE_SECONDS="1")
        with killed_at_exit([worker]):
            time.sleep(chance.uniform(0.7, 1.6))
            worker.kill()
        if is_idle():
            submit(people(120, start=chance.randrange(600), company="again"))
    last = Worker(url, "--until-idle", log=log, LEASE_SECONDS="1")
    with killed_at_exit([last]):
        assert last.finish() == 0

    assert Batch.objects.exclude(state="done").count() == 0
    check_soundness()
    assert BatchRecord.objects.filter(outcome="rejected").count() == 0
    print(f"{kills} kills, {Batch.objects.count()} batches in {time.monotonic() - began:.0f} s: sound")


def test_racing_workers_end_in_some_serial_order(url, tmp_path, engine):
    if engine == "sqlite":
        pytest.skip("SQLite has one worker")
    log, rounds = tmp_path / "log", times(6, 60)
    users = [User.objects.create(username=f"sender-{number}") for number in range(4)]
    chance = random.Random(2)
    for turn in range(rounds):
        for user in users:
            records = people(60, start=chance.randrange(40), company=f"{user.username} {turn}")
            for record in records:
                # One sender knows only the email, another only the number, of the same persons.
                if user is users[0]:
                    del record["identities"]
                if user is users[1]:
                    del record["email"]
            chance.shuffle(records)
            submit(records, "pos" if user is users[1] else "email", submitted_by=user)
    began = time.monotonic()
    workers = [Worker(url, "--until-idle", log=log) for _ in range(4)]

    with killed_at_exit(workers):
        merged = 0
        while any(worker.process.poll() is None for worker in workers):
            ids = list(Profile.objects.filter(merged_into=None).order_by("?").values_list("id", flat=True)[:2])
            if len(ids) == 2 and merged < times(3, 30):
                try:
                    with transaction.atomic():
                        cause = Cause(CauseKind.COMMAND)
                        merge_profiles(Merge(ids[0], ids[1]), cause=cause, now=timezone.now())
                    merged += 1
                except MergeError:
                    pass
            time.sleep(0.2)
        assert [worker.finish() for worker in workers] == [0] * 4

    told = log.read_text()
    assert "deadlock" not in told.lower()
    assert "batch_failed" not in told
    check_soundness()
    # Nobody lost a race: whatever was refused, was so by a merge's doing (two persons in one record), never by a twin.
    reasons = set(BatchRecord.objects.filter(outcome="rejected").values_list("error_code", flat=True))
    assert reasons <= {"no_match_value", "claimed_elsewhere", "ambiguous"}
    assert Profile.objects.exclude(email_key=None).values("email_key").distinct().count() == (
        Profile.objects.exclude(email_key=None).count()
    )
    print(f"4 workers, {Batch.objects.count()} batches, {merged} merges in {time.monotonic() - began:.0f} s: sound")


def test_racing_workers_reject_nobody(url, tmp_path, engine):
    if engine == "sqlite":
        pytest.skip("SQLite has one worker")
    submit(people(40))  # everybody is known by both keys before the race
    first = Worker(url, "--until-idle", log=tmp_path / "log")
    with killed_at_exit([first]):
        assert first.finish() == 0
    users = [User.objects.create(username=f"sender-{number}") for number in range(4)]
    chance = random.Random(3)
    for turn in range(times(6, 60)):
        for user in users:
            records = people(40, company=f"{user.username} {turn}")
            chance.shuffle(records)
            for record in records:
                record.pop("email" if user is users[1] else "identities" if user is users[0] else "nothing", None)
            submit(records, "pos" if user is users[1] else "email", submitted_by=user)
    workers = [Worker(url, "--until-idle", log=tmp_path / "log") for _ in range(4)]

    with killed_at_exit(workers):
        assert [worker.finish() for worker in workers] == [0] * 4

    check_soundness()
    check_serial_order()
    assert Profile.objects.count() == 40
    assert BatchRecord.objects.filter(outcome="rejected").count() == 0
    for user in users:
        mine = Batch.objects.filter(submitted_by=user).order_by("received_at", "id")
        assert list(mine.order_by("finished_at").values_list("id", flat=True)) == list(
            mine.values_list("id", flat=True)
        )


def test_worker_stopped_past_its_lease_changes_nothing(url, tmp_path, engine):
    if engine == "sqlite":
        pytest.skip("on SQLite the lock, not a lease, says whose the work is")
    for number in range(12):
        submit(people(200, start=number * 10, company=f"c{number}"))
    slow = Worker(url, "--until-idle", log=tmp_path / "slow", LEASE_SECONDS="1")
    with killed_at_exit([slow]):
        wait_until(lambda: Batch.objects.filter(state="running").exists())
        slow.send(signal.SIGSTOP)
        time.sleep(2)
        quick = Worker(url, "--until-idle", log=tmp_path / "quick", LEASE_SECONDS="1")
        with killed_at_exit([quick]):
            time.sleep(times(3, 5))
            slow.send(signal.SIGCONT)
            assert (quick.finish(), slow.finish()) == (0, 0)

    assert Batch.objects.exclude(state="done").count() == 0
    check_soundness()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_finishes_the_batch_in_hand(url, tmp_path, number):
    for start in range(0, 400, 10):
        submit(people(200, start=start))
    worker = Worker(url, log=tmp_path / "log")
    with killed_at_exit([worker]):
        wait_until(lambda: Batch.objects.filter(state="done").exists())
        for pid in worker.children:  # a terminal's end reaches them as well
            if number == signal.SIGHUP:
                os.kill(pid, number)
        worker.send(number)

        assert worker.finish() == 0

    assert not Batch.objects.filter(state="running").exists()
    assert Batch.objects.filter(state="queued").exists()
    assert not Batch.objects.exclude(lapsed_attempts=[]).exists()


def test_poison_is_the_only_record_rejected(url, tmp_path, engine):
    with connection.cursor() as cursor:
        if engine == "sqlite":
            cursor.execute(
                "CREATE TRIGGER poison BEFORE INSERT ON profiles_profile WHEN NEW.company = 'poison' "
                "BEGIN SELECT RAISE(ABORT, 'poison'); END"
            )
        else:
            cursor.execute(
                "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS "
                "$$BEGIN IF NEW.company = 'poison' THEN RAISE EXCEPTION 'poison'; END IF; RETURN NEW; END$$"
            )
            cursor.execute(
                "CREATE TRIGGER poison BEFORE INSERT ON profiles_profile FOR EACH ROW EXECUTE FUNCTION poison()"
            )
    try:
        records = people(20)
        records[13]["company"] = "poison"
        poisoned, other = submit(records), submit(people(5, start=100))
        worker = Worker(url, "--until-idle", log=tmp_path / "log")
        with killed_at_exit([worker]):
            assert worker.finish() == 0
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER poison" if engine == "sqlite" else "DROP TRIGGER poison ON profiles_profile")
            if engine == "postgres":
                cursor.execute("DROP FUNCTION poison()")

    for batch in (poisoned, other):
        batch.refresh_from_db()
    assert (poisoned.state, poisoned.created_count, poisoned.rejected_count) == ("done", 19, 1)
    rejected = BatchRecord.objects.get(outcome="rejected")
    assert (rejected.position, rejected.error_code) == (13, "internal")
    assert other.created_count == 5
    assert "p13@example.com" not in (tmp_path / "log").read_text()
    check_soundness(harmful=1)
