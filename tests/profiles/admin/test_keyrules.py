"""The desk's pages about blocked values, limits of identities, and profiles that may be several people."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from profiles.admin import holders
from profiles.admin.holders import find_holders
from profiles.keyrules import BlockedEntry
from profiles.models import BlockedValue, IdentityLimit, OvermergeAlarm
from tests.builders import make_profile, process, raw_record

pytestmark = pytest.mark.django_db
BLOCKED = "/admin/profiles/blockedvalue/"
ALARMS = "/admin/profiles/overmergealarm/"
NEW = {"kind": "email", "handle": "", "exact": "", "pattern": "", "reason": "", "is_active": "on"}


def told(response):
    return " ".join(strip_tags(response.content.decode()).split())


def viewer(django_user_model, *codenames):
    """Return a browser of somebody on the staff who may do just that."""
    user = django_user_model.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


# --- Blocking ----------------------------------------------------------------------------------------------------


def test_who_holds_a_value_is_shown_before_it_is_blocked(staff_client):
    make_profile(email="info@shop.example", first_name="Ana")

    asked = staff_client.post(f"{BLOCKED}add/", NEW | {"exact": " Info@Shop.example ", "reason": "Everybody's."})

    assert "1 profile holds this value. Once email Info@Shop.example is blocked" in told(asked)
    assert "Ana Unknown" in told(asked)
    assert not BlockedValue.objects.exists()

    sent = dict(asked.context["sent"]) | {asked.context["confirmed"]: "1"}
    saved = staff_client.post(f"{BLOCKED}add/", sent, follow=True)

    assert saved.status_code == 200
    blocked = BlockedValue.objects.get()
    assert (blocked.exact, blocked.reason, blocked.is_active) == ("Info@Shop.example", "Everybody's.", True)


def test_what_is_switched_on_again_is_asked_about_and_nothing_else_is(staff_client):
    blocked = BlockedValue.objects.create(kind="identity", handle="pos", exact="GUEST", is_active=False)
    page = f"{BLOCKED}{blocked.pk}/change/"

    staff_client.post(page, {"reason": "x"})
    asked = staff_client.post(page, {"reason": "y", "is_active": "on", "exact": "OTHER"})

    blocked.refresh_from_db()
    assert (blocked.reason, blocked.is_active) == ("x", False)
    assert "No profile holds this value. Once identity pos GUEST is blocked" in told(asked)
    staff_client.post(page, dict(asked.context["sent"]) | {"_confirmed": "1"})
    blocked.refresh_from_db()
    assert (blocked.exact, blocked.reason, blocked.is_active) == ("GUEST", "y", True)
    staff_client.post(page, {"reason": "z", "is_active": "on"})
    blocked.refresh_from_db()
    assert blocked.reason == "z"


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"pattern": "(a+)+$"}, "pattern", "A pattern has no ("),
        ({"pattern": "*"}, "pattern", "The pattern must hold something beside * and ?"),
        ({"exact": "a", "pattern": "b"}, "__all__", "Give the value as a whole or a pattern, one of the two."),
        ({}, "__all__", "Give the value as a whole or a pattern, one of the two."),
        ({"handle": "pos", "exact": "a"}, "__all__", "Only identities have a handle."),
        ({"exact": "a\x00"}, "exact", "Null characters are not allowed."),
        ({"exact": "known"}, "__all__", "Blocked value with this Kind, Handle, Exact and Pattern already exists."),
        ({"exact": "a", "kind": "fax"}, "kind", "Select a valid choice."),
    ],
)
def test_wrong_entry_is_told_at_its_field(staff_client, typed, field, sentence):
    BlockedValue.objects.create(kind="email", exact="known")

    answer = staff_client.post(f"{BLOCKED}add/", NEW | typed)

    assert sentence in " ".join(answer.context["adminform"].form.errors[field])
    assert BlockedValue.objects.count() == 1


def test_list_tells_what_is_blocked_everywhere_and_finds_its_own(staff_client):
    empty = staff_client.get(BLOCKED)
    BlockedValue.objects.create(kind="email", pattern="*@mailinator.com", reason="Nobody reads them.")
    BlockedValue.objects.create(kind="mobile", exact="+61404000999")

    found = staff_client.get(BLOCKED, {"q": "mailin"})

    assert "or 1234567890, and emails that begin noemail@ or test@" in told(empty)
    assert "Your own list is empty" in told(empty)
    assert [str(one) for one in found.context["cl"].result_list] == ["email *@mailinator.com"]
    assert "Your own list is empty" not in told(staff_client.get(BLOCKED, {"q": "nothing"}))


def test_who_may_only_look_cannot_block(django_user_model):
    client = viewer(django_user_model, "view_blockedvalue")

    assert client.get(BLOCKED).status_code == 200
    assert client.post(f"{BLOCKED}add/", NEW | {"exact": "a"}).status_code == 403
    assert client.post(f"{BLOCKED}add/", NEW | {"exact": "a", "_confirmed": "1"}).status_code == 403
    assert not BlockedValue.objects.exists()


@pytest.mark.parametrize(
    ("entry", "count"),
    [
        (BlockedEntry("email", exact="P0@Example.com"), "1 profile holds this value."),
        (BlockedEntry("email", exact="nobody@example.com"), "No profile holds this value."),
        (BlockedEntry("mobile", exact="+61 (0)404-000-001"), "1 profile holds this value."),
        (BlockedEntry("identity", exact="7"), "3 profiles hold this value."),
        (BlockedEntry("identity", "pos", exact="7"), "1 profile holds this value."),
        (
            BlockedEntry("email", pattern="p?@Example.*"),
            "3 profiles hold a value of this pattern, as far as the newest 50,000 tell.",
        ),
        (
            BlockedEntry("mobile", pattern="+61 404*"),
            "3 profiles hold a value of this pattern, as far as the newest 50,000 tell.",
        ),
        (
            BlockedEntry("identity", "shop", pattern="[0-9]"),
            "1 profile holds a value of this pattern, as far as the newest 50,000 tell.",
        ),
        (
            BlockedEntry("identity", pattern="x*"),
            "No profile holds a value of this pattern, as far as the newest 50,000 tell.",
        ),
    ],
)
def test_holders_are_counted(entry, count):
    for number, handle in enumerate(("pos", "shop", "till")):
        make_profile(
            email=f"p{number}@example.com",
            mobile_phone=f"+6140400000{number}",
            identities=[{"handle": handle, "identifier": "7"}, {"handle": handle, "identifier": "Z"}],
        )

    with CaptureQueriesContext(connection) as queries:
        found = find_holders(entry)

    assert found.count == count
    assert len(queries) <= 2


def test_counting_ends_somewhere(monkeypatch):
    monkeypatch.setattr(holders, "MOST_COUNTED", 2)
    monkeypatch.setattr(holders, "MOST_SHOWN", 1)
    monkeypatch.setattr(holders, "NEWEST_LOOKED_AT", 2)
    for handle in ("pos", "shop", "till"):
        make_profile(identities=[{"handle": handle, "identifier": "7"}])

    exact = find_holders(BlockedEntry("identity", exact="7"))
    pattern = find_holders(BlockedEntry("identity", pattern="7*"))

    assert (exact.count, len(exact.shown)) == ("More than 2 profiles hold this value.", 1)
    assert pattern.count == "2 profiles hold a value of this pattern, as far as the newest 2 tell."


def test_limit_is_set(staff_client):
    staff_client.post("/admin/profiles/identitylimit/add/", {"handle": " loyalty ", "most": "1"})
    wrong = staff_client.post("/admin/profiles/identitylimit/add/", {"handle": "pos", "most": "0"})

    assert list(IdentityLimit.objects.values_list("handle", "most")) == [("loyalty", 1)]
    assert wrong.context["adminform"].form.errors["__all__"] == ["The limit must be from 1 to 1,000."]


# --- Who may be several people -----------------------------------------------------------------------------------


@pytest.fixture
def grown(settings, machine_user):
    """Return a batch by whose first two records two profiles have grown too much."""
    settings.OVERMERGE_ALARM = 2
    many = [
        raw_record(
            first_name=name, identities=[{"handle": "pos", "identifier": f"{name}{number}"} for number in "123"]
        )
        for name in ("Ana", "Ben")
    ]
    return process([*many, raw_record()], submitted_by=machine_user, label="Nightly")


def test_list_tells_who_by_which_record_and_since_when(staff_client, grown):
    page = staff_client.get(ALARMS)

    text = told(page)
    assert [one.profile.first_name for one in page.context["cl"].result_list] == ["Ben", "Ana"]
    for part in ("Ana Unknown", "3 identities", "record 1", "Nightly", f"{grown.received_at:%Y-%m-%d}", "waiting"):
        assert part in text
    assert f"/admin/batches/batchrecord/at/{grown.id}/1/" in page.content.decode()


def test_staff_say_that_they_have_seen_them(staff_client, grown):
    ben = OvermergeAlarm.objects.latest("id")

    answer = staff_client.post(ALARMS, {"action": "say_seen", "_selected_action": [ben.pk]}, follow=True)
    staff_client.post(ALARMS, {"action": "say_seen", "_selected_action": [ben.pk]})

    assert "1 taken off the list." in told(answer)
    ben.refresh_from_db()
    assert (ben.seen_by, ben.seen_at is not None) == ("staff", True)
    shown = {
        state: [one.profile.first_name for one in staff_client.get(ALARMS, {"state": state}).context["cl"].result_list]
        for state in ("waiting", "seen")
    }
    assert shown == {"waiting": ["Ana"], "seen": ["Ben"]}


def test_nothing_else_of_an_alarm_changes(staff_client, django_user_model, grown):
    alarm = OvermergeAlarm.objects.latest("id")
    page = f"{ALARMS}{alarm.pk}/change/"
    looking = viewer(django_user_model, "view_overmergealarm")

    assert "3 identities" in told(staff_client.get(page))
    assert staff_client.post(page, {"count": "1"}).status_code == 403
    assert staff_client.post(f"{ALARMS}add/", {}).status_code == 403
    assert staff_client.post(f"{ALARMS}{alarm.pk}/delete/", {"post": "yes"}).status_code == 403
    looking.post(ALARMS, {"action": "say_seen", "_selected_action": [alarm.pk]})
    alarm.refresh_from_db()
    assert alarm.seen_at is None


def test_first_page_counts_those_that_wait_and_leads_to_them(staff_client, django_user_model, grown):
    OvermergeAlarm.objects.filter(profile__first_name="Ben").update(seen_at=grown.received_at)

    tile = staff_client.get("/admin/").context["to_look_at"][1]

    assert (tile["count"], tile["url"]) == ("1", f"{ALARMS}?state=waiting")
    assert len(staff_client.get(tile["url"]).context["cl"].result_list) == 1
    assert viewer(django_user_model, "view_batch").get("/admin/").context["to_look_at"] == []


@pytest.mark.parametrize("path", [BLOCKED, ALARMS])
def test_list_costs_the_same_for_any_number_of_rows(staff_client, settings, path):
    settings.OVERMERGE_ALARM = 0
    counts = []
    for count in (1, 3, 30):
        for number in range(count):
            process([raw_record(identities=[{"handle": "pos", "identifier": f"{count}-{number}"}])])
            BlockedValue.objects.create(kind="email", exact=f"{count}-{number}")
        with CaptureQueriesContext(connection) as queries:
            staff_client.get(path)
        counts.append(len(queries))

    assert len(set(counts[1:])) == 1
