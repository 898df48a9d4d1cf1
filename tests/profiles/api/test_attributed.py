"""Profiles are found by values of custom attributes (rules 12.12)."""

import pytest

from tests.builders import make_profile

pytestmark = pytest.mark.django_db
POS = {"handle": "pos", "identifier": "7"}


@pytest.fixture
def pets():
    def have(email, **values):
        entries = [
            {"namespace": "pets", "handle": handle, "type": kind, "value": value}
            for handle, (kind, value) in values.items()
        ]
        return make_profile(email=email, first_name=email[0], custom_attributes=entries)

    have("a@example.com", dog=("string", "Rex"), count=("integer", 2))
    have("b@example.com", dog=("string", "Max"), count=("string", "2"))
    have("c@example.com", dog=("string", "R" * 100), likes=("boolean", True))
    have("d@example.com", dog=("string", "R" * 99))


@pytest.mark.parametrize(
    ("attributes", "names"),
    [
        ([("dog", "value", "Rex")], "a"),
        ([("dog", "value][eq", "Rex")], "a"),
        ([("dog", "value][in", "Rex,Max")], "a b"),
        ([("count", "value", "2")], "a b"),
        ([("likes", "value", "true")], "c"),
        ([("dog", "value", "R" * 100)], "c"),
        ([("dog", "value", "rex")], ""),
        ([("dog", "value][in", "Rex,Max"), ("count", "value", "2")], "a b"),
        ([("dog", "value", "Rex"), ("likes", "value", "true")], ""),
    ],
)
def test_profiles_are_found_by_their_attributes(api_client, pets, attributes, names):
    query = {"sort": "id"}
    for number, (handle, name, value) in enumerate(attributes):
        query |= {
            f"attributes[{number}][namespace]": "pets",
            f"attributes[{number}][handle]": handle,
            f"attributes[{number}][{name}]": value,
        }

    found = api_client.get("/api/v3/profiles/attributes/custom", query).json()["data"]

    assert [one["first_name"] for one in found] == names.split()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "attributes[0][namespace]=pets",
        "attributes[0][namespace]=pets&attributes[0][handle]=dog",
        "attributes[0][namespace]=pets&attributes[0][handle]=dog&attributes[0][value]=",
        "attributes[0][namespace]=pets&attributes[0][handle]=dog&attributes[0][value][in]=a,,",
        "attributes[0][namespace]=pets&attributes[0][handle]=dog&attributes[0][value][gt]=1",
        "attributes[0][namespace][in]=pets&attributes[0][handle]=dog&attributes[0][value]=1",
        "attributes[0][namespace]=a&attributes[0][handle]=b&attributes[0][value]=c&filter[email]=a@example.com",
        "&".join(
            f"attributes[{n}][namespace]=a&attributes[{n}][handle]=b&attributes[{n}][value]=c" for n in range(11)
        ),
    ],
)
def test_attributes_that_cannot_be_asked_for_are_refused(api_client, query):
    assert api_client.get(f"/api/v3/profiles/attributes/custom?{query}").status_code == 422
