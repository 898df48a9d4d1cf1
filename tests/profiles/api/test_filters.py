"""What profiles are found by over REST, with every operator, and in which order (rules 8.15)."""

import pytest

from profiles.models import Profile
from profiles.reference_data import example_data, load_reference_data
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
URL = "/api/v3/profiles"


@pytest.fixture(autouse=True)
def people():
    """Have Ann, Bob and Cleo be known, and Dan be deleted."""
    load_reference_data(example_data())
    make_profile(
        email="Ann@example.com",
        first_name="Ann",
        last_name="Ärlig",
        title="Dr",
        gender="female",
        mobile_phone="+61404000001",
        birth_day=1,
        birth_month=2,
        birth_year=1980,
        joined_at="2020-01-02T03:04:05.500000Z",
        tags=["vip", "gold"],
        statuses=["gold"],
        identities=[{"handle": "pos", "identifier": "7"}],
    )
    make_profile(email="bob@example.com", first_name="Bob", last_name="Berg", company="Acme", tags=["vip"])
    make_profile(email="cleo@example.com", first_name="Cleo", last_name="Cruz", profile_type="incomplete")
    make_profile(email="dan@example.com", first_name="Dan", last_name="Dorn")
    process([{"email": "dan@example.com", "profile_type": "deleted"}])


def found(client, query):
    answer = client.get(f"{URL}?{query}")
    assert answer.status_code == 200, answer.content
    return [one["first_name"] for one in answer.json()["data"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("filter[email]=ANN@example.com", "Ann"),
        ("filter[email][eq]=ANN@example.com", "Ann"),
        ("filter[email][ne]=ann@example.com", "Bob Cleo"),
        ("filter[email][in]=ann@example.com,%20bob@example.com", "Ann Bob"),
        ("filter[mobile_phone]=0404 000 001", "Ann"),
        ("filter[mobile_phone]=%2B61 404 000 001", "Ann"),
        ("filter[mobile_phone][nullable]=0", "Ann"),
        ("filter[mobile_phone][nullable]=1", "Bob Cleo"),
        ("filter[title]= Dr ", "Ann"),
        ("filter[title][ne]=Dr", "Bob Cleo"),
        ("filter[gender]=FEMALE", "Ann"),
        ("filter[company]=Acme", "Bob"),
        ("filter[first_name]=ann", "Ann"),
        ("filter[last_name]=arlig", "Ann"),
        ("filter[birth_year][gt]=1979", "Ann"),
        ("filter[birth_year][gte]=1980", "Ann"),
        ("filter[birth_year][lt]=1980", ""),
        ("filter[birth_year][lte]=1980", "Ann"),
        ("filter[birth_month]=2", "Ann"),
        ("filter[joined_at]=2020-01-02 03:04:05", "Ann"),
        ("filter[joined_at]=2020-01-02T03:04:06Z", ""),
        ("filter[joined_at][gte]=2020-01-01", "Ann"),
        ("filter[joined_at][nullable]=1", "Bob Cleo"),
        ("filter[created_at][gt]=2020-01-01", "Ann Bob Cleo"),
        ("filter[updated_at][lt]=2020-01-01", ""),
        ("filter[tags.handle]=vip", "Ann Bob"),
        ("filter[tags.handle]=vip&filter[tags.handle]=gold", "Ann"),
        ("filter[statuses.handle]=gold", "Ann"),
        ("filter[identities.identifier]=7", "Ann"),
        ("filter[is_completed]=0", "Cleo"),
        ("filter[is_completed]=1", "Ann Bob"),
        ("filter[profile_type]=Deleted", "Dan"),
        ("filter[profile_type][in]=deleted,incomplete", "Cleo Dan"),
        ("filter[profile_type][ne]=active", "Cleo Dan"),
        ("filter[search]=bob", "Bob"),
        ("search=arlig", "Ann"),
        ("search=0404000001", "Ann"),
        ("search=vip&filter[tags.handle]=vip", ""),
        ("filter[tags.handle]=vip&filter[company]=Acme", "Bob"),
    ],
)
def test_filter_finds(api_client, settings, query, names):
    settings.PHONE_DEFAULT_COUNTRY = "AU"

    assert sorted(found(api_client, query)) == names.split()


def test_profile_is_found_by_its_id(api_client):
    ann = Profile.objects.get(first_name="Ann")

    assert found(api_client, f"filter[id]={ann.id}") == ["Ann"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("filter[email]=a b", "The email must have one @; this has none."),
        ("filter[mobile_phone]=%2B", ""),
        ("filter[email][in]=ann@example.com,,", "The list must not have empty entries."),
        ("filter[email][in]=ann@example.com,no", "The email must have one @; this has none."),
        (f"filter[birth_year][in]={','.join(['1'] * 101)}", "The list must not have more than 100 entries."),
        ("filter[birth_year]=x", "The filter must be a whole number."),
        ("filter[birth_year]=-1", "The filter must be a whole number."),
        ("filter[title][nullable]=2", "The filter must be 1 or 0."),
        ("filter[is_completed]=x", "The filter must be 1 or 0."),
        ("filter[id]=x", "The filter must be an id."),
        ("filter[gender]=x", "The filter must be one of male, female, withheld, other."),
        ("filter[created_at]=soon", "The time must be ISO 8601, such as 2020-05-05T15:20:32Z."),
        ("filter[title]=", "The filter must have a value."),
        ("filter[tags.handle]=vip&filter[tags.handle]=", "The filter must have a value."),
        ("filter[title]=a&filter[title][eq]=a", "The filter must stand once."),
    ],
)
def test_value_that_can_be_none_is_refused(api_client, query, told):
    answer = api_client.get(f"{URL}?{query}")

    assert answer.status_code == 422
    ((sentence,),) = answer.json()["errors"].values()
    assert told in sentence


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("created_at", "Ann Bob Cleo"),
        ("-created_at", "Cleo Bob Ann"),
        ("id", "Ann Bob Cleo"),
        ("last_name", "Ann Bob Cleo"),
        ("-email", "Cleo Bob Ann"),
        ("-first_name", "Cleo Bob Ann"),
        ("updated_at", "Ann Bob Cleo"),
        ("joined_at", "Ann Bob Cleo"),
        ("-joined_at", "Ann Cleo Bob"),
    ],
)
def test_list_is_ordered(api_client, sort, names):
    assert found(api_client, f"sort={sort}") == names.split()


@pytest.mark.parametrize("query", ["sort=", "sort=-", "sort=company", "sort=id&sort=email", "sort=--id"])
def test_order_that_is_none_is_refused(api_client, query):
    assert list(api_client.get(f"{URL}?{query}").json()["errors"]) == ["sort"]


def test_page_past_the_end_is_empty(api_client):
    answer = api_client.get(f"{URL}?page=9")

    assert (answer.status_code, answer.json()["data"], answer.json()["meta"]["total"]) == (200, [], 3)


def test_walking_page_by_page_reaches_everybody_however_few_are_counted(api_client, monkeypatch):
    monkeypatch.setattr("profiles.http.pagination.MOST_COUNTED", 1)
    seen, page = [], 1
    while True:
        body = api_client.get(f"{URL}?page={page}&per_page=1&sort=id").json()
        seen += [one["first_name"] for one in body["data"]]
        if body["meta"]["current_page"] == body["meta"]["last_page"]:
            break
        page += 1

    assert seen == ["Ann", "Bob", "Cleo"]


@pytest.mark.parametrize("size", [1, 3])
def test_list_takes_as_many_statements_for_any_page(api_client, django_assert_num_queries, size):
    api_client.get(URL)

    with django_assert_num_queries(4):
        api_client.get(f"{URL}?per_page={size}&filter[tags.handle]=vip")
