"""Several batches are taken back together, exactly as that was shown (way 5.6)."""

import json

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from batches import undoing
from batches.intake import QueueFullError
from batches.models import Batch, PreviewRecord
from batches.reverting import foretell
from batches.undoing import MOST_BATCHES, parts_of, submit_undos
from profiles.models import Profile
from profiles.undoing import UndoOptions
from profiles.values import Cause, CauseKind
from tests.builders import process, process_waiting

pytestmark = pytest.mark.django_db
URL = "/api/v3/batches/undo"


@pytest.fixture
def file():
    """Return two batches of one file, about Ann, who was there before, and Bob."""
    process([{"email": "ann@example.com", "company": "Acme"}], label="other")
    return [
        process([{"email": "ann@example.com", "company": company}, {"email": "bob@example.com"}], label="file")
        for company in ("First", "Second")
    ]


def ask(client, body, query=""):
    return client.post(f"{URL}{query}", json.dumps(body), content_type="application/json")


def is_taken_back():
    process_waiting()
    ann, bob = Profile.objects.order_by("id")
    return (ann.company, bob.ended) == ("Acme", "undone")


def page_of(*batches):
    return reverse("undo-batches-page") + "?" + "&".join(f"batch={one.pk}" for one in batches)


# --- Over REST ---------------------------------------------------------------------------------------------------


def test_label_is_shown_and_then_taken_back_as_shown(api_client, file):
    shown = ask(api_client, {"label": "file"}, "?dry_run=1").json()["data"]
    assert (shown["ended"], shown["changed"], shown["unchanged"], shown["refused"]) == (1, 1, 0, 0)
    assert shown["message"].startswith("1 profile ends, 1 changes back (1 value), 0 stay as they are.")
    assert shown["batches"] == [{"batch_id": str(one.id), "records": 2} for one in reversed(file)]
    assert not Batch.objects.filter(source="undo").exists()

    answer = ask(api_client, {"label": "file", "digest": shown["digest"], "note": "wrong file"})

    assert answer.status_code == 202
    undos = [Batch.objects.get(id=one) for one in answer.json()["data"]["batch_ids"]]
    assert [(one.undoes, one.pinned_to.total_count) for one in undos] == [(one, 2) for one in reversed(file)]
    assert is_taken_back()
    assert set(Batch.objects.filter(source="undo", dry_run=False).values_list("state", flat=True)) == {"done"}


def test_batches_named_are_taken_back_without_being_shown(api_client, file):
    assert ask(api_client, {"batches": [str(one.id) for one in file]}).status_code == 202

    assert is_taken_back()
    assert not PreviewRecord.objects.exists()


def test_what_was_shown_and_has_changed_since_is_not_done(api_client, file):
    digest = ask(api_client, {"label": "file"}, "?dry_run=1").json()["data"]["digest"]
    process([{"email": "ann@example.com", "company": "Third"}])

    answer = ask(api_client, {"label": "file", "digest": digest})

    assert answer.status_code == 409
    assert answer.json()["message"] == "It would come to something else by now: look at it again."
    assert not Batch.objects.filter(source="undo").exists()


@pytest.mark.parametrize(
    ("body", "field", "told"),
    [
        ({}, "batches", "Name either a label or the batches."),
        ({"label": "file", "batches": ["0190aaaa-0000-7000-8000-000000000001"]}, "batches", "Name either"),
        ({"batches": ["0190aaaa-0000-7000-8000-000000000001"]}, "batches.0", "There is no such batch."),
        ({"batches": ["x"]}, "batches.0", ""),
        ({"batches": ["0190aaaa-0000-7000-8000-000000000001"] * (MOST_BATCHES + 1)}, "batches", ""),
        ({"label": "nowhere"}, "batch", "No batch has the label nowhere."),
    ],
)
def test_what_cannot_be_meant_is_named(api_client, file, body, field, told):
    answer = ask(api_client, body)

    assert answer.status_code == 422
    assert told in answer.json()["errors"][field][0]


def test_more_than_can_be_shown_is_said(api_client, monkeypatch, file):
    monkeypatch.setattr("batches.api.undo.MOST_SHOWN", 3)

    answer = ask(api_client, {"label": "file"}, "?dry_run=1")

    assert answer.status_code == 422
    assert "manage.py undo" in answer.json()["errors"]["batch"][0]


# --- All of them or none -----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_queue_that_is_full_takes_none_of_them(settings, staff_user, file):
    settings.MAX_QUEUED_BATCHES_PER_USER = 1

    with pytest.raises(QueueFullError):
        submit_undos(parts_of(file), options=UndoOptions(), submitted_by=staff_user)

    assert not Batch.objects.filter(source="undo").exists()


@pytest.mark.django_db(transaction=True)
def test_part_that_has_changed_while_it_waited_is_stopped(file):
    parts = parts_of(file)
    targets = [target for part in parts for target in part.targets]
    shown = foretell(targets, options=UndoOptions(), cause=Cause(CauseKind.COMMAND), now=file[0].received_at)
    newest, oldest = submit_undos(parts, options=UndoOptions(), shown=shown, submitted_by=None)
    Profile.objects.filter(email_key="ann@example.com").update(company="Fourth")

    process_waiting()

    states = [Batch.objects.get(id=one.batch_id).state for one in (newest, oldest)]
    assert states == ["stale", "stale"]
    assert Profile.objects.get(email_key="bob@example.com").ended is None


# --- At the desk -------------------------------------------------------------------------------------------------


def test_chosen_batches_are_taken_back_at_the_desk(staff_client, file):
    chosen = {"action": "take_back", "_selected_action": [str(one.pk) for one in file]}
    page = staff_client.post(reverse("admin:batches_batch_changelist"), chosen, follow=True)
    assert page.context["tally"].sentence.startswith("1 profile ends, 1 changes back")

    done = staff_client.post(page_of(*file), {"digest": page.context["digest"]})

    assert done.headers["Location"] == reverse("admin:batches_batch_changelist")
    assert "by 2 batches" in str(next(iter(get_messages(done.wsgi_request))))
    assert is_taken_back()


def test_page_of_a_batch_offers_all_with_its_label(staff_client, file):
    page = staff_client.get(reverse("admin:batches_batch_change", args=[file[0].pk])).content.decode()
    url = reverse("undo-batches-page") + "?label=file"
    assert url in page

    assert "2 batches with the label file" in staff_client.get(url).content.decode()


def test_many_people_are_counted_by_whoever_takes_them_back(staff_client, monkeypatch, file):
    monkeypatch.setattr(undoing, "MANY", 1)
    page = staff_client.get(page_of(*file))
    assert "type 2" in page.content.decode()

    refused = staff_client.post(page_of(*file), {"digest": page.context["digest"], "number": "3"})
    assert "type 2 to take back that many" in refused.content.decode()
    assert not Batch.objects.filter(source="undo").exists()

    staff_client.post(page_of(*file), {"digest": page.context["digest"], "number": "2"})
    assert is_taken_back()


@pytest.mark.parametrize("query", ["", "?batch=x", "?label=nowhere"])
def test_nothing_chosen_goes_back_to_the_list(staff_client, query):
    answer = staff_client.get(reverse("undo-batches-page") + query, follow=True)

    assert answer.redirect_chain[0][0] == reverse("admin:batches_batch_changelist")
    assert list(answer.context["messages"])
