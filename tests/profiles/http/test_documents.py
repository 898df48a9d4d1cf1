"""The OpenAPI document: what it says of answers, and how it is read."""

import pytest
import yaml
from pydantic import BaseModel

from profiles.http.documents import Error, answers
from tests.documented import document, validator

EVERYWHERE = {400, 401, 403, 405, 408, 413, 414, 429, 431, 503}
SCHEMA = "/api/v3/schema/"


class Made(BaseModel):
    id: str


@pytest.mark.parametrize(
    ("statuses", "success", "described"),
    [
        ((), {}, EVERYWHERE),
        ((422,), {"ok": Made}, EVERYWHERE | {200, 422}),
        ((404, 413), {"created": Made, "ok": Made}, EVERYWHERE | {200, 201, 404}),
        ((), {"accepted": Made}, EVERYWHERE | {202}),
        ((409,), {"no_content": None}, EVERYWHERE | {204, 409}),
    ],
)
def test_operation_has_its_own_answers_and_those_of_every_one(statuses, success, described):
    assert set(answers(*statuses, **success)) == described


def test_success_has_its_model_errors_their_one_body_and_redirects_none():
    told = answers(308, 422, ok=Made)

    assert (told[200], told[422].response, told[308].response) == (Made, Error, None)
    assert [status for status, answer in told.items() if status != 200 and not answer.description.endswith(".")] == []


@pytest.mark.parametrize(("statuses", "success"), [((418,), {}), ((), {"gone": Made})])
def test_answer_that_has_no_words_is_none(statuses, success):
    with pytest.raises(KeyError):
        answers(*statuses, **success)


@pytest.mark.parametrize(
    ("query", "accept", "content_type"),
    [
        ("", "*/*", "application/vnd.oai.openapi"),
        ("", "application/json", "application/vnd.oai.openapi+json"),
        ("?format=json", "application/yaml", "application/vnd.oai.openapi+json"),
        ("?format=yaml", "application/json", "application/vnd.oai.openapi"),
    ],
)
def test_document_is_the_same_in_either_form(client, query, accept, content_type):
    answer = client.get(f"{SCHEMA}{query}", headers={"Accept": accept})

    # JSON is YAML too.
    document = yaml.safe_load(answer.content)
    assert (answer.status_code, answer["Content-Type"]) == (200, content_type)
    assert "Accept" in answer["Vary"]
    assert document == client.get(f"{SCHEMA}?format=json").json()
    assert "/api/v3/profiles/{profile_id}" in document["paths"]


@pytest.mark.parametrize(
    ("method", "query", "status"), [("get", "?format=xml", 422), ("get", "?format=", 422), ("options", "", 405)]
)
def test_document_has_no_other_form_and_method(client, method, query, status):
    assert getattr(client, method)(f"{SCHEMA}{query}").status_code == status


def test_every_operation_names_the_answers_every_one_has(client):
    paths = client.get(f"{SCHEMA}?format=json").json()["paths"]

    lacking = {
        (path, method): EVERYWHERE - set(map(int, one["responses"]))
        for path, methods in paths.items()
        for method, one in methods.items()
    }
    assert (len(lacking) > 10, {place: missing for place, missing in lacking.items() if missing}) == (True, {})


@pytest.mark.parametrize(
    ("maker", "status", "parameter", "place"),
    [
        ("create_profile", "201", "profile_id", "/data/id"),
        ("submit_batch", "202", "batch_id", "/data/batch_id"),
        ("create_region", "201", "region_id", "/data/id"),
    ],
)
def test_what_is_made_links_to_every_path_that_bears_its_id(client, maker, status, parameter, place):
    paths = client.get(f"{SCHEMA}?format=json").json()["paths"]
    operations = {way["operationId"]: (path, way) for path, ways in paths.items() for way in ways.values()}

    links = operations[maker][1]["responses"][status]["links"]

    bearing = {name for name, (path, _) in operations.items() if f"{{{parameter}}}" in path}
    assert links == {
        name: {"operationId": name, "parameters": {parameter: f"$response.body#{place}"}} for name in bearing
    }


def test_every_body_has_an_example_that_is_one():
    bodies = {
        way["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        for ways in document()["paths"].values()
        for way in ways.values()
        if "requestBody" in way
    }

    for place in bodies:
        schema = document()["components"]["schemas"][place.rpartition("/")[2]]
        assert schema["examples"], place
        for example in schema["examples"]:
            assert [error.message for error in validator(schema).iter_errors(example)] == [], place
