"""The desk's pages about people, and about who may use the hub."""

import datetime as dt

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from knox.crypto import hash_token

from profiles.admin.ledger import changes_cell
from profiles.desk.lists import BoundedPaginator
from profiles.models import ApiToken, BlockedValue, DuplicateCandidate, Profile, ProfileChange, Tag, User
from tests.builders import make_profile, process, raw_record

pytestmark = pytest.mark.django_db

PROFILES = "/admin/profiles/profile/"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def page_of(profile):
    return reverse("admin:profiles_profile_change", args=[profile.pk])


def sent_form(client, profile, **changes):
    """Return what a browser would send: the form as it was opened, and what was typed into it."""
    form = client.get(page_of(profile)).context["adminform"].form
    sent: dict[str, object] = {}
    for name, field in form.fields.items():
        value = form.get_initial_for_field(field, name)
        if name == "joined_at":
            sent |= {"joined_at_0": "", "joined_at_1": ""}
        else:
            sent[name] = "" if value is None else value
    return sent | changes


def edit(client, profile, **changes):
    return client.post(page_of(profile), sent_form(client, profile, **changes), follow=True)


# --- Finding -----------------------------------------------------------------------------------------------------


def test_profile_list_shows_who_they_are(staff_client):
    make_profile(email="ana@example.com", first_name="Ana", last_name="Álvarez", mobile_phone="+61404123123")

    page = staff_client.get(PROFILES).content.decode()

    assert [text for text in ("Ana Álvarez", "ana@example.com", "+61404123123", "active") if text not in page] == []


@pytest.mark.parametrize(
    "term",
    [
        "ANA.Alvarez@Example.com",
        "  ana.alvarez@example.com ",
        "+61 404 123 123",
        "C-77",
        "shop: C-77",
        "ana alv",
        "Ana Álv",
        "Álvarez",
    ],
)
def test_profile_search_finds_by_any_key_in_any_spelling(staff_client, term):
    ana = make_profile(
        email="ana.alvarez@example.com",
        first_name="Ana",
        last_name="Álvarez",
        mobile_phone="+61404123123",
        identities=[{"handle": "shop", "identifier": "C-77"}],
    )
    make_profile(first_name="Ben", last_name="Brown", identities=[{"handle": "shop", "identifier": "C-78"}])

    found = staff_client.get(PROFILES, {"q": term}).context["cl"].result_list

    assert list(found) == [ana]


def test_profile_search_finds_by_id(staff_client):
    ana = make_profile()
    make_profile()

    assert list(staff_client.get(PROFILES, {"q": str(ana.id)}).context["cl"].result_list) == [ana]


@pytest.mark.parametrize(
    ("first", "last", "terms"),
    [
        ("Ann", "Smith", ["ann smith", "ANN SM", "Smith Ann", "smith, ann", "smith a", "smit", "annsmith", "SMITH"]),
        ("Siobh\u00e1n", "O\u2019Brien", ["o'brien", "O\u2019BRIEN", "obrien", "O Brien siobhan", "siobhan obr"]),
        ("\u0141ukasz", "Wa\u0142\u0119sa", ["lukasz walesa", "walesa \u0141uk", "WA\u0141"]),
        ("S\u00f8ren", "\u00d8rsted-\u00c6r\u00f8", ["orsted aero", "soren o", "orstedaero s"]),
        ("Anne-Marie", "van der Berg", ["anne marie van", "van der berg anne-marie", "vanderberg a", "annemarie"]),
        ("I\u015f\u0131l", "Y\u0131ld\u0131z", ["yildiz isil", "I\u015eIL", "isil y"]),
        ("Jos\u00e9", "Garc\u00eda L\u00f3pez", ["garcia lopez jose", "jose garcia lopez", "Garcia Lopez, J"]),
    ],
)
def test_profile_search_finds_names_in_any_order_and_spelling(staff_client, first, last, terms):
    person = make_profile(first_name=first, last_name=last)
    make_profile(first_name="Bob", last_name="Annson")
    make_profile(first_name="Smedley", last_name="Berg")

    found = {term: list(staff_client.get(PROFILES, {"q": term}).context["cl"].result_list) for term in terms}

    assert found == {term: [person] for term in terms}


@pytest.mark.parametrize(
    "term", ["nobody", "nobody@example.com", "+61404999999", "%", "_", "--", "\ufffd", "smith bob", "x" * 255]
)
def test_profile_search_for_nobody_finds_nobody(staff_client, term):
    make_profile(first_name="Ana", last_name="Álvarez")

    response = staff_client.get(PROFILES, {"q": term})

    assert response.status_code == 200
    assert list(response.context["cl"].result_list) == []


def test_profile_list_narrows_by_type_tag_and_merging(staff_client):
    vip = make_profile(tags=["vip"])
    gone = make_profile(profile_type="deleted")
    merged = make_profile()
    Profile.objects.filter(id=merged.id).update(merged_into=vip)

    def shown(**filters):
        return list(staff_client.get(PROFILES, filters).context["cl"].result_list)

    assert shown(tag="vip") == [vip]
    assert shown(tag="v") == []
    assert shown(profile_type__exact="deleted") == [gone]
    assert shown(merged="yes") == [merged]
    assert shown(merged="no") == [gone, vip]


def test_lists_count_up_to_an_end():
    for _ in range(4):
        make_profile()
    paginator = BoundedPaginator(Profile.objects.order_by("id"), 2)
    paginator.most_counted = 3

    assert (paginator.count, paginator.is_cut, paginator.num_pages) == (3, True, 2)


# --- The page ----------------------------------------------------------------------------------------------------


def test_profile_page_shows_all_that_is_known_and_why(staff_client):
    process(
        [raw_record(email="ana@example.com", tags=["vip"], identities=[{"handle": "shop", "identifier": "C-77"}])],
        label="Nightly",
    )
    process([raw_record(email="ana@example.com", company="ACME")], label="Weekly")
    ana = Profile.objects.get()

    response = staff_client.get(page_of(ana))

    page = response.content.decode()
    expected = ["C-77", "?tag=vip", "ACME", "Nightly #0", "Weekly #0", "batch", "record 0", "company"]
    assert [text for text in expected if text not in page] == []
    assert len(response.context["history"]["rows"]) == 2


def test_profile_page_shows_the_newest_of_a_long_history(staff_client):
    ana = make_profile(email="ana@example.com")
    for number in range(51):
        process([raw_record(email="ana@example.com", company=f"Company {number}")])

    response = staff_client.get(page_of(ana))

    assert len(response.context["history"]["rows"]) == 14
    ledger = f"/admin/profiles/profilechange/?profile={ana.id}"
    assert ledger in response.content.decode()
    assert staff_client.get(ledger).context["cl"].result_count == 52


def test_change_is_told_side_by_side():
    told = strip_tags(
        changes_cell(
            {
                "/company": {"from": "ACME", "to": None},
                "/tags/vip": {"to": True},
                "/tags/old": {"from": True},
                "/identities/shop/C~17/is_active": {"to": True},
                "/addresses/1/city": {"from": "Perth"},
            }
        )
    )

    assert " ".join(told.split()) == (
        "addresses / 1 / city Perth removed company ACME → null identities / shop / C/7 / is_active yes "
        "tags / old removed tags / vip added"
    )


def test_merged_profile_is_edited_on_its_survivor(staff_client):
    survivor, merged = make_profile(first_name="Ana"), make_profile(first_name="Anna")
    Profile.objects.filter(id=merged.id).update(merged_into=survivor)

    page = staff_client.get(page_of(merged))

    assert page_of(survivor) in page.content.decode()
    assert page.context["has_change_permission"] is False
    assert staff_client.post(page_of(merged), {"version": 1, "first_name": "X"}).status_code == 403
    assert "Anna" in staff_client.get(page_of(survivor)).content.decode()


# --- Editing -----------------------------------------------------------------------------------------------------


def test_staff_edit_goes_into_the_ledger(staff_client, staff_user):
    ana = make_profile(email="ana@example.com", first_name="Ana", last_name="Álvarez", company="ACME")

    response = edit(staff_client, ana, first_name=" Anna ", company="", mobile_phone="+61 404 123 123", birth_day="")

    assert response.redirect_chain == [(PROFILES, 302)]
    ana.refresh_from_db()
    assert (ana.first_name, ana.company, ana.mobile_phone, ana.search_name, ana.version) == (
        "Anna",
        None,
        "+61404123123",
        "annaalvarez",
        2,
    )
    change = ProfileChange.objects.get(profile=ana, version=2)
    assert change.changes == {
        "/first_name": {"from": "Ana", "to": "Anna"},
        "/company": {"from": "ACME", "to": None},
        "/mobile_phone": {"from": None, "to": "+61404123123"},
    }
    assert (change.cause_kind, change.actor_id, change.actor_label) == ("admin", staff_user.pk, "staff")
    assert LogEntry.objects.count() == 0


def test_staff_edit_without_a_change_writes_nothing(staff_client):
    ana = make_profile(first_name="Ana", birth_day=5, birth_month=6, gender="female", joined_at="2020-05-05T15:20:32Z")

    response = edit(staff_client, ana)

    assert response.redirect_chain == [(PROFILES, 302)]
    ana.refresh_from_db()
    assert (ana.version, ProfileChange.objects.count()) == (1, 1)


def test_staff_edit_sets_birthday_and_joining_time(staff_client):
    ana = make_profile()

    edit(
        staff_client,
        ana,
        birth_day="5",
        birth_month="6",
        birth_year="1980",
        joined_at_0="2020-05-05",
        joined_at_1="15:20:32",
    )

    ana.refresh_from_db()
    assert (ana.birth_day, ana.birth_month, ana.birth_year) == (5, 6, 1980)
    assert ana.joined_at == dt.datetime(2020, 5, 5, 15, 20, 32, tzinfo=dt.UTC)


def test_staff_edit_may_mend_the_spelling_of_an_email(staff_client):
    ana = make_profile(email="ana@example.com")

    edit(staff_client, ana, email="Ana@Example.com")

    ana.refresh_from_db()
    assert (ana.email, ana.email_key) == ("Ana@Example.com", "ana@example.com")


def test_stale_edit_is_refused(staff_client):
    ana = make_profile(email="ana@example.com", first_name="Ana")
    opened = sent_form(staff_client, ana, first_name="Anna", mobile_phone="+61404123123")
    process([raw_record(email="ana@example.com", company="ACME")])

    response = staff_client.post(page_of(ana), opened)

    assert response.context["adminform"].form.non_field_errors() == [
        "Somebody else changed this profile after you opened it. Nothing was saved: open it again and repeat the edit."
    ]
    ana.refresh_from_db()
    assert (ana.first_name, ana.company, ana.mobile_phone, ana.version) == ("Ana", "ACME", None, 2)
    assert ProfileChange.objects.filter(profile=ana).count() == 2


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"email": "BEN@example.com"}, "email", "The email has already been taken."),
        ({"mobile_phone": "+61404000002"}, "mobile_phone", "The phone number exists"),
        ({"email": "nonsense"}, "email", "The email must have one @; this has none."),
        ({"email": ""}, "email", "The field cannot be emptied."),
        ({"first_name": ""}, "first_name", "The field cannot be emptied."),
        ({"mobile_phone": "0404"}, "mobile_phone",
         "The phone number must begin with a plus and the country code, such as +61404123123."),
        ({"birth_day": "5"}, "birth_month", "birth_day and birth_month come together."),
        ({"company": "x" * 256}, "company", "The text must not be longer than 255 characters."),
        ({"company": "a\x00b"}, "company", "The text must not hold a NUL character (U+0000)."),
        ({"birth_day": "five"}, "birth_day", "Enter a whole number."),
    ],
)  # fmt: skip
def test_refused_edit_says_why_at_the_field(staff_client, typed, field, sentence):
    ana = make_profile(email="ana@example.com", first_name="Ana")
    make_profile(email="ben@example.com", mobile_phone="+61404000002")

    response = edit(staff_client, ana, **{"last_name": "Never saved", **typed})

    assert response.context["adminform"].form.errors == {field: [sentence]}
    assert sentence in response.content.decode()
    ana.refresh_from_db()
    assert (ana.email, ana.last_name, ana.version) == ("ana@example.com", "Unknown", 1)


def test_edit_to_a_blocked_value_is_told_at_its_field(staff_client):
    BlockedValue.objects.create(kind="mobile", exact="+61404000999")
    profile = make_profile(email="ana@example.com")

    answer = edit(staff_client, profile, email="noemail@example.com", mobile_phone="+61 404 000 999", company="Acme")

    errors = answer.context["adminform"].form.errors
    sentence = "The value is blocked: it stands for nobody, and was left out."
    assert errors == {"email": [sentence], "mobile_phone": [sentence]}
    profile.refresh_from_db()
    assert (profile.email, profile.mobile_phone, profile.company) == ("ana@example.com", None, None)


def test_edit_that_claims_another_ones_email_notes_a_possible_duplicate(staff_client):
    ana, ben = make_profile(email="ana@example.com"), make_profile(email="ben@example.com")

    edit(staff_client, ana, email="ben@example.com")

    pair = DuplicateCandidate.objects.get()
    assert ({pair.low_id, pair.high_id}, pair.reason) == ({ana.id, ben.id}, "claimed_elsewhere")


def test_deleted_profile_is_restored_by_its_type(staff_client):
    ana = make_profile(profile_type="deleted")

    refused = edit(staff_client, ana, company="ACME")
    edit(staff_client, ana, company="ACME", profile_type="active")

    assert refused.context["adminform"].form.non_field_errors() == [
        "The profile is deleted; naming a profile_type restores it."
    ]
    ana.refresh_from_db()
    assert (ana.profile_type, ana.company) == ("active", "ACME")
    assert ProfileChange.objects.get(profile=ana, version=2).action == "restored"


# --- Who may -----------------------------------------------------------------------------------------------------


def test_viewing_staff_sees_and_cannot_edit(viewing_client):
    ana = make_profile(email="ana@example.com", first_name="Ana")

    page = viewing_client.get(page_of(ana))
    posted = viewing_client.post(page_of(ana), {"version": 1, "first_name": "Anna"})

    assert "ana@example.com" in page.content.decode()
    assert 'name="_save"' not in page.content.decode()
    assert posted.status_code == 403
    ana.refresh_from_db()
    assert ana.first_name == "Ana"


def test_nobody_deletes_rows_of_profiles_here(staff_client):
    ana = make_profile()

    assert staff_client.post(page_of(ana).replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert Profile.objects.count() == 1


def test_machine_user_cannot_enter(machine_user):
    machine_user.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(machine_user, backend=BACKEND)

    response = client.get(PROFILES)

    assert (response.status_code, response["Location"]) == (302, f"/admin/login/?next={PROFILES}")


def test_staff_without_permissions_sees_nothing():
    client = Client()
    client.force_login(User.objects.create_user("new", is_staff=True), backend=BACKEND)

    assert client.get("/admin/").status_code == 200
    assert client.get(PROFILES).status_code == 403


# --- The other pages ---------------------------------------------------------------------------------------------


def test_tags_tell_how_many_carry_them(staff_client):
    make_profile(tags=["vip", "news"])
    make_profile(tags=["vip"])

    response = staff_client.get("/admin/profiles/tag/")

    assert {tag.handle: tag.uses for tag in response.context["cl"].result_list} == {"vip": 2, "news": 1}
    assert "2 profiles" in response.content.decode()
    assert staff_client.get(f"/admin/profiles/tag/{Tag.objects.get(handle='vip').pk}/change/").status_code == 200


def test_ledger_is_read_only(staff_client):
    make_profile(first_name="Ana")
    change = ProfileChange.objects.get()
    url = f"/admin/profiles/profilechange/{change.pk}/"

    assert "first_name" in staff_client.get("/admin/profiles/profilechange/").content.decode()
    assert "first_name" in staff_client.get(f"{url}change/").content.decode()
    assert [
        staff_client.post(f"{url}change/", {"version": 9}).status_code,
        staff_client.post(f"{url}delete/", {"post": "yes"}).status_code,
        staff_client.get("/admin/profiles/profilechange/add/").status_code,
    ] == [403, 403, 403]


def test_token_is_shown_once_and_works(staff_client, machine_user):
    response = staff_client.post(
        "/admin/profiles/apitoken/add/",
        {"label": "Till 3", "user": machine_user.pk, "scopes": ["read-profiles"], "expiry_0": "", "expiry_1": ""},
        follow=True,
    )

    token = ApiToken.objects.get()
    assert (token.label, token.user, token.scopes, token.expiry) == ("Till 3", machine_user, ["read-profiles"], None)
    (message,) = [str(one) for one in response.context["messages"] if "Copy the token now" in str(one)]
    secret = message.rpartition(" ")[2]
    assert hash_token(secret) == token.digest
    assert secret.startswith(token.token_key)
    assert secret not in staff_client.get("/admin/profiles/apitoken/").content.decode()


def test_token_for_everything_says_only_that(staff_client, machine_user):
    data = {"label": "All", "user": machine_user.pk, "scopes": ["*", "read-profiles"], "expiry_0": "", "expiry_1": ""}

    staff_client.post("/admin/profiles/apitoken/add/", data)

    assert ApiToken.objects.get().scopes == ["*"]


def test_token_cannot_be_changed_and_is_revoked_by_deleting_it(staff_client, machine_user):
    token, _ = ApiToken.objects.create(user=machine_user, label="Till 3", scopes=["*"])
    url = f"/admin/profiles/apitoken/{token.pk}/"

    assert staff_client.get(f"{url}change/").status_code == 200
    assert staff_client.post(f"{url}change/", {"label": "Other"}).status_code == 403
    assert staff_client.post(f"{url}delete/", {"post": "yes"}).status_code == 302
    assert ApiToken.objects.count() == 0


@pytest.mark.parametrize(
    "path",
    [
        "profiles/user/",
        "profiles/user/add/",
        "auth/group/",
        "auth/group/add/",
        "profiles/apitoken/add/",
        "axes/accessattempt/",
        "profiles/duplicatecandidate/",
        "password_change/",
    ],
)
def test_page_opens(staff_client, path):
    assert staff_client.get(f"/admin/{path}").status_code == 200


def test_user_page_opens(staff_client, machine_user):
    assert staff_client.get(f"/admin/profiles/user/{machine_user.pk}/change/").status_code == 200


# --- Cost --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("profiles/profile/", 6),
        ("profiles/profile/?q=unknown", 11),
        ("profiles/tag/", 4),
        ("profiles/profilechange/", 4),
        ("profiles/duplicatecandidate/", 4),
    ],
)
def test_list_costs_the_same_for_any_number_of_rows(staff_client, django_assert_num_queries, path, queries):
    for count in (1, 2, 27):
        profiles = [make_profile(tags=[f"tag-{count}-{number}"]) for number in range(count)]
        newest = make_profile()
        DuplicateCandidate.objects.bulk_create(
            DuplicateCandidate(low=one, high=newest, reason="ambiguous", created_at=timezone.now()) for one in profiles
        )
        with django_assert_num_queries(queries):
            staff_client.get(f"/admin/{path}")


def test_profile_page_costs_the_same_for_any_history(staff_client):
    ana = make_profile(email="ana@example.com")
    staff_client.get(page_of(ana))  # Django remembers its content types from the first time on
    costs = []
    for count in (1, 2, 27):
        for number in range(count):
            identity = {"handle": "shop", "identifier": f"{count}-{number}"}
            process([raw_record(email="ana@example.com", company=f"{count} {number}", identities=[identity])])
        others = [make_profile() for _ in range(count)]
        DuplicateCandidate.objects.bulk_create(
            DuplicateCandidate(low=ana, high=one, reason="ambiguous", created_at=timezone.now()) for one in others
        )
        with CaptureQueriesContext(connection) as queries:
            staff_client.get(page_of(ana))
        costs.append(len(queries))

    assert costs == [costs[0]] * 3
    assert costs[0] < 25
