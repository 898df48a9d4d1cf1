"""No list answers with everybody because it does not know the word it was asked to be narrowed by."""

import pytest
from django.apps import apps

from profiles.http.narrowing import refusal
from profiles.schema import RECORD_FIELDS
from profiles.shape import APPEARANCE_MEMBERS, COMMS_MEMBERS
from tests.builders import make_profile, process

NARROWED = "This list cannot be narrowed by that."
ORDERED = "This list cannot be ordered by that."


@pytest.mark.parametrize(
    "parameter",
    [
        *(
            "email",
            "Email",
            "EMAIL",
            "e-mail",
            "e_mail",
            " email",
            "\uff45mail",
            "emails",
            "email[]",
            "email.eq",
            "email__in",
        ),
        *("customerEmail", "email_contains", "profile-email", "mobile_phone", "mobilePhone", "phone", "first_name"),
        *("firstName", "profile_type", "label", "handle", "identifier", "postcode", "postCode", "country", "address1"),
        *(
            "from",
            "to",
            "start",
            "end",
            "before",
            "after",
            "date_from",
            "created_after",
            "updatedSince",
            "min_created",
        ),
        *("select", "fields", "where", "exclude", "only", "query", "q", "Search", "keyword", "take", "top", "first"),
        *("page_size", "pageSize", "perPage", "per-page", "Limit", "max_results", "offset", "cursor", "page[cursor]"),
        *("outcome", "error_code", "reference", "match_criteria", "submitted_by", "version", "action", "cause_kind"),
        *("tags.handle", "identity[handle]", "attributes[0][namespace]", "with_trashed", "deleted", "a" * 200 + ".id"),
    ],
)
def test_word_that_narrows_lists_is_refused(parameter):
    assert refusal(parameter) == NARROWED


@pytest.mark.parametrize("parameter", ["sort", "order", "orderBy", "order_by", "sort-by", "ordering", "direction"])
def test_word_that_orders_lists_is_refused(parameter):
    assert refusal(parameter) == ORDERED


@pytest.mark.parametrize(
    "parameter",
    [
        *(
            "",
            "_",
            "__",
            "1",
            "-",
            "v",
            "format",
            "pretty",
            "lang",
            "locale",
            "verbose",
            "debug",
            "include",
            "callback",
        ),
        *(
            "utm_source",
            "utm_campaign",
            "UTM_Term",
            "gclid",
            "fbclid",
            "cb",
            "nocache",
            "cacheBuster",
            "timestamp",
            "t",
        ),
        *("api_version", "api-version", "trace_id", "correlation-id", "r", "nonce", "foo", "x" * 8_000),
    ],
)
def test_what_narrows_nothing_is_nobodys_matter(parameter):
    assert refusal(parameter) == ""


def test_every_field_of_the_hub_is_such_a_word():
    models = [*apps.get_app_config("profiles").get_models(), *apps.get_app_config("batches").get_models()]
    names = (
        {field.name for model in models for field in model._meta.get_fields()}
        | RECORD_FIELDS
        | {*COMMS_MEMBERS, *APPEARANCE_MEMBERS}
    )

    written = [form for name in names for form in (name, name.upper(), name.replace("_", "-"), name.replace("_", ""))]

    assert [name for name in written if not refusal(name)] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "parameter", ["email", "e-mail", "first_name", "mobile_phone", "label", "from", "start", "id"]
)
@pytest.mark.parametrize("path", ["profiles", "batches", "batches/{batch}/items", "profiles/{profile}/history"])
def test_every_list_refuses_it(api_client, path, parameter):
    batch = process([{"email": "ann@example.com"}])
    place = path.format(batch=batch.id, profile=make_profile().id)

    answer = api_client.get(f"/api/v3/{place}?{parameter}=zz")

    assert (answer.status_code, list(answer.json()["errors"])) == (422, [parameter])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("parameter", "sentence"),
    [
        ("Label", "Filters are written in brackets: filter[label]."),
        ("matchCriteria", "Filters are written in brackets: filter[match_criteria]."),
        ("sort", ORDERED),
        ("perPage", NARROWED),
    ],
)
def test_filter_of_the_list_is_named(api_client, parameter, sentence):
    answer = api_client.get(f"/api/v3/batches?{parameter}=zz")

    assert (answer.status_code, answer.json()["errors"]) == (422, {parameter: [sentence]})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "name", "words"),
    [
        ("profiles", "profile_type", "active, deleted, dependant, incomplete, pending, system, temporary"),
        ("batches", "status", "pending, success, failed"),
        ("batches", "state", "queued, running, done, set_aside, cancelled, previewed, stale, expired"),
        ("batches", "source", "api, import, admin, command, demo, undo"),
        ("batches/{batch}/items", "status", "pending, success, failed"),
        ("batches/{batch}/items", "outcome", "pending, created, updated, unchanged, rejected"),
    ],
)
@pytest.mark.parametrize("value", ["foo", "pend", "\x01", "pending,failed"])
def test_word_that_is_no_choice_is_told_which_there_are(api_client, path, name, words, value):
    place = path.format(batch=process([{"email": "ann@example.com"}]).id)

    answer = api_client.get(f"/api/v3/{place}", {f"filter[{name}]": value})

    sentence = f"The filter must be one of {words}."
    assert (answer.status_code, answer.json()["errors"]) == (422, {f"filter[{name}]": [sentence]})
