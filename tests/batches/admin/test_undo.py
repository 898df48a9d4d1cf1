"""The desk takes back what staff choose, once it has shown what that comes to (way 5, rules 10)."""

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.urls import reverse

from batches.models import Batch
from batches.undoing import submit_undo
from profiles.models import Profile, ProfileChange, User
from profiles.undoing import UndoOptions
from tests.builders import make_profile, process, process_waiting, submit

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def two():
    """Return a batch that changed Ann and made Bob."""
    process([{"email": "ann@example.com", "company": "Acme"}])
    return process([{"email": "ann@example.com", "company": "Other"}, {"email": "bob@example.com"}])


def batch_page(batch):
    return reverse("undo-batch-page", args=[batch.pk])


def change_page(change):
    return reverse("undo-change-page", args=[change.pk])


def test_page_counts_before_a_batch_is_taken_back(staff_client, staff_user, two):
    page = staff_client.get(batch_page(two))
    assert page.context["tally"].sentence == (
        "1 profile ends, 1 changes back (1 value), 0 stay as they are. Nobody else is touched."
    )
    assert page.context["button"] == "End 1 and change 1"

    done = staff_client.post(batch_page(two), {"digest": page.context["digest"], "note": "wrong file"})
    process_waiting()

    undo = Batch.objects.get(source="undo", dry_run=False)
    assert done.headers["Location"] == reverse("admin:batches_batch_change", args=[undo.pk])
    assert (undo.undoes_id, undo.submitted_by, undo.state) == (two.id, staff_user, "done")
    assert undo.pinned_to.undoes_id == two.id
    assert Profile.objects.get(email_key="ann@example.com").company == "Acme"
    told = staff_client.get(reverse("admin:batches_batch_change", args=[two.pk])).content.decode()
    assert "Taken back, or some of it, by" in told


def test_page_that_was_overtaken_is_shown_anew(staff_client, two):
    digest = staff_client.get(batch_page(two)).context["digest"]
    process([{"email": "ann@example.com", "company": "Third"}])

    page = staff_client.post(batch_page(two), {"digest": digest})

    assert page.status_code == 200
    assert "It would come to something else by now" in page.content.decode()
    assert [group["title"] for group in page.context["kept"]] == [
        "1: It was said otherwise, or again, since; the later word stays."
    ]
    assert not Batch.objects.filter(source="undo").exists()


def test_more_than_an_undo_does_by_itself_is_shown_before_it_is_done(staff_client, two):
    process([{"email": "bob@example.com", "company": "Mine"}])
    bob = Profile.objects.get(email_key="bob@example.com")
    first = staff_client.get(batch_page(two))
    assert first.context["may_force"] == [(bob, False)]

    forced = staff_client.post(
        batch_page(two), {"again": "1", "force": str(bob.pk), "digest": first.context["digest"]}
    )

    assert (forced.context["tally"].ended, forced.context["may_force"]) == (1, [(bob, True)])
    staff_client.post(batch_page(two), {"force": str(bob.pk), "digest": forced.context["digest"]})
    process_waiting()
    bob.refresh_from_db()
    assert bob.ended == "undone"


def test_batch_of_which_nothing_came_says_so(staff_client):
    batch = process([{"email": "x"}])

    answer = staff_client.get(batch_page(batch), follow=True)

    assert "Nothing came of it that could be taken back." in answer.content.decode()


def test_one_change_is_taken_back_and_the_timeline_links_both_ways(staff_client):
    profile = make_profile(email="ann@example.com", company="Acme")
    process([{"email": "ann@example.com", "company": "Other"}])
    change = ProfileChange.objects.get(profile=profile, version=2)
    ledger = reverse("admin:profiles_profilechange_change", args=[change.pk])
    assert change_page(change) in staff_client.get(ledger).content.decode()

    digest = staff_client.get(change_page(change)).context["digest"]
    staff_client.post(change_page(change), {"digest": digest, "note": "a slip"})

    profile.refresh_from_db()
    assert profile.company == "Acme"
    page = staff_client.get(reverse("admin:profiles_profile_change", args=[profile.pk])).content.decode()
    assert "taken back by version 3" in page
    assert "takes back version 2" in page


def test_ledger_over_rest_tells_what_is_live(api_client, staff_client):
    profile = make_profile(email="ann@example.com", company="Acme")
    process([{"email": "ann@example.com", "company": "Other"}])
    change = ProfileChange.objects.get(profile=profile, version=2)
    staff_client.post(change_page(change), {"digest": staff_client.get(change_page(change)).context["digest"]})

    rows = api_client.get(f"/api/v3/profiles/{profile.id}/changes").json()["data"]

    assert [(row["version"], row["live"], row["taken_back_by"], row["takes_back"]) for row in rows] == [
        (3, True, None, [2]),
        (2, False, 3, []),
        (1, True, None, []),
    ]


def test_undoing_takes_a_permission_of_its_own(client, two):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    client.force_login(clerk, backend=BACKEND)
    change = ProfileChange.objects.first()

    assert [client.get(one).status_code for one in (batch_page(two), change_page(change))] == [403, 403]
    assert "Take back…" not in client.get(reverse("admin:batches_batch_change", args=[two.pk])).content.decode()
    clerk.user_permissions.add(Permission.objects.get(codename="undo_change"))
    assert client.get(batch_page(two)).status_code == 200


def test_forcing_takes_another_permission(client, two):
    process([{"email": "bob@example.com", "company": "Mine"}])
    bob = Profile.objects.get(email_key="bob@example.com")
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="undo_change"))
    client.force_login(clerk, backend=BACKEND)

    page = client.post(batch_page(two), {"again": "1", "force": str(bob.pk), "loosen_consent": "on"})

    assert (page.context["may_force"], page.context["tally"].ended) == ([], 0)


# --- The command -------------------------------------------------------------------------------------------------


def test_command_shows_and_takes_one_change_back(capsys, monkeypatch, staff_user):
    profile = make_profile(email="ann@example.com", company="Acme")
    process([{"email": "ann@example.com", "company": "Other"}])
    monkeypatch.setattr("builtins.input", lambda _: "y")

    call_command("undo", "--change", str(profile.id), "2", "--note", "a slip", "--user", "staff")

    assert capsys.readouterr().out == (
        "Taking it back: 0 profiles end, 1 changes back (1 value), 0 stay as they are. Nobody else is touched.\n"
        "Taken back: 0 profiles end, 1 changes back (1 value), 0 stay as they are. Nobody else is touched.\n"
    )
    row = ProfileChange.objects.get(profile=profile, version=3)
    assert (row.cause_kind, row.actor_id, row.note) == ("command", staff_user.id, "a slip")


def test_command_that_only_shows_writes_nothing_and_tells_what_stays(capsys, two):
    process([{"email": "ann@example.com", "company": "Third"}])

    with pytest.raises(SystemExit) as left:
        call_command("undo", "--batch", str(two.id), "--dry-run")

    assert left.value.code == 1
    assert capsys.readouterr().out == (
        "Taking it back: 1 profile ends, 0 change back (0 values), 1 stays as it is. Nobody else is touched.\n"
        "  1 kept_newer: It was said otherwise, or again, since; the later word stays.\n"
        "Nothing was written.\n"
    )
    assert not Batch.objects.filter(source="undo").exists()


@pytest.mark.django_db(transaction=True)
def test_command_takes_a_batch_back_by_a_worker(capsys, two):
    call_command("undo", "--batch", str(two.id), "--yes")

    undo = Batch.objects.get(source="undo")
    assert capsys.readouterr().out == (f"Batch {undo.id} took {two.id} back: 2 updated, 0 unchanged, 0 rejected.\n")
    assert Profile.objects.filter(ended="undone").count() == 1


@pytest.fixture
def labelled():
    """Return three batches of one file, about the same two people; another batch has another label."""
    process([{"email": "ann@example.com", "company": "Acme"}], label="other")
    return [
        process(
            [{"email": "ann@example.com", "company": company}, {"email": "bob@example.com", "title": title}],
            label="file",
        )
        for company, title in (("First", "Dr"), ("Second", "Dr"), ("Third", "Prof"))
    ]


def test_command_shows_what_all_batches_of_a_label_come_to(capsys, labelled):
    process([{"email": "no"}], label="file")  # nothing came of it

    call_command("undo", "--label", "file", "--dry-run")

    assert capsys.readouterr().out == (
        "Taking 3 batches back: 1 profile ends, 1 changes back (1 value), 0 stay as they are. "
        "Nobody else is touched.\nNothing was written.\n"
    )
    assert not Batch.objects.filter(source="undo").exists()


@pytest.mark.django_db(transaction=True)
def test_command_takes_all_batches_of_a_label_back_newest_first_and_once(capsys, labelled):
    call_command("undo", "--label", "file", "--yes")
    first = capsys.readouterr().out.splitlines()
    call_command("undo", "--label", "file", "--yes")
    again = capsys.readouterr().out.splitlines()

    undos = Batch.objects.filter(source="undo").order_by("received_at")
    assert [undo.undoes_id for undo in undos] == [batch.id for batch in reversed(labelled)]
    assert [line.split(" back: ")[1] for line in first] == [
        "2 updated, 0 unchanged, 0 rejected.",
        "1 updated, 1 unchanged, 0 rejected.",
        "2 updated, 0 unchanged, 0 rejected.",
    ]
    assert again == first
    ann, bob = Profile.objects.order_by("id")
    assert (ann.company, ann.ended, bob.ended) == ("Acme", None, "undone")


@pytest.mark.django_db(transaction=True)
def test_command_that_was_stopped_goes_on_where_it_was(capsys, labelled):
    submit_undo(labelled[2], options=UndoOptions(), submitted_by=None)  # it waits; the others are still to come

    call_command("undo", "--label", "file", "--yes")

    assert Batch.objects.filter(source="undo").count() == 3
    assert Profile.objects.get(email_key="ann@example.com").company == "Acme"


@pytest.mark.django_db(transaction=True)
def test_what_was_done_again_is_taken_back_once_more(labelled):
    newest = labelled[2]
    call_command("undo", "--batch", str(newest.id), "--yes")
    call_command("undo", "--batch", str(Batch.objects.get(source="undo").id), "--yes")

    call_command("undo", "--batch", str(newest.id), str(labelled[1].id), "--yes")

    assert Batch.objects.filter(undoes=newest, dry_run=False).count() == 2
    assert Profile.objects.get(email_key="ann@example.com").company == "First"


@pytest.mark.django_db(transaction=True)
def test_batch_of_which_some_records_were_taken_back_is_taken_back_whole(two):
    call_command("undo", "--batch", str(two.id), "--positions", "0", "--yes")

    call_command("undo", "--batch", str(two.id), "--yes")

    assert Profile.objects.filter(ended="undone").count() == 1
    assert Profile.objects.get(email_key="ann@example.com").company == "Acme"


@pytest.mark.django_db(transaction=True)
def test_what_stayed_goes_when_more_is_asked_for():
    process([{"email": "ann@example.com", "comms_attributes": {"email_promo": True}}])
    batch = process([{"email": "ann@example.com", "comms_attributes": {"email_optout": True}}])
    with pytest.raises(SystemExit):
        call_command("undo", "--batch", str(batch.id), "--yes")

    call_command("undo", "--batch", str(batch.id), "--loosen-consent", "--yes")

    assert Profile.objects.get(email_key="ann@example.com").email_optout is None


def test_unfinished_batch_of_a_label_is_named(labelled):
    waiting = submit([{"email": "ann@example.com"}], label="file")

    with pytest.raises(CommandError, match=f"file .{waiting.id}.: The batch is not finished") as raised:
        call_command("undo", "--label", "file", "--yes")

    assert raised.value.returncode == 2
    assert not Batch.objects.filter(source="undo").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--batch", "x"], "x is not an id."),
        (["--label", "nowhere"], "No batch has the label nowhere."),
        (["--batch", "0190aaaa-0000-7000-8000-000000000001"], "There is no batch"),
        (["--change", "0190aaaa-0000-7000-8000-000000000001", "1"], "has no version 1"),
        (["--change", "0190aaaa-0000-7000-8000-000000000001", "x"], "has no version x"),
    ],
)
def test_command_names_what_it_cannot_take_back(options, told):
    with pytest.raises(CommandError, match=told) as raised:
        call_command("undo", *options, "--yes")

    assert raised.value.returncode == 2


def test_command_that_is_not_confirmed_takes_nothing_back(monkeypatch, two):
    monkeypatch.setattr("builtins.input", lambda _: "n")

    with pytest.raises(CommandError, match="Nothing was taken back"):
        call_command("undo", "--batch", str(two.id))
