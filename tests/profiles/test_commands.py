"""The operators' commands about profiles."""

import json
import re

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from profiles.models import ApiToken, BlockedValue, Country, IdentityLimit, Region, Status, User
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


def test_rules_about_keys_are_loaded_and_brought_up_to_date(tmp_path, capsys):
    path = tmp_path / "rules.json"
    blocked = [
        {"kind": "email", "pattern": " *@mailinator.com ", "reason": "Nobody reads them."},
        {"kind": "identity", "handle": "pos", "exact": "GUEST"},
    ]
    path.write_text(json.dumps({"blocked_values": blocked, "identity_limits": {"loyalty": 1}}))

    call_command("load_reference", str(path))
    blocked[1] |= {"reason": "The till's own customer.", "is_active": False}
    path.write_text(json.dumps({"blocked_values": blocked, "identity_limits": {"loyalty": 2, "pos": 5}}))
    call_command("load_reference", str(path))

    told = capsys.readouterr().out.splitlines()
    assert told == [
        "blocked_values: 2 created, 0 updated, 0 unchanged",
        "identity_limits: 1 created, 0 updated, 0 unchanged",
        "blocked_values: 0 created, 1 updated, 1 unchanged",
        "identity_limits: 1 created, 1 updated, 0 unchanged",
    ]
    assert list(
        BlockedValue.objects.order_by("id").values_list("kind", "handle", "exact", "pattern", "is_active")
    ) == [
        ("email", "", "", "*@mailinator.com", True),
        ("identity", "pos", "GUEST", "", False),
    ]
    assert dict(IdentityLimit.objects.values_list("handle", "most")) == {"loyalty": 2, "pos": 5}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"blocked_values": {}}, "blocked_values: must be a list."),
        ({"blocked_values": [[]]}, "blocked_values[0]: must be an object."),
        ({"blocked_values": [{"exact": "x"}]}, "blocked_values[0].kind: required, as text."),
        ({"blocked_values": [{"kind": "fax", "exact": "x"}]}, "blocked_values[0].kind: Value 'fax' is not a valid"),
        ({"blocked_values": [{"kind": "email"}]}, "blocked_values[0]: Give the value as a whole or a pattern, one of"),
        (
            {"blocked_values": [{"kind": "email", "exact": "x", "pattern": "y"}]},
            "blocked_values[0]: Give the value as",
        ),
        ({"blocked_values": [{"kind": "email", "exact": 7}]}, "blocked_values[0].exact: must be text."),
        (
            {"blocked_values": [{"kind": "email", "handle": "pos", "exact": "x"}]},
            "[0]: Only identities have a handle.",
        ),
        (
            {"blocked_values": [{"kind": "email", "pattern": "(a+)+$"}]},
            "blocked_values[0].pattern: A pattern has no (",
        ),
        (
            {"blocked_values": [{"kind": "email", "pattern": "x" * 101}]},
            "blocked_values[0].pattern: Ensure this value",
        ),
        (
            {"blocked_values": [{"kind": "email", "exact": "x", "regex": "y"}]},
            "blocked_values[0].regex: unknown field.",
        ),
        ({"identity_limits": []}, "identity_limits: must be an object."),
        ({"identity_limits": {"pos": "7"}}, "identity_limits.pos: must be a whole number."),
        ({"identity_limits": {"pos": True}}, "identity_limits.pos: must be a whole number."),
        ({"identity_limits": {"pos": 0}}, "identity_limits.pos: The limit must be from 1 to 1,000."),
        ({"identity_limits": {"pos": 1_001}}, "identity_limits.pos: The limit must be from 1 to 1,000."),
        ({"identity_limits": {"pos": 2**70}}, "identity_limits.pos.most: "),
        ({"identity_limits": {" ": 7}}, "identity_limits. .handle: required, as text."),
        ({"identity_limits": {"a\x00": 7}}, "identity_limits.a?.handle: The text must not hold a NUL character"),
    ],
)
def test_wrong_rules_about_keys_change_nothing(tmp_path, document, told):
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"identity_limits": {"shop": 1}} | document))

    with pytest.raises(CommandError, match=re.escape(told)):
        call_command("load_reference", str(path))

    assert [model.objects.count() for model in (BlockedValue, IdentityLimit)] == [0, 0]


def test_more_blocked_values_than_batches_can_read_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("profiles.models.keyrules.MOST_ENTRIES", 3)
    monkeypatch.setattr("profiles.models.keyrules.MOST_PATTERNS", 1)
    path = tmp_path / "rules.json"
    patterns = [{"kind": "email", "pattern": f"{one}*"} for one in "ab"]
    values = [{"kind": "email", "exact": one} for one in "abcd"]

    for rows, place, most in ((patterns, 1, "1 patterns"), (values, 3, "3 blocked values")):
        path.write_text(json.dumps({"blocked_values": rows}))
        with pytest.raises(CommandError, match=rf"blocked_values\[{place}\]: There are {most} already"):
            call_command("load_reference", str(path))


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
