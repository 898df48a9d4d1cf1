"""Staff add, change and remove what a profile has several of, through the one writer."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from profiles.models import COLLECTION_MODELS, Address, Organisation, Profile, ProfileChange, Region, RoleDefinition
from profiles.reference_data import example_data, load_reference_data
from tests.builders import make_profile

pytestmark = pytest.mark.django_db
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}


@pytest.fixture
def ann():
    load_reference_data(example_data())
    return make_profile(
        email="ann@example.com",
        addresses=[HOME],
        identities=[{"handle": "shop", "identifier": "S-1"}],
        custom_attributes=[{"namespace": "pets", "handle": "dogs", "type": "integer", "value": 2}],
        dates_attributes=[{"handle": "wedding", "name": "Wedding", "date": "2020-05-31"}],
        regions=[{"handle": "victoria", "state": "VIC"}],
        organisations=[{"id": Organisation.objects.get(handle="acme").pk}],
    )


def new(profile, collection):
    return reverse("add-entry", args=[profile.pk, collection])


def page(profile, collection):
    """Return where the profile's one row of the collection is changed."""
    row = COLLECTION_MODELS[collection]._default_manager.get(profile=profile)
    return reverse("entry-page", args=[profile.pk, collection, row.pk])


def typed(client, url, **changes):
    """Return what the form sends, as it is but for some fields; switches that are off are not sent."""
    sent = client.get(url).context["form"].initial | changes
    return {name: value for name, value in sent.items() if value is not None and value is not False}


def save(client, url, **changes):
    answer = client.post(url, typed(client, url, **changes))
    if answer.status_code == 200:
        return answer.context["form"].errors
    return dict(ProfileChange.objects.latest("id").changes)


# --- Adding ------------------------------------------------------------------------------------------------------

ADDED = [
    ("addresses", {**HOME, "address_line_1": "9 Quay St"}, ("9 Quay St", "Perth", "6000", "AU")),
    ("identities", {"handle": "loyalty-card", "identifier": "700"}, (False, True)),
    ("custom_attributes", {"namespace": "n", "handle": "h", "type": "string", "value": "12"}, ("string", "12")),
    ("custom_attributes", {"namespace": "n", "handle": "h", "type": "integer", "value": "12"}, ("integer", 12)),
    ("custom_attributes", {"namespace": "n", "handle": "h", "type": "array", "value": "[1, 2]"}, ("array", [1, 2])),
    (
        "dates",
        {"handle": "birthday", "relationship": "child", "name": "Bo", "date": "2019-02-01"},
        ("Bo", "2019-02-01"),
    ),
    ("regions", {"region": "new-south-wales", "state": "NSW"}, ("NSW",)),
    ("organisations", {"organisation": "rowing-club", "expires_at": "2030-01-01 00:00"}, ("2030-01-01T00:00:00Z",)),
]


@pytest.mark.parametrize(
    ("collection", "sent", "told"), ADDED, ids=[f"{name}-{number}" for number, (name, *_) in enumerate(ADDED)]
)
def test_entry_is_added(staff_client, staff_user, ann, collection, sent, told):
    changes = save(staff_client, new(ann, collection), reason="on the phone", **sent)

    assert {pointer.split("/")[1] for pointer in changes} == {collection}
    values = [sides.get("to") for sides in changes.values()]
    assert [one for one in told if one not in values] == []
    row = ProfileChange.objects.latest("id")
    assert (row.note, row.actor_id, row.cause_kind, row.version) == ("on the phone", staff_user.pk, "admin", 2)


def test_default_region_is_set_with_it(staff_client, ann):
    save(staff_client, new(ann, "regions"), region="new-south-wales", is_default="on")

    assert ann.profile_regions.get(is_default=True).region.handle == "new-south-wales"


# --- Changing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("collection", "sent", "expected"),
    [
        ("addresses", {"city": "Fremantle"}, [("city", "Perth", "Fremantle")]),
        ("addresses", {"notes": "ring twice"}, [("notes", None, "ring twice")]),
        ("identities", {"is_active": False}, [("is_active", True, False)]),
        ("identities", {"is_primary": "on"}, [("is_primary", False, True)]),
        ("custom_attributes", {"value": "3"}, [("value", 2, 3)]),
        ("dates", {"date": "2020-06-01"}, [("date", "2020-05-31", "2020-06-01")]),
        ("dates", {"note": "cake"}, [("note", None, "cake")]),
        ("dates", {"is_recurring": "on"}, [("is_recurring", False, True)]),
        ("regions", {"state": "NSW"}, [("state", "VIC", "NSW")]),
        ("organisations", {"role": "member"}, [("role", None, "member")]),
        ("organisations", {"is_active": False}, [("is_active", True, False)]),
    ],
)
def test_entry_is_changed(staff_client, ann, collection, sent, expected):
    RoleDefinition.objects.get_or_create(handle="member", defaults={"name": "Member"})

    changes = save(staff_client, page(ann, collection), **sent)

    assert [
        (pointer.split("/")[-1], sides.get("from"), sides.get("to")) for pointer, sides in changes.items()
    ] == expected


def test_identifier_is_corrected_and_keeps_its_row(staff_client, ann):
    row = ann.identities.get().pk

    save(staff_client, page(ann, "identities"), identifier="S-2")

    assert [(one.pk, one.identifier) for one in ann.identities.all()] == [(row, "S-2")]


def test_nothing_changed_leaves_no_row(staff_client, ann):
    for collection in ("addresses", "identities", "custom_attributes", "dates", "regions", "organisations"):
        url = page(ann, collection)
        assert staff_client.post(url, typed(staff_client, url)).status_code == 302

    assert ProfileChange.objects.count() == 1


# --- Removing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "collection", ["addresses", "identities", "custom_attributes", "dates", "regions", "organisations"]
)
def test_entry_is_removed_once_that_was_meant(staff_client, ann, collection):
    url = page(ann, collection)
    asked = staff_client.post(url, typed(staff_client, url, remove="1"))
    assert (asked.status_code, asked.context["asks"], ProfileChange.objects.count()) == (200, True, 1)

    done = staff_client.post(url, typed(staff_client, url, remove="1", sure="1"))

    assert done.status_code == 302
    changes = ProfileChange.objects.latest("id").changes
    assert {pointer.split("/")[1] for pointer in changes} == {collection}
    assert all("to" not in sides for sides in changes.values())
    assert staff_client.get(url).status_code == 404


# --- Refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("collection", "sent", "field", "message"),
    [
        ("addresses", {"address_line_1": "1 Main St"}, "city", "is required"),
        ("addresses", {**HOME, "postcode": ""}, "postcode", "is required"),
        ("identities", {"handle": "shop"}, "identifier", "required"),
        (
            "custom_attributes",
            {"namespace": "n", "handle": "h", "type": "integer", "value": "x"},
            "value",
            "whole number",
        ),
        ("dates", {"handle": "d", "name": "D", "date": "31.5.2020"}, "date", "valid date"),
        ("regions", {"region": "nowhere"}, "region", "valid choice"),
        ("regions", {}, "region", ""),
        ("organisations", {}, "organisation", ""),
    ],
)
def test_what_is_wrong_is_told_at_the_field(staff_client, ann, collection, sent, field, message):
    errors = save(staff_client, new(ann, collection), **sent)

    assert field in errors, errors
    assert message in str(errors[field])
    assert ProfileChange.objects.count() == 1


def test_somebody_elses_identity_is_refused_at_the_identifier(staff_client, ann):
    make_profile(identities=[{"handle": "shop", "identifier": "S-9"}])

    errors = save(staff_client, new(ann, "identities"), handle="shop", identifier="S-9")

    assert "identifier" in errors


def test_stale_page_changes_nothing(staff_client, ann):
    url = page(ann, "addresses")
    sent = typed(staff_client, url, city="Fremantle")
    save(staff_client, url, notes="ring")

    answer = staff_client.post(url, sent)

    assert "Somebody else changed this profile" in str(answer.context["form"].non_field_errors())
    assert Address.objects.get().city == "Perth"


@pytest.mark.parametrize("path", ["addresses/99999", "nothing/1", "tags/1"])
def test_what_is_not_there_is_not_found(staff_client, ann, path):
    assert staff_client.get(f"/admin/entry/{ann.pk}/{path}/").status_code == 404


def test_row_of_somebody_else_is_not_found(staff_client, ann):
    other = make_profile(addresses=[HOME])

    assert (
        staff_client.get(reverse("entry-page", args=[ann.pk, "addresses", other.addresses.get().pk])).status_code
        == 404
    )


def test_viewer_may_not(client, django_user_model, ann):
    viewer = django_user_model.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_profile"))
    client.force_login(viewer, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(new(ann, "addresses")).status_code == 403
    assert client.get(page(ann, "addresses")).status_code == 403
    assert client.get(reverse("leaving-page", args=[ann.pk])).status_code == 403
    assert "entry/" not in client.get(f"/admin/profiles/profile/{ann.pk}/change/").content.decode()


def test_person_page_leads_to_every_row_and_to_new_ones(staff_client, ann):
    shown = staff_client.get(f"/admin/profiles/profile/{ann.pk}/change/").content.decode()

    for collection in ("addresses", "identities", "custom_attributes", "dates", "regions", "organisations"):
        assert f'href="{page(ann, collection)}"' in shown
        assert f'href="{new(ann, collection)}"' in shown
    assert Region.objects.exists()


# --- A person ----------------------------------------------------------------------------------------------------

ADD = "/admin/profiles/profile/add/"


def test_person_is_added(staff_client, staff_user):
    sent = typed_person(staff_client, first_name="Grace", last_name="Hopper", email="grace@example.com")

    answer = staff_client.post(ADD, sent)

    grace = Profile.objects.get()
    assert answer.headers["Location"] == f"/admin/profiles/profile/{grace.pk}/change/"
    assert (grace.full_name, grace.email, grace.profile_type, grace.version) == (
        "Grace Hopper", "grace@example.com", "active", 1,
    )  # fmt: skip
    row = ProfileChange.objects.get()
    assert (row.action, row.actor_id, row.cause_kind) == ("created", staff_user.pk, "admin")


def typed_person(client, **changes):
    form = client.get(ADD).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (shown | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"email": "ann@example.com"}, "email"),
        ({"email": "no email"}, "email"),
        ({"mobile_phone": "12"}, "mobile_phone"),
        ({"birth_day": "31"}, "birth_month"),
    ],
)
def test_person_who_cannot_be_added_is_told_at_the_field(staff_client, ann, sent, field):
    answer = staff_client.post(ADD, typed_person(staff_client, **sent))

    assert field in answer.context["adminform"].form.errors
    assert Profile.objects.count() == 1


# --- Leaving -----------------------------------------------------------------------------------------------------


def test_profile_is_deleted_and_restored(staff_client, ann):
    url = reverse("leaving-page", args=[ann.pk])

    assert staff_client.post(url, {"version": "1", "reason": "asked us to"}).status_code == 302
    ann.refresh_from_db()
    assert (ann.profile_type, ann.email) == ("deleted", "ann@example.com")
    assert staff_client.post(url, {"version": "2"}).status_code == 302

    assert list(ProfileChange.objects.values_list("action", "note").order_by("version")) == [
        ("created", ""),
        ("deleted", "asked us to"),
        ("restored", ""),
    ]


def test_page_that_is_stale_deletes_nobody(staff_client, ann):
    answer = staff_client.post(reverse("leaving-page", args=[ann.pk]), {"version": "7"})

    assert "Somebody else changed this profile" in answer.content.decode()
    assert Profile.objects.get().profile_type == "active"
