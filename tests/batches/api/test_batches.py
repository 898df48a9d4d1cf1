"""Receiving batches and looking back at them over REST (way 1 and 3)."""

import datetime as dt
import json

import pytest
from django.utils import timezone

from batches.models import Batch
from profiles.models import Profile, SentWrite, User
from tests.builders import body, process, raw_record, submit

pytestmark = pytest.mark.django_db
URL = "/api/v3/profiles/batch.json"


def post(client, content, *, url=URL, content_type="application/json", **headers):
    """Post a body as it is."""
    return client.generic("POST", url, content, content_type=content_type, **headers)


# --- Receiving ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [URL, "/api/v3/profiles/batch"])
def test_batch_is_kept_and_answered_with_its_id(api_client, machine_user, url):
    content = body([raw_record()])

    answer = post(api_client, content, url=url)

    batch = Batch.objects.get()
    assert (answer.status_code, answer.json()) == (
        202,
        {"data": {"message": "Profiles queued for batch import.", "batch_id": str(batch.id)}},
    )
    assert batch.body.content == content
    assert (batch.submitted_by, batch.source, batch.total_count) == (machine_user, "api", 1)


@pytest.mark.parametrize(
    ("content", "errors"),
    [
        ({}, ["match_criteria", "profiles"]),
        ([], ["profiles"]),
        ({"match_criteria": "", "profiles": [{}]}, ["match_criteria"]),
        ({"match_criteria": 5, "profiles": [{}]}, ["match_criteria"]),
        ({"match_criteria": "x" * 256, "profiles": [{}]}, ["match_criteria"]),
        ({"match_criteria": "email", "profiles": {}}, ["profiles"]),
        ({"match_criteria": "email", "profiles": []}, ["profiles"]),
        ({"match_criteria": "email", "profiles": [{}] * 501}, ["profiles"]),
        ({"match_criteria": "email", "profiles": [{}, 5]}, ["profiles.1"]),
    ],
)
def test_wrong_envelope_is_422(api_client, content, errors):
    answer = post(api_client, json.dumps(content))

    assert answer.status_code == 422
    assert answer.json()["message"] == "The given data was invalid."
    assert sorted(answer.json()["errors"]) == errors
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b'{"match_criteria": NaN}', b"[" * 100_000, b'{"profiles": [1,]}']
)
def test_what_is_not_json_is_400(api_client, content):
    answer = post(api_client, content)

    assert answer.status_code == 400
    assert list(answer.json()) == ["message"]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_other_media_types_are_415(api_client, content_type):
    assert post(api_client, b"{}", content_type=content_type).status_code == 415


def test_compressed_body_is_415(api_client):
    assert post(api_client, b"{}", HTTP_CONTENT_ENCODING="gzip").status_code == 415


def test_too_large_body_is_413_and_not_read(api_client, settings):
    settings.MAX_BODY_BYTES = 100

    answer = post(api_client, body([raw_record(company="x" * 200)]))

    assert answer.status_code == 413
    assert not Batch.objects.exists()


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
def test_other_methods_are_405(api_client, method):
    answer = getattr(api_client, method)(URL)

    assert answer.status_code == 405
    assert list(answer.json()) == ["message"]


def test_full_queue_is_503(api_client, settings):
    settings.MAX_QUEUED_BATCHES = 1
    submit([raw_record()])

    answer = post(api_client, body([raw_record()]))

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert Batch.objects.count() == 1


@pytest.mark.parametrize("most", [{"MAX_QUEUED_BATCHES_PER_USER": 1}, {"MAX_QUEUED_BYTES_PER_USER": 150}])
def test_user_cannot_fill_the_queue_for_others(api_client, make_client, settings, most):
    for name, value in most.items():
        setattr(settings, name, value)
    other = make_client("*", user=User.objects.create(username="shop"))
    first = post(api_client, body([raw_record()]))

    again = post(api_client, body([raw_record()]))
    others = post(other, body([raw_record()]))

    assert [first.status_code, again.status_code, others.status_code] == [202, 429, 202]
    assert again.headers["Retry-After"] == "10"
    assert again.json() == {
        "message": "Too many batches of this user are waiting, or too large ones; try again when some are done."
    }


def test_users_queue_is_free_again_when_batches_are_done(api_client, settings, process_all):
    settings.MAX_QUEUED_BATCHES_PER_USER = 1
    post(api_client, body([raw_record()]))
    process_all()

    assert post(api_client, body([raw_record()])).status_code == 202


def test_idempotency_key_is_for_one_body_label_and_queue(api_client):
    content = body([raw_record()])
    post(api_client, content, url=f"{URL}?label=a", HTTP_IDEMPOTENCY_KEY="k", HTTP_QUEUE_KEY="q")

    answers = [
        post(api_client, content, url=f"{URL}?label=a", HTTP_IDEMPOTENCY_KEY="k", HTTP_QUEUE_KEY="q"),
        post(api_client, content, url="/api/v3/profiles/batch?label=a", HTTP_IDEMPOTENCY_KEY="k", HTTP_QUEUE_KEY="q"),
        post(api_client, content, url=f"{URL}?label=b", HTTP_IDEMPOTENCY_KEY="k", HTTP_QUEUE_KEY="q"),
        post(api_client, content, url=URL, HTTP_IDEMPOTENCY_KEY="k", HTTP_QUEUE_KEY="q"),
        post(api_client, content, url=f"{URL}?label=a", HTTP_IDEMPOTENCY_KEY="k", HTTP_QUEUE_KEY="other"),
        post(api_client, content, url=f"{URL}?label=a", HTTP_IDEMPOTENCY_KEY="k"),
        post(api_client, content + b" ", url=f"{URL}?label=a", HTTP_IDEMPOTENCY_KEY="k", HTTP_QUEUE_KEY="q"),
    ]

    assert [answer.status_code for answer in answers] == [202, 202, 409, 409, 409, 409, 409]
    assert Batch.objects.count() == 1


def test_idempotency_key_may_be_used_anew_after_its_life(api_client):
    first = post(api_client, body([raw_record()]), HTTP_IDEMPOTENCY_KEY="k").json()["data"]["batch_id"]
    content = body([raw_record()])

    SentWrite.objects.update(sent_at=timezone.now() - dt.timedelta(days=29, hours=23))
    within = post(api_client, content, HTTP_IDEMPOTENCY_KEY="k")
    SentWrite.objects.update(sent_at=timezone.now() - dt.timedelta(days=30, hours=1))
    after = post(api_client, content, HTTP_IDEMPOTENCY_KEY="k")
    again = post(api_client, content, HTTP_IDEMPOTENCY_KEY="k")

    assert [within.status_code, after.status_code, again.json()] == [409, 202, after.json()]
    assert after.json()["data"]["batch_id"] != first
    assert SentWrite.objects.count() == 1


def test_idempotency_key_answers_with_the_first_batch(api_client):
    content = body([raw_record()])
    first = post(api_client, content, HTTP_IDEMPOTENCY_KEY="k")

    again = post(api_client, content, HTTP_IDEMPOTENCY_KEY="k")
    other = post(api_client, body([raw_record()]), HTTP_IDEMPOTENCY_KEY="k")

    assert (again.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (202, first.json(), "true")
    assert "Idempotency-Replayed" not in first.headers
    assert other.status_code == 409
    assert Batch.objects.count() == 1


def test_refused_body_does_not_use_up_its_idempotency_key(api_client):
    post(api_client, b"{}", HTTP_IDEMPOTENCY_KEY="k")

    assert post(api_client, body([raw_record()]), HTTP_IDEMPOTENCY_KEY="k").status_code == 202


def test_label_and_queue_key_are_kept(api_client):
    post(api_client, body([raw_record()]), url=f"{URL}?label=spring", HTTP_QUEUE_KEY="q")

    batch = Batch.objects.get()
    assert (batch.label, batch.queue_key) == ("spring", "key:q")


@pytest.mark.parametrize(
    ("url", "headers", "field"),
    [
        (f"{URL}?label=a%00b", {}, "label"),
        (f"{URL}?label={'x' * 256}", {}, "label"),
        (URL, {"HTTP_IDEMPOTENCY_KEY": "x" * 256}, "Idempotency-Key"),
    ],
)
def test_odd_labels_and_keys_are_422(api_client, url, headers, field):
    answer = post(api_client, body([raw_record()]), url=url, **headers)

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]


# --- Who may -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "Bearer phub_wrong", "Bearer", "Basic eDp5", "Bearer \u00e4"])
def test_without_a_valid_token_401(client, header):
    headers = {} if header is None else {"HTTP_AUTHORIZATION": header}

    answer = client.get("/api/v3/batches", **headers)

    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthenticated."})
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("POST", URL, ["create-profiles"]),
        ("POST", URL, ["update-profiles"]),
        ("GET", "/api/v3/batches", ["create-profiles"]),
        ("GET", "/api/v3/profiles", []),
        ("GET", "/api/v3/batches/{batch}/items/0/record", ["read-profiles"]),
        ("GET", "/api/v3/profiles/{batch}/history", ["read-profiles"]),
    ],
)
def test_without_the_scopes_403(make_client, method, path, scopes):
    path = path.format(batch=submit([raw_record()]).id)

    answer = make_client(*scopes).generic(method, path, b"{}", content_type="application/json")

    assert (answer.status_code, answer.json()) == (403, {"message": "Invalid scope(s) provided."})


def test_expired_token_is_401_and_stays_for_staff_to_see(make_client, machine_user):
    client = make_client("*")
    machine_user.auth_token_set.update(expiry="2020-01-01T00:00:00Z")

    assert client.get("/api/v3/batches").status_code == 401
    assert make_client("*").get("/api/v3/batches").status_code == 200
    assert machine_user.auth_token_set.count() == 2


def test_token_of_a_user_who_left_is_401(api_client, machine_user):
    machine_user.is_active = False
    machine_user.save()

    assert api_client.get("/api/v3/batches").status_code == 401


# --- Looking back ------------------------------------------------------------------------------------------------


def test_batch_tells_its_counts(api_client, machine_user):
    known = raw_record(first_name="Ann")
    process([known])
    batch = process(
        [known, {**known, "first_name": "Anna"}, raw_record(), {"email": "wrong"}],
        submitted_by=machine_user,
        label="spring",
    )

    data = api_client.get(f"/api/v3/batches/{batch.id}").json()["data"]

    assert {name: data[name] for name in data if name.endswith("_count")} == {
        "total_count": 4,
        "processed_count": 4,
        "success_count": 3,
        "failed_count": 1,
        "created_count": 1,
        "updated_count": 1,
        "unchanged_count": 1,
        "rejected_count": 1,
    }
    assert (data["id"], data["status"], data["state"], data["queue_position"]) == (
        str(batch.id),
        "success",
        "done",
        None,
    )
    assert (data["submitted_by"], data["label"], data["source"]) == ("till", "spring", "api")


def test_waiting_batches_know_their_place(api_client):
    first, second = submit([raw_record()]), submit([raw_record()])

    data = {one["id"]: one for one in api_client.get("/api/v3/batches").json()["data"]}

    assert [data[str(one.id)]["queue_position"] for one in (first, second)] == [0, 1]
    assert {one["status"] for one in data.values()} == {"pending"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["third", "second", "first"]),
        ("filter[status]=failed", ["second"]),
        ("filter[status]=success", ["first"]),
        ("filter[status]=pending", ["third"]),
        ("filter[state]=done", ["second", "first"]),
        ("filter[match_criteria]=pos", ["third"]),
        ("filter[match_criteria]=pos, email", ["fourth"]),
        ('filter[match_criteria]=["pos","email"]', ["fourth"]),
        ("filter[source]=api", ["third", "second", "first"]),
        ("filter[source]=import", []),
        ("filter[submitted_by]=till", ["first"]),
        ("filter[label]=second", ["second"]),
        ("filter[created_at][gte]=2001-01-01T00:00:00Z", ["third", "second", "first"]),
        ("filter[created_at][lt]=2001-01-01 00:00:00", []),
        ("page[size]=1&page[number]=2", ["second"]),
        ("per_page=2&page=2", ["first"]),
    ],
)
def test_batches_are_found_newest_first(api_client, machine_user, query, found):
    if "pos" in query:
        submit([raw_record()], ["pos", "email"], label="fourth")
    process([raw_record()], submitted_by=machine_user, label="first")
    process([{"email": "wrong"}], label="second")
    submit([raw_record()], "pos", label="third")

    answer = api_client.get(f"/api/v3/batches?{query}")

    assert [one["label"] for one in answer.json()["data"]] == found


@pytest.mark.parametrize(
    "query",
    [
        "filter[nope]=1",
        "filter[status]=odd",
        "filter[created_at]=2001-01-01",
        "filter[created_at][gte]=soon",
        "filter[created_at][gte]=0001-01-01T00:00:00%2B14:00",
        "filter[label]=a%00b",
        "filter[label]=",
        "filter[label]=a&filter[label]=b",
        "label=first",
        "state=done",
        "uuid=0190aaaa-0000-7000-8000-000000000001",
        "created_at[gte]=2001-01-01",
        "search=first",
        "filter=1",
        "page[size]=0",
        "page[number]=x",
    ],
)
def test_odd_queries_are_422(api_client, query):
    answer = api_client.get(f"/api/v3/batches?{query}")

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 1


def test_items_tell_each_outcome_and_why(api_client):
    ann = raw_record(reference="a", identities=[{"handle": "pos", "identifier": 7}])
    bob = raw_record(reference="b")
    process([ann, bob])
    batch = process([{**ann, "email": bob["email"], "reference": "c"}, {"email": "wrong", "fax": 1}])
    ann_id, bob_id = (str(Profile.objects.get(email=one["email"]).id) for one in (ann, bob))

    first, second = api_client.get(f"/api/v3/batches/{batch.id}/items").json()["data"]

    assert {name: first[name] for name in ("position", "reference", "status", "outcome", "external_id")} == {
        "position": 0,
        "reference": "c",
        "status": "failed",
        "outcome": "rejected",
        "external_id": bob["email"],
    }
    assert first["matched_by"] == {"rule": "criterion", "key": {"email": bob["email"]}}
    assert first["errors"] == [
        {
            "code": "claimed_elsewhere",
            "pointer": "/identities/0",
            "message": "The identity belongs to another profile.",
        }
    ]
    assert [one["profile_id"] for one in first["considered"]] == [bob_id, ann_id]
    assert (second["position"], second["error"]) == (1, "The email must have one @; this has none.")
    assert [one["code"] for one in second["warnings"]] == ["unknown_field"]


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ("", [0, 1, 2]),
        ("filter[outcome]=created", [0]),
        ("filter[outcome]=rejected", [1]),
        ("filter[status]=success", [0, 2]),
        ("filter[status]=pending", []),
        ("filter[error_code]=invalid", [1]),
        ("filter[reference]=r2", [2]),
        ("filter[external_id]=ann@example.com", [0, 2]),
        ("filter[external_id]=%20Ann@EXAMPLE.com", [0, 2]),
        ("filter[external_id][eq]=ann@example.com", [0, 2]),
        ("page[size]=2&page[number]=2", [2]),
    ],
)
def test_items_are_filtered(api_client, query, positions):
    batch = process(
        [
            {"email": "Ann@example.com", "reference": "r0"},
            {"email": "x"},
            {"email": "ann@example.com", "reference": "r2"},
        ]
    )

    answer = api_client.get(f"/api/v3/batches/{batch.id}/items?{query}").json()

    assert [one["position"] for one in answer["data"]] == positions


@pytest.mark.parametrize(
    ("criteria", "query", "sentence"),
    [
        ("email", "filter[external_id]=ann smith@example.com", "The email must not hold a space."),
        ("email", "filter[external_id]=7", "The email must have one @; this has none."),
        ("email", "filter[external_id]=", "The filter must have a value."),
        ("pos", "filter[external_id]=a%0Ab", "The text must not hold a line break."),
        ("pos", "filter[external_id]=7&filter[external_id]=8", "The filter must stand once."),
        ("pos", "external_id=7", "Filters are written in brackets: filter[external_id]."),
        ("pos", "identifier=7", "This list cannot be narrowed by that."),
        ("pos", "profile=7", "This list cannot be narrowed by that."),
    ],
)
def test_items_are_not_found_by_what_can_be_no_match_value(api_client, criteria, query, sentence):
    batch = process([{"email": "ann@example.com", "identities": [{"handle": "pos", "identifier": 7}]}], criteria)

    answer = api_client.get(f"/api/v3/batches/{batch.id}/items?{query}")

    assert (answer.status_code, answer.json()["errors"]) == (422, {query.partition("=")[0]: [sentence]})


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("email", "email"),
        ("shop, email", "shop,email"),
        (["shop", "email"], "shop,email"),
        (["email"], "email"),
        (["a,b"], ["a,b"]),
        (["a,b", "email"], ["a,b", "email"]),
    ],
)
def test_criteria_are_told_as_an_envelope_names_them(api_client, sent, told):
    batch = submit([raw_record()], sent)

    assert api_client.get(f"/api/v3/batches/{batch.id}").json()["data"]["match_criteria"] == told


def test_item_says_which_criterion_decided_and_which_found_nobody(api_client):
    process([{"email": "ann@example.com"}])
    order = {"email": "Ann@example.com", "identities": [{"handle": "shop", "identifier": 7}]}
    batch = process([order], "shop,email")

    (item,) = api_client.get(f"/api/v3/batches/{batch.id}/items").json()["data"]

    assert (item["outcome"], item["external_id"]) == ("updated", "ann@example.com")
    assert item["matched_by"] == {"rule": "criterion", "key": {"email": "ann@example.com"}}
    assert item["considered"] == [
        {
            "profile_id": None,
            "rule": "criterion",
            "key": {"handle": "shop", "identifier": "7"},
            "criterion": "shop",
        }
    ]


@pytest.mark.parametrize(
    ("query", "positions"), [("Ann@Example.com", [0]), ("A-7", [1]), ("a@-7", [2]), ("nobody@example.com", [])]
)
def test_items_of_a_batch_by_several_criteria_are_found_by_either(api_client, query, positions):
    shop = [{"identities": [{"handle": "shop", "identifier": one}]} for one in ("A-7", "a@-7")]
    batch = process([{"email": "ann@example.com"}, *shop], "shop,email")

    answer = api_client.get(f"/api/v3/batches/{batch.id}/items?filter[external_id]={query}").json()

    assert [one["position"] for one in answer["data"]] == positions


def test_items_of_a_batch_by_handle_are_found_by_the_identifier(api_client):
    batch = process([{"identities": [{"handle": "pos", "identifier": number}]} for number in ("A-7", "a-7")], "pos")

    answer = api_client.get(f"/api/v3/batches/{batch.id}/items?filter[external_id]=%20A-7%20").json()

    assert [one["position"] for one in answer["data"]] == [0]


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ("", [0, 1]),
        ("filter[outcome]=pending", [0, 1]),
        ("filter[status]=pending", [0, 1]),
        ("filter[outcome]=created", []),
        ("filter[reference]=r1", [1]),
        ("page[size]=1&page[number]=2", [1]),
    ],
)
def test_items_are_there_while_they_wait(api_client, query, positions):
    batch = submit([raw_record(reference="r0"), raw_record(reference="r1")])

    answer = api_client.get(f"/api/v3/batches/{batch.id}/items?{query}").json()

    assert [one["position"] for one in answer["data"]] == positions
    assert {one["status"] for one in answer["data"]} <= {"pending"}


def test_record_is_given_back_byte_for_byte(api_client):
    record = '{ "email" : "\\u0061nn@example.com",\n\t"company": "\u00c4", "n": 1.50 }'
    content = f'{{"match_criteria":"email", "profiles": [{{}}, {record} ]}}'.encode()
    batch_id = post(api_client, content).json()["data"]["batch_id"]

    answer = api_client.get(f"/api/v3/batches/{batch_id}/items/1/record")

    assert (answer.content.decode(), answer.headers["Content-Type"]) == (record, "application/json")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v3/batches/{unknown}",
        "/api/v3/batches/no-id",
        "/api/v3/batches/{unknown}/items",
        "/api/v3/batches/{batch}/items/1/record",
        "/api/v3/batches/{batch}/items/-1/record",
        "/api/v3/batches/{batch}/items/x/record",
        "/api/v3/batches/{batch}/items/99999999999999999999/record",
        "/api/v3/profiles/{unknown}",
        "/api/v3/profiles/no-id",
        "/api/v3/profiles/{unknown}/history",
        "/api/v3/nothing",
        "/api/nothing/at/all",
    ],
)
def test_what_is_not_there_is_404(api_client, path):
    path = path.format(batch=submit([raw_record()]).id, unknown="0190aaaa-0000-7000-8000-000000000001")

    answer = api_client.get(path)

    assert (answer.status_code, answer.json()) == (404, {"message": "Not found."})


@pytest.mark.parametrize("count", [1, 3, 30])
def test_lists_take_the_same_statements_for_any_number(api_client, django_assert_num_queries, count):
    for _ in range(count):
        submit([raw_record()])

    with django_assert_num_queries(4):  # the token with its user, the count, the page, the places in the queue
        api_client.get("/api/v3/batches?page[size]=100")


# --- Health ------------------------------------------------------------------------------------------------------


def test_health_touches_nothing(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/api/health")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readiness_tells_how_long_the_oldest_batch_waits(client):
    assert client.get("/readyz").json()["oldest_unfinished_batch_seconds"] is None
    submit([raw_record()])

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["oldest_unfinished_batch_seconds"] >= 0
