"""The operators' commands about profiles."""

import json
import re

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from profiles.models import ApiToken, Country, Region, Status, User
from profiles.reference_data import example_data

pytestmark = pytest.mark.django_db


def test_token_is_printed_alone_and_works(capsys):
    call_command("create_token", "Web shop")

    told = capsys.readouterr()
    token = told.out.strip()
    client = APIClient(headers={"Authorization": f"Bearer {token}"})
    assert told.out == f"{token}\n"
    assert told.err == "Made the machine user web-shop.\n"
    assert client.get("/api/v3/batches").status_code == 200
    user = User.objects.get(username="web-shop")
    assert (user.is_staff, user.has_usable_password()) == (False, False)
    assert ApiToken.objects.get().scopes == ["*"]


def test_token_has_the_scopes_and_the_user_asked_for(capsys):
    User.objects.create(username="till")

    call_command("create_token", "x", "--user", "till", "--scopes", "read-profiles", "--expires-in", "2")

    token = ApiToken.objects.get()
    assert (token.user.username, token.scopes) == ("till", ["read-profiles"])
    assert token.expiry is not None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["x", "--scopes", "fly"], "Unknown scope fly; there are "),
        (["x", "--expires-in", "0"], "--expires-in must be between 1 and 36500 days."),
        (["  "], "LABEL: The text must not be empty."),
        (["x" * 256], "LABEL: The text must not be longer than 255 characters."),
        (["b\udcff"], "LABEL: The text must not hold half of a surrogate pair (U+DCFF)."),
        (["x", "--user", ""], "--user: The text must not be empty."),
        (["x", "--user", "b\udcff"], "--user: The text must not hold half of a surrogate pair (U+DCFF)."),
        (["x", "--user", "tills"], "There is no user tills; add --create to make a machine user of that name."),
        (["x", "--user", "a till", "--create"], "The user cannot be named a till: Enter a valid username."),
        (["x", "--user", "x" * 151, "--create"], "at most 150 characters"),
    ],
)
def test_wrong_token_is_refused(arguments, told):
    User.objects.create(username="till")

    with pytest.raises(CommandError, match=re.escape(told)) as caught:
        call_command("create_token", *arguments)

    assert caught.value.returncode == 1
    assert not ApiToken.objects.exists()
    assert list(User.objects.values_list("username", flat=True)) == ["till"]


def test_token_for_a_new_user_of_a_name_asked_for(capsys):
    call_command("create_token", "x", "--user", "till", "--create")
    call_command("create_token", "y", "--user", "till", "--create")

    assert capsys.readouterr().err == "Made the machine user till.\n"
    assert [token.user.username for token in ApiToken.objects.order_by("label")] == ["till", "till"]


def test_countries_are_there_from_the_start():
    assert Country.objects.get(iso_2="AU").iso_3 == "AUS"
    assert Country.objects.count() > 240


def test_reference_data_is_loaded_and_brought_up_to_date(tmp_path, capsys):
    document = dict(example_data())
    path = tmp_path / "reference.json"
    path.write_text(json.dumps(document))

    call_command("load_reference", str(path))
    call_command("load_reference", str(path))

    assert "statuses: 3 created, 0 updated, 0 unchanged" in capsys.readouterr().out
    assert [country.iso_2 for country in Region.objects.get(handle="victoria").countries.all()] == ["AU"]
    document["statuses"] = [{"handle": "gold", "name": "Golden"}]
    path.write_text(json.dumps(document))
    call_command("load_reference", str(path))
    assert (Status.objects.get(handle="gold").name, Status.objects.get(handle="gold").period) == ("Golden", 1)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "must be an object"),
        ('{"shops": []}', "shops: unknown"),
        ('{"regions": {}}', "regions: must be a list"),
        ('{"regions": [{"name": "x"}]}', r"regions\[0\].handle: required"),
        ('{"regions": [{"handle": "x"}]}', r"regions\[0\].name"),
        ('{"regions": [{"handle": "x", "name": "x", "fax": 1}]}', r"regions\[0\].fax: unknown field"),
        ('{"regions": [{"handle": "x", "name": "a\\u0000"}]}', "a NUL character"),
        ('{"regions": [{"handle": "x", "name": "x", "countries": ["XX"]}]}', r"countries\[0\]: unknown"),
        ('{"statuses": [{"handle": "x", "name": "x", "period_type": "moons"}]}', "period_type"),
    ],
)
def test_wrong_reference_data_changes_nothing(tmp_path, content, told):
    path = tmp_path / "reference.json"
    path.write_text(content)

    with pytest.raises(CommandError, match=told):
        call_command("load_reference", str(path))

    assert not Region.objects.exists()
