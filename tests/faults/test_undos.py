"""Undos whose workers are killed, and undos that race each other and batches about the same people."""

import random
import time
from uuid import UUID

import pytest

from batches.models import Batch, BatchRecord
from batches.undoing import submit_undo
from profiles.models import Profile, ProfileChange, User
from profiles.undoing import UndoOptions
from tests.builders import submit
from tests.faults.hub import Worker, is_idle, killed_at_exit, times
from tests.faults.soundness import check_soundness
from tests.faults.test_workers import people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def work_off(url, tmp_path, *, workers=1):
    started = [Worker(url, "--until-idle", log=tmp_path / "log", LEASE_SECONDS="2") for _ in range(workers)]
    with killed_at_exit(started):
        assert [worker.finish() for worker in started] == [0] * workers


def undo(batch_id, user=None):
    batch = Batch.objects.get(id=batch_id)
    return submit_undo(batch, options=UndoOptions(), submitted_by=user).batch_id


def test_killed_undo_takes_everything_back_once(url, tmp_path):
    kept = submit(people(60, company="before"))
    made = submit(people(160, company="after"))
    work_off(url, tmp_path)
    chance = random.Random(4)
    kills = times(4, 60)
    for _ in range(kills):
        if is_idle():
            undo(made.id)
        worker = Worker(url, "--until-idle", log=tmp_path / "log", LEASE_SECONDS="1")
        with killed_at_exit([worker]):
            time.sleep(chance.uniform(0.5, 1.4))
            worker.kill()
    time.sleep(1)
    work_off(url, tmp_path)

    check_soundness()
    assert set(Profile.objects.filter(ended=None).values_list("company", flat=True)) == {"before"}
    assert Profile.objects.filter(ended="undone").count() == 100
    first, *others = Batch.objects.filter(undoes=made).order_by("received_at")
    assert (first.updated_count, sum(other.updated_count for other in others)) == (160, 0)
    again = submit(people(160, company="after"))
    work_off(url, tmp_path)
    outcomes = BatchRecord.objects.filter(batch=again).order_by("position").values_list("outcome", flat=True)
    assert list(outcomes) == ["updated"] * 60 + ["created"] * 100
    assert kept.records.filter(outcome="created").count() == 60
    print(f"{kills} kills, {1 + len(others)} undos: sound")


def test_racing_undos_and_batches_end_in_some_order(url, tmp_path, engine):
    if engine == "sqlite":
        pytest.skip("SQLite has one worker")
    users = [User.objects.create(username=f"sender-{number}") for number in range(4)]
    chance = random.Random(5)
    submit(people(40))
    work_off(url, tmp_path)
    done: list[UUID] = []
    for turn in range(times(4, 40)):
        for user in users:
            records = people(30, start=chance.randrange(40), company=f"{user.username} {turn}")
            chance.shuffle(records)
            submit(records, submitted_by=user)
        if done:
            # Two undos of one batch at once, among batches about the same people.
            target = chance.choice(done)
            undo(target, users[0])
            undo(target, users[1])
        work_off(url, tmp_path, workers=4)
        done = list(Batch.objects.filter(state="done").exclude(source="undo").values_list("id", flat=True))

    told = (tmp_path / "log").read_text()
    assert "deadlock" not in told.lower()
    assert "batch_failed" not in told
    check_soundness()
    for target in Batch.objects.filter(undone_by__isnull=False).distinct():
        taken = list(
            ProfileChange.objects.filter(batch_id__in=target.undone_by.values("id")).values_list(
                "profile_id", "reverts"
            )
        )
        versions = [(profile_id, version) for profile_id, reverts in taken for version in reverts["versions"]]
        assert len(versions) == len(set(versions))  # nothing was taken back twice
    print(f"{Batch.objects.count()} batches, {Batch.objects.filter(source='undo').count()} of them undos: sound")
