"""Previews on the desk: looking at them, sending exactly what they showed, and never taking them for runs."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from batches.models import Batch, BatchRecord, PreviewRecord
from profiles.models import Profile, User
from tests.builders import make_profile, process, process_waiting, submit

pytestmark = pytest.mark.django_db

BATCHES = "/admin/batches/batch/"
RECORDS = "/admin/batches/batchrecord/"
PREVIEWS = "/admin/batches/previewrecord/"
INTERNAL = [{"code": "internal", "pointer": "", "message": "The hub could not process this record."}]


@pytest.fixture
def shown(machine_user):
    """Return a preview with each outcome."""
    make_profile(email="ann@example.com", company="Acme")
    make_profile(email="cleo@example.com")
    batch = submit(
        [
            {"email": "ann@example.com", "company": "Bakers"},
            {"email": "new@example.com"},
            {"email": "cleo@example.com"},
            {"email": "nonsense"},
        ],
        dry_run=True,
        submitted_by=machine_user,
        label="Nightly",
    )
    process_waiting()
    return Batch.objects.get(id=batch.id)


def page_of(batch):
    return f"{BATCHES}{batch.pk}/change/"


def send(client, batch, **terms):
    """Press the button under a preview."""
    terms = {"digest": batch.digest, "if_changed": "stop", **terms}
    return client.post(f"{BATCHES}{batch.pk}/confirm/", terms, follow=True)


def run_of(batch):
    process_waiting()
    return Batch.objects.get(pinned_to=batch)


def told(response):
    return [str(message) for message in response.context["messages"]]


def text_of(response):
    return response.content.decode()


def test_page_of_a_preview_counts_and_shows_what_would_change(staff_client, shown):
    response = staff_client.get(page_of(shown))

    assert response.context["foretold"] == (
        "Of 4 records, 1 would make a new profile, 1 would change a profile, 1 would change nothing and "
        "1 would be refused. Nothing has been written."
    )
    assert [(tile["name"], tile["count"]) for tile in response.context["tiles"]] == [
        ("would be created", "1"),
        ("would be updated", "1"),
        ("would be unchanged", "1"),
        ("would be rejected", "1"),
        ("pending", "0"),
    ]
    assert response.context["tiles"][0]["url"] == f"{PREVIEWS}?batch={shown.pk}&outcome__exact=created"
    page = text_of(response)
    assert [text for text in ("Acme", "Bakers", "Send exactly this", "4 previewed of 4") if text not in page] == []


def test_pages_of_its_records_show_before_and_after(staff_client, shown):
    listed = staff_client.get(PREVIEWS, {"batch": str(shown.pk)})
    updated = staff_client.get(PREVIEWS, {"batch": str(shown.pk), "outcome__exact": "updated"})
    rows = list(PreviewRecord.objects.order_by("position"))
    pages = [staff_client.get(f"{PREVIEWS}{row.pk}/change/") for row in rows]

    assert list(listed.context["cl"].result_list) == rows
    assert list(updated.context["cl"].result_list) == rows[:1]
    assert [page.status_code for page in pages] == [200, 200, 200, 200]
    assert "Bakers" in pages[0].context["changes"]
    assert f"new, {rows[1].profile_id}" in text_of(pages[1])
    assert pages[2].context["changes"] == ""
    assert len(pages[3].context["why"]["table"]["rows"]) == 1


def test_exactly_what_was_shown_is_sent(staff_client, shown):
    response = send(staff_client, shown)

    run = run_of(shown)
    assert response.redirect_chain == [(page_of(run), 302)]
    assert told(response) == ["It is sent, held to its preview."]
    assert (run.source, run.submitted_by.username, run.if_changed, run.state) == ("admin", "till", "stop", "done")
    assert Profile.objects.get(email="ann@example.com").company == "Bakers"
    assert staff_client.get(page_of(run)).context["held"] == (
        "Of 4 records, 1 made a new profile, 1 changed a profile, 1 changed nothing and 1 could not be taken: "
        "exactly what the preview showed."
    )
    after = staff_client.get(page_of(shown))
    assert (after.context["may_confirm"], "It was sent as" in text_of(after)) == (False, True)
    assert told(send(staff_client, shown)) == ["It was sent already, as this batch."]
    assert Batch.objects.filter(pinned_to=shown).count() == 1


def test_stale_batch_leads_to_the_fresh_preview(staff_client, shown):
    process([{"email": "ann@example.com", "company": "Cooks"}])
    send(staff_client, shown)

    run = run_of(shown)
    page = text_of(staff_client.get(page_of(run)))
    fresh = staff_client.get(page_of(run.preview))

    assert "1 of 4 records is no longer what the preview showed, so nothing was written" in page
    assert f'href="{page_of(run.preview)}"' in page
    assert "It was made because" in text_of(fresh)
    assert fresh.context["may_confirm"] is True
    send(staff_client, run.preview)
    assert run_of(run.preview).state == "done"


def test_what_has_changed_is_left_out_and_both_decisions_are_shown(staff_client, shown):
    process([{"email": "ann@example.com", "company": "Cooks"}])
    send(staff_client, shown, if_changed="skip")

    run = run_of(shown)
    stale = BatchRecord.objects.get(batch=run, error_code="stale")
    page = staff_client.get(f"{RECORDS}{stale.pk}/change/")

    assert staff_client.get(page_of(run)).context["held"] == (
        "Of 4 records, 1 made a new profile, 1 changed nothing and 2 could not be taken. 1 was no longer what the "
        "preview showed, and was refused for that. It showed: 1 would make a new profile, 1 would change a profile, "
        "1 would change nothing and 1 would be refused."
    )
    first, second = page.context["decisions"]["rows"]
    assert (first[0], second[0]) == ("the preview showed", "it would have been")
    assert ("Acme" in first[3], "Cooks" in second[3]) == (True, True)
    PreviewRecord.objects.all().delete()
    page = staff_client.get(f"{RECORDS}{stale.pk}/change/")
    assert [row[1] for row in page.context["decisions"]["rows"]] == ["no longer kept", "no longer kept"]


def test_what_cannot_be_sent_is_told(staff_client, shown, settings):
    wrong = send(staff_client, shown, digest="0" * 32)
    settings.MAX_QUEUED_BATCHES = 0
    full = send(staff_client, shown)
    settings.PREVIEW_DAYS = -1
    old = staff_client.get(page_of(shown))

    assert told(wrong) == ["The digest is not that of this preview; look at it again."]
    assert told(full) == ["Too many batches are waiting; try again later."]
    assert old.context["may_confirm"] is False
    assert "The preview is older than -1 days" in text_of(old)
    assert not Batch.objects.filter(pinned_to=shown).exists()


def test_sending_takes_the_permission_to_change_batches(shown, staff_user):
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_batch"))
    client, strict = Client(), Client(enforce_csrf_checks=True)
    client.force_login(viewer, backend="django.contrib.auth.backends.ModelBackend")
    strict.force_login(staff_user, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(page_of(shown)).context["may_confirm"] is False
    assert send(client, shown).status_code == 403
    assert send(strict, shown).status_code == 403
    assert client.get(f"{BATCHES}{shown.pk}/confirm/").status_code == 405
    assert not Batch.objects.filter(pinned_to=shown).exists()


def test_what_profiles_hold_is_for_those_who_may_see_it(staff_client, shown):
    process([{"email": "ann@example.com", "company": "Cooks"}])
    send(staff_client, shown, if_changed="skip")
    stale = BatchRecord.objects.get(batch=run_of(shown), error_code="stale")
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__in=["view_batch", "view_batchrecord"]))
    client = Client()
    client.force_login(viewer, backend="django.contrib.auth.backends.ModelBackend")

    pages = [text_of(client.get(url)) for url in (page_of(shown), f"{RECORDS}{stale.pk}/change/")]

    assert [text for page in pages for text in ("Acme", "Cooks") if text in page] == []
    assert client.get(PREVIEWS).status_code == 403


def test_only_previews_can_be_confirmed(staff_client):
    plain = process([{"email": "a@example.com"}])

    assert send(staff_client, plain).status_code == 404


def test_previews_are_not_taken_for_runs(staff_client, shown):
    plain = process([{"email": "ann@example.com", "company": "Acme"}])

    def listed(**filters):
        return list(staff_client.get(BATCHES, filters).context["cl"].result_list)

    page = text_of(staff_client.get(BATCHES))
    first = staff_client.get("/admin/").context
    assert (listed(kind="runs"), listed(kind="previews")) == ([plain], [shown])
    assert (listed(state__exact="previewed"), listed(state__exact="expired")) == ([shown], [])
    assert ("preview, api by email" in page, "(1)" in page) == (True, True)
    assert {tile["name"]: tile["count"] for tile in first["outcomes"]} == {
        "created": "0",
        "updated": "0",
        "unchanged": "1",
        "rejected": "0",
    }
    assert first["summed"] == 1
    assert "Preview: Nightly" in first["last_batches"]["rows"][1][0]
    assert first["last_batches"]["rows"][1][4] == "-"


def test_previews_that_are_too_old_are_found_as_such(staff_client, shown, settings):
    settings.PREVIEW_DAYS = -1

    found = [
        list(staff_client.get(BATCHES, {"state__exact": state}).context["cl"].result_list)
        for state in ("previewed", "expired")
    ]

    assert found == [[], [shown]]


# --- Sending again -----------------------------------------------------------------------------------------------


@pytest.fixture
def failed(machine_user):
    """Return a batch of two, at the second of which the hub failed."""
    batch = process([{"email": "a@example.com"}, {"email": "b@example.com"}], submitted_by=machine_user)
    record = BatchRecord.objects.filter(batch=batch, position=1)
    record.update(outcome="rejected", error_code="internal", errors=INTERNAL, profile=None)
    Batch.objects.filter(id=batch.id).update(rejected_count=1, created_count=1)
    return batch


def test_record_is_previewed_before_it_is_sent_again(staff_client, failed):
    record = BatchRecord.objects.get(error_code="internal")
    button = 'name="dry_run" value="1"'

    response = staff_client.post(f"{RECORDS}again/{record.pk}/", {"dry_run": "1"}, follow=True)

    preview = Batch.objects.get(dry_run=True)
    assert response.redirect_chain == [(page_of(preview), 302)]
    assert "has not had its turn yet" in text_of(response)
    process_waiting()
    # It has not been sent again yet.
    assert button in text_of(staff_client.get(f"{RECORDS}{record.pk}/change/"))
    assert staff_client.get(page_of(failed)).context["may_send_again"] is True
    preview.refresh_from_db()
    send(staff_client, preview)
    assert button not in text_of(staff_client.get(f"{RECORDS}{record.pk}/change/"))
    assert staff_client.get(page_of(failed)).context["may_send_again"] is False
    run = run_of(preview)
    assert (run.corrects_batch_id, run.corrects_position, run.submitted_by.username) == (failed.id, 1, "till")


def test_batch_has_all_of_it_previewed(staff_client, failed):
    chosen = {"action": "preview_again", "_selected_action": [str(failed.pk)]}

    response = staff_client.post(BATCHES, chosen, follow=True)

    assert told(response) == ["1 previewed, each as a batch of one."]
    assert [(one.corrects_position, one.source) for one in Batch.objects.filter(dry_run=True)] == [(1, "admin")]
