"""What the README shows is what happens."""

import json
import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from profiles.models import Organisation, RoleDefinition
from profiles.reference_data import example_data, load_reference_data
from profiles.schema import RECORD_FIELDS
from tests.builders import process_waiting

README = (Path(__file__).parents[2] / "README.md").read_text()


def example(name):
    """Return the README's JSON under a mark."""
    return json.loads(re.search(rf"<!-- {name} -->\n```json\n(.*?)```", README, re.DOTALL)[1])


def shown(expected, actual):
    """Return of the actual value what the README shows of it."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {name: shown(value, actual[name]) for name, value in expected.items()}
    if isinstance(expected, list) and isinstance(actual, list):
        return [shown(*pair) for pair in zip(expected, actual, strict=True)]
    return actual


@pytest.fixture
def _reference_data(db):
    Organisation.objects.create(id=1, handle="acme", name="Acme Pty Ltd")
    RoleDefinition.objects.create(id=1, handle="buyer", name="Buyer")
    # The ids 1 are spoken for: other rows must not try them.
    document = {name: rows for name, rows in example_data().items() if name not in {"organisations", "roles"}}
    load_reference_data(document)


@pytest.mark.usefixtures("_reference_data")
def test_readme_example_does_what_it_says(api_client):
    answer = api_client.post("/api/v3/profiles/batch.json", example("request"), format="json")
    process_waiting()

    assert answer.status_code == 202
    assert answer.json()["data"]["message"] == example("answer")["data"]["message"]
    assert answer.json()["data"].keys() == example("answer")["data"].keys()
    (item,) = api_client.get(f"/api/v3/batches/{answer.json()['data']['batch_id']}/items").json()["data"]
    assert shown(example("item"), item) == example("item")
    profile = api_client.get(f"/api/v3/profiles/{item['profile_id']}").json()["data"]
    assert shown(example("profile"), profile) == example("profile")


def test_readme_request_uses_every_field():
    (record,) = example("request")["profiles"]
    other_names = {
        "joined_location_id",
        "joined_location_external_code",
        "preferred_location_id",
        "preferred_location_external_id",
        "region_id",
    }

    assert RECORD_FIELDS - set(record) == other_names


def commands():
    """Return the rows of the README's table of commands: a command's name and the options it is shown with."""
    rows = re.findall(r"^\| `manage\.py (\w+)([^`]*)`", README, re.MULTILINE)
    return [(name, re.findall(r"--[\w-]+", rest)) for name, rest in rows]


@pytest.mark.parametrize(("name", "options"), commands())
def test_readme_command_has_the_options_it_is_shown_with(name, options):
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)

    assert [option for option in options if option not in parser._option_string_actions] == []  # noqa: SLF001 argparse


def test_readme_shows_every_command_of_the_hub():
    ours = {name for name, app in get_commands().items() if app in {"batches", "profiles"}}

    assert ours - {name for name, _ in commands()} == {"run", "demo"}  # told of above the table


def test_readme_lists_every_setting():
    settings = (Path(__file__).parents[2] / "config" / "settings.py").read_text()
    rows = "".join(row for row in re.findall(r"^\|([^|]*)\|", README, re.MULTILINE))

    asked = re.findall(r"\benv\.\w+\(\"(\w+)\"", settings)
    assert len(asked) > 20
    assert [name for name in asked if f"`{name}`" not in rows] == []
