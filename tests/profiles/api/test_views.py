"""Profiles over REST in the contract's read shape (rules 8.1)."""

import datetime as dt

import pytest

from profiles.api.shapes import profile_documents
from profiles.models import Location, Organisation, Profile, Region, RoleDefinition
from profiles.reference_data import example_data, load_reference_data
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db


def full_record():
    """Return a record that uses every field; the reference data it names is there."""
    load_reference_data(example_data())
    return {
        "reference": "r-1",
        "email": "Ada@Example.com",
        "title": "Ms",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "gender": "female",
        "currency": "AUD",
        "joined_at": "2020-05-05T15:20:32Z",
        "mobile_phone": "+61404123123",
        "secondary_phone": "+61292223333",
        "birth_day": 10,
        "birth_month": 12,
        "birth_year": 1985,
        "company": "Engines",
        "occupation": "Mathematician",
        "avatar_url": "https://example.com/ada.png",
        "joined_location_id": Location.objects.get(external_id="SYD-01").id,
        "preferred_location_external_id": "MEL-01",
        "tags": ["mobile app", "vip"],
        "identities": [{"handle": "pos", "identifier": 7}],
        "custom_attributes": [{"namespace": "pets", "handle": "dog", "type": "string", "value": "Rex"}],
        "dates_attributes": [
            {"handle": "birthday", "relationship": "child", "name": "Birthday", "date": "2015-02-01"},
        ],
        "statuses": ["silver", "gold"],
        "addresses": [
            {"address_line_1": "1 Pitt St", "city": "Sydney", "postcode": "2000", "country": "Australia"},
        ],
        "comms_attributes": {"email_promo": True, "email_consent_updated_at": "2024-01-01T00:00:00Z"},
        "region_id": Region.objects.get(handle="new-south-wales").id,
        "region_state": "NSW",
        "regions": [{"handle": "victoria", "country": "AU"}],
        "organisations": [
            {
                "id": Organisation.objects.get(handle="acme").id,
                "role_definition_id": RoleDefinition.objects.get(handle="buyer").id,
            }
        ],
        "attributes": {"comms": {"sms_promo": False}, "appearance": {"eye_colour": "brown"}},
    }


def test_profile_is_shown_with_everything(api_client):
    batch = process([full_record()])
    profile = Profile.objects.get()

    answer = api_client.get(f"/api/v3/profiles/{profile.id}")

    assert batch.created_count == 1
    assert answer.headers["ETag"] == '"1"'
    data = answer.json()["data"]
    plain = ("email", "full_name", "gender", "currency", "joined_at", "birth_date", "mobile_phone_national_prefix")
    assert {name: data[name] for name in plain} == {
        "email": "Ada@Example.com",
        "full_name": "Ada Lovelace",
        "gender": "female",
        "currency": "AUD",
        "joined_at": "2020-05-05 15:20:32",
        "birth_date": "1985-12-10",
        "mobile_phone_national_prefix": "0404123123",
    }
    assert (data["mobile_phone_country"], data["mobile_phone_national"]) == (61, "404123123")
    assert data["tags"] == ["mobile-app", "vip"]
    assert data["statuses"] == ["gold", "silver"]
    assert [one["name"] for one in data["statuses_original"]] == ["Gold", "Silver"]
    assert [(one["handle"], one["identifier"], one["is_active"]) for one in data["identities"]] == [("pos", "7", True)]
    assert data["custom_attributes"] == {"pets": {"dog": "Rex"}}
    assert data["address"] == data["addresses"][0]
    assert (data["address"]["country"], data["address"]["is_default"]) == ("AU", True)
    assert (data["region"]["handle"], data["region"]["state"]) == ("new-south-wales", "NSW")
    assert [one["handle"] for one in data["regions"]] == ["victoria", "new-south-wales"]
    assert data["organisations"][0]["role_definition"]["handle"] == "buyer"
    assert (data["joined_location"]["external_id"], data["preferred_location"]["external_id"]) == ("SYD-01", "MEL-01")
    assert (data["attributes"]["comms"]["email_promo"], data["attributes"]["comms"]["sms_promo"]) == (True, False)
    assert data["attributes"]["comms"]["email_promo_raw"] == 1
    assert data["attributes"]["comms"]["push_promo"] is None
    assert data["attributes"]["appearance"]["eye_colour"] == "brown"
    assert [(one["date"], one["relationship"]) for one in data["attributes"]["dates"]] == [("2015-02-01", "child")]


def test_new_profile_has_every_part_empty(api_client):
    profile = make_profile()

    data = api_client.get(f"/api/v3/profiles/{profile.id}").json()["data"]

    for name in ("identities", "tags", "statuses", "statuses_original", "addresses", "regions", "organisations"):
        assert data[name] == []
    assert (data["address"], data["region"], data["external_id"]) == (None, None, None)
    assert (data["first_name"], data["last_name"], data["profile_type"]) == ("Unknown", "Unknown", "active")
    assert data["attributes"]["dates"] == []
    assert data["reward_balance"] == 0


@pytest.mark.parametrize(
    ("today", "birthday", "expected"),
    [
        ((2026, 12, 10), (10, 12, 1985), (0, 0, "2026-12-10")),
        ((2026, 12, 9), (10, 12, 1985), (1, 364, "2026-12-10")),
        ((2026, 12, 11), (10, 12, 1985), (364, 1, "2027-12-10")),
        ((2026, 3, 1), (29, 2, 2000), (364, 1, "2027-02-28")),
        ((2028, 2, 28), (29, 2, 2000), (1, 365, "2028-02-29")),
    ],
)
def test_birthday_figures(today, birthday, expected):
    day, month, year = birthday
    profile = make_profile(birth_day=day, birth_month=month, birth_year=year)
    now = dt.datetime(*today, 12, tzinfo=dt.UTC)

    (data,) = profile_documents(Profile.objects.filter(id=profile.id), now=now)

    assert (data["birth_days"], data["birth_days_past"], data["next_birthday"]) == expected


def test_expired_status_is_not_held_but_shown():
    load_reference_data(example_data())
    profile = make_profile(statuses=["trial"])
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=31)

    (data,) = profile_documents(Profile.objects.filter(id=profile.id), now=later)

    assert data["statuses"] == []
    assert [one["handle"] for one in data["statuses_original"]] == ["trial"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Bea", "Ann"]),
        ("sort=created_at", ["Ann", "Bea"]),
        ("filter[email]=ANN@example.com", ["Ann"]),
        ("filter[email]=%20ann@Example.com", ["Ann"]),
        ("filter[email][eq]=ann@example.com", ["Ann"]),
        ("filter[email]=nobody@example.com", []),
        ("filter[last_name]=Baker", ["Bea"]),
        ("filter[last_name]=b\u00c1KER", ["Bea"]),
        ("filter[last_name]=Bake", []),
        ("filter[first_name]=BEA", ["Bea"]),
        ("filter[first_name]=Be", []),
        ("filter[first_name]=Bea&filter[last_name][eq]=baker", ["Bea"]),
        ("filter[first_name]=Ann&filter[last_name]=baker", []),
        ("filter[profile_type]=deleted", ["Cid"]),
        ("filter[profile_type][eq]=deleted", ["Cid"]),
        ("filter[identities.identifier]=7", ["Bea"]),
        ("filter[identities.identifier]=8", []),
        ("page[size]=1&page[number]=2", ["Ann"]),
    ],
)
def test_profiles_are_found(api_client, query, found):
    make_profile(first_name="Ann", email="ann@example.com")
    make_profile(
        first_name="Bea",
        last_name="Baker",
        identities=[{"handle": "pos", "identifier": 7}, {"handle": "shop", "identifier": 7}],
    )
    make_profile(first_name="Cid", profile_type="deleted")

    answer = api_client.get(f"/api/v3/profiles?{query}").json()

    assert [one["first_name"] for one in answer["data"]] == found


@pytest.mark.parametrize(
    ("query", "parameter", "sentence"),
    [
        ("filter[email]=no email", "filter[email]", "The email must have one @; this has none."),
        ("filter[email]=ann @example.com", "filter[email]", "The email must not hold a space."),
        ("filter[email]=a%00b@example.com", "filter[email]", "The text must not hold a NUL character (U+0000)."),
        ("filter[email]=", "filter[email]", "The filter must have a value."),
        ("filter[email]=%20%20", "filter[email]", "The filter must have a value."),
        ("filter[last_name]", "filter[last_name]", "The filter must have a value."),
        ("filter[last_name]=--", "filter[last_name]", "The name must hold a letter."),
        (f"filter[last_name]={'x' * 256}", "filter[last_name]", "The text must not be longer than 255 characters."),
        ("filter[profile_type]=", "filter[profile_type]", "The filter must have a value."),
        ("filter[identities.identifier]=a%0Ab", "filter[identities.identifier]",
         "The text must not hold a line break."),
        ("filter[email]=a@example.com&filter[email]=b@example.com", "filter[email]", "The filter must stand once."),
        ("filter[email]=a@example.com&filter[email][eq]=b@example.com", "filter[email][eq]",
         "The filter must stand once."),
        ("filter[email__contains]=a", "filter[email__contains]", "There is no such filter."),
        ("filter[search_with]=ann", "filter[search_with]", "There is no such filter."),
        ("filter[custom_field][a][b]=c", "filter[custom_field][a][b]", "There is no such filter."),
        ("filter[json_contains]=a", "filter[json_contains]", "There is no such filter."),
        ("filter[preferred_staff_id]=1", "filter[preferred_staff_id]", "There is no such filter."),
        ("filter[joined_staff_id]=1", "filter[joined_staff_id]", "There is no such filter."),
        ("filter[email][like]=a", "filter[email][like]", "There is no such filter."),
        ("filter[title][gt]=a", "filter[title][gt]", "There is no such filter."),
        ("filter=ann", "filter", "There is no such filter."),
        ("filter[identities.identifier]=7&filter[fax]=1", "filter[fax]", "There is no such filter."),
        ("email=ann@example.com", "email", "Filters are written in brackets: filter[email]."),
        ("Email=ann@example.com", "Email", "Filters are written in brackets: filter[email]."),
        ("email__regex=(", "email__regex", "Filters are written in brackets: filter[email]."),
        ("last_name[like]=b", "last_name[like]", "Filters are written in brackets: filter[last_name]."),
        ("mobile_phone=%2B61404123123", "mobile_phone", "Filters are written in brackets: filter[mobile_phone]."),
        (
            "identities.identifier=7",
            "identities.identifier",
            "Filters are written in brackets: filter[identities.identifier].",
        ),
        ("identity[handle]=pos", "identity[handle]", "This list cannot be narrowed by that."),
        ("attributes[0][namespace]=pets", "attributes[0][namespace]", "This list cannot be narrowed by that."),
        ("q=ann", "q", "This list cannot be narrowed by that."),
        ("search=", "search", "The filter must have a value."),
        ("updated_at[gte]=2020-01-01", "updated_at[gte]", "Filters are written in brackets: filter[updated_at]."),
        ("tags.handle=vip", "tags.handle", "Filters are written in brackets: filter[tags.handle]."),
        ("page[cursor]=x", "page[cursor]", "This list cannot be narrowed by that."),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_instead_of_answered_with_everybody(api_client, query, parameter, sentence):
    make_profile(email="ann@example.com")

    answer = api_client.get(f"/api/v3/profiles?{query}")

    assert (answer.status_code, answer.json()["errors"]) == (422, {parameter: [sentence]})


@pytest.mark.parametrize(
    "query", ["_=1732550400", "verbose=1", "include=identities", "utm_source=x", "page=1", "limit=5"]
)
def test_what_narrows_nothing_is_ignored(api_client, query):
    make_profile()

    answer = api_client.get(f"/api/v3/profiles?{query}")

    assert (answer.status_code, len(answer.json()["data"])) == (200, 1)


@pytest.mark.parametrize(
    "query", ["filter[version]=1", "version=1", "action=updated", "since=2020-01-01", "q=x", "a[b]=1"]
)
def test_history_is_not_narrowed(api_client, query):
    profile = make_profile()

    answer = api_client.get(f"/api/v3/profiles/{profile.id}/history?{query}")

    assert (answer.status_code, list(answer.json()["errors"])) == (422, [query.partition("=")[0]])


def test_page_tells_where_the_others_are(api_client):
    for _ in range(3):
        make_profile()

    answer = api_client.get("/api/v3/profiles?page[size]=1&page[number]=2&filter[last_name]=Unknown").json()

    base = "http://testserver/api/v3/profiles?filter%5Blast_name%5D=Unknown&page%5Bnumber%5D="
    assert answer["links"] == {
        "first": f"{base}1&page%5Bsize%5D=1",
        "last": f"{base}3&page%5Bsize%5D=1",
        "prev": f"{base}1&page%5Bsize%5D=1",
        "next": f"{base}3&page%5Bsize%5D=1",
    }
    meta = answer["meta"]
    numbers = {name: meta[name] for name in ("current_page", "from", "last_page", "per_page", "to", "total")}
    assert numbers == {"current_page": 2, "from": 2, "last_page": 3, "per_page": 1, "to": 2, "total": 3}


def test_merged_profile_leads_to_its_survivor(api_client):
    survivor, merged = make_profile(), make_profile()
    Profile.objects.filter(id=merged.id).update(merged_into=survivor)

    answer = api_client.get(f"/api/v3/profiles/{merged.id}")

    assert (answer.status_code, answer.headers["Location"]) == (308, f"/api/v3/profiles/{survivor.id}")
    assert [one["id"] for one in api_client.get("/api/v3/profiles").json()["data"]] == [str(survivor.id)]


def test_history_is_the_ledger_newest_first(api_client):
    process([{"email": "ann@example.com", "first_name": "Ann"}])
    batch = process([{"email": "ann@example.com", "first_name": "Anna", "tags": ["vip"]}])

    answer = api_client.get(f"/api/v3/profiles/{Profile.objects.get().id}/history").json()

    newest, oldest = answer["data"]
    assert (newest["version"], newest["action"], oldest["version"], oldest["action"]) == (2, "updated", 1, "created")
    assert newest["changes"] == {"/first_name": {"from": "Ann", "to": "Anna"}, "/tags/vip": {"to": True}}
    assert newest["cause"] == {
        "kind": "batch",
        "batch_id": str(batch.id),
        "position": 0,
        "actor_id": None,
        "actor_label": "",
        "request_id": None,
    }


@pytest.mark.parametrize("count", [1, 3, 30])
def test_lists_take_the_same_statements_for_any_number(api_client, django_assert_num_queries, count):
    record = full_record()
    for number in range(count):
        email = f"p{number}@example.com"
        process(
            [{**record, "email": email, "mobile_phone": None, "identities": [{"handle": "n", "identifier": number}]}]
        )

    with django_assert_num_queries(4):
        answer = api_client.get("/api/v3/profiles?page[size]=100")

    assert len(answer.json()["data"]) == count


def test_whole_profile_is_three_statements(api_client, django_assert_num_queries):
    process([full_record()])
    profile = Profile.objects.get()

    with django_assert_num_queries(3):  # the token, the profile's state, everything of it
        answer = api_client.get(f"/api/v3/profiles/{profile.id}")

    assert answer.json()["data"]["statuses_original"]
