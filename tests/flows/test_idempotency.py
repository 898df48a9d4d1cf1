"""Every POST that writes is done once under an idempotency key, in one space of keys (rules 12.14)."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batches.models import Batch
from profiles.merging import Merge, merge_profiles
from profiles.models import Profile, ProfileChange, Region, SentWrite, SyncRequest
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process, process_waiting, raw_record
from tests.documented import document

pytestmark = pytest.mark.django_db
KEY = {"Idempotency-Key": "k1"}
API = "/api/v3"
ANN = {"email": "ann@example.com"}
HOME = {"address_line_1": "1 St", "city": "Perth", "postcode": "6000", "country": "AU", "external_id": "7"}
READS = {"profile_availability", "profile_exists", "explain_record", "search_profile_id"}


def post(client, path, body, **headers):
    return client.post(f"{API}{path}", json.dumps(body), content_type="application/json", headers=headers)


# --- Scenes: what is there before, and the path and body of the write ------------------------------------------------


def nothing(path, body):
    return lambda: (path, body)


def ann(path, body):
    return lambda: (f"/profiles/{make_profile(**ANN).pk}/{path}", body)


def two(path):
    def scene():
        low, high = make_profile(**ANN), make_profile(email="anna@example.com")
        if path == "unmerge":
            merge_profiles(Merge(high.pk, low.pk), cause=Cause(CauseKind.ADMIN), now=timezone.now())
        more = {"destination_profile_id": str(low.pk)} if path == "merge" else {}
        return f"/profiles/{path}", {"source_profile_id": str(high.pk), **more}

    return scene


def change():
    profile = make_profile(**ANN, company="Acme")
    process([{**ANN, "company": "Other"}])
    return f"/profiles/{profile.pk}/changes/2/undo", {}


def batch(path="/undo", body=None):
    return lambda: (f"/batches/{process([ANN]).pk}{path}", body or {})


def batches():
    return "/batches/undo", {"batches": [str(process([ANN]).pk), str(process([{**ANN, "company": "A"}]).pk)]}


def preview():
    shown = process([ANN], dry_run=True)
    return f"/batches/{shown.pk}/confirm", {"digest": shown.digest}


RECORDS = {"match_criteria": "email", "profiles": [raw_record()]}
SCENES = {
    "create_profile": nothing("/profiles", ANN),
    "add_profile_identity": ann("identities", {"handle": "pos", "identifier": "7"}),
    "add_profile_address": ann("addresses", HOME),
    "upsert_profile_address": ann("addresses/upsert", HOME),
    "add_profile_custom_attribute": ann("attributes/custom", {"namespace": "a", "handle": "b", "value": 1}),
    "add_profile_region": None,
    "merge_profiles": two("merge"),
    "unmerge_profiles": two("unmerge"),
    "undo_change": change,
    "sync_profiles": nothing("/profiles/sync", {}),
    "create_region": nothing("/regions", {"name": "North"}),
    "submit_batch": nothing("/profiles/batch.json", RECORDS),
    "submit_batch_older_path": nothing("/profiles/batch", RECORDS),
    "undo_batch": batch(),
    "undo_batches": batches,
    "confirm_batch": preview,
}


def region():
    return f"/profiles/{make_profile(**ANN).pk}/regions", {"id": Region.objects.create(handle="n", name="N").pk}


SCENES["add_profile_region"] = region


def everything():
    """Return how much there is of all that a write adds to."""
    return [one.objects.count() for one in (Profile, ProfileChange, Batch, Region, SyncRequest)]


def test_every_post_that_writes_stands_here():
    posts = {ways["post"]["operationId"] for ways in document()["paths"].values() if "post" in ways}

    assert posts - READS == set(SCENES)


@pytest.mark.parametrize("name", SCENES)
def test_document_names_the_key(name):
    (way,) = [one["post"] for one in document()["paths"].values() if one.get("post", {}).get("operationId") == name]

    assert "Idempotency-Key" in [one["name"] for one in way["parameters"]]
    assert {"409", "503"} <= way["responses"].keys()


@pytest.mark.parametrize("name", SCENES)
def test_what_is_sent_again_is_done_once(name, api_client):
    path, body = SCENES[name]()
    first = post(api_client, path, body, **KEY)
    assert first.status_code in {200, 201, 202}, first.content
    before = everything()

    again = post(api_client, path, body, **KEY)

    assert (again.status_code, again["Idempotency-Replayed"], everything()) == (first.status_code, "true", before)
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first


def test_version_that_was_read_is_not_asked_for_again(api_client):
    path, body = SCENES["add_profile_identity"]()
    headers = {**KEY, "If-Match": '"1"'}
    first, again = (post(api_client, path, body, **headers) for _ in range(2))

    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())


@pytest.mark.parametrize("name", ["create_profile", "add_profile_address", "unmerge_profiles", "undo_change"])
def test_dry_run_of_a_single_write_uses_no_key(name, api_client):
    path, body = SCENES[name]()

    assert post(api_client, f"{path}?dry_run=1", body, **KEY).status_code == 200
    assert not SentWrite.objects.exists()


@pytest.mark.parametrize("name", SCENES)
def test_key_of_another_write_is_a_conflict(name, api_client):
    post(api_client, "/profiles", {"email": "zoe@example.com"}, **KEY)
    path, body = SCENES[name]()
    before = everything()

    other = post(api_client, path, body, **KEY)

    assert (other.status_code, everything()) == (409, before)
    assert other.json()["message"] == "The idempotency key was used for something else."


@pytest.mark.parametrize("name", SCENES)
def test_key_is_its_senders_alone(name, api_client, make_client, django_user_model):
    other = make_client("*", user=django_user_model.objects.create_user("other"))
    post(other, "/profiles", {"email": "zoe@example.com"}, **KEY)
    path, body = SCENES[name]()

    assert post(api_client, path, body, **KEY).status_code in {200, 201, 202}


@pytest.mark.parametrize("name", SCENES)
def test_what_was_refused_leaves_the_key_unused(name, api_client):
    path, _ = SCENES[name]()

    refused = post(api_client, path, ["no object"], **KEY)

    assert (refused.status_code, SentWrite.objects.count()) == (422, 0)


@pytest.mark.parametrize(
    "body",
    [
        b'{"email":"a@b.cd","x":123456789012345678901234567890}',
        b'{"email":"a@b.cd","x":1e400}',
        b'{"email":"a@b.cd","first_name":"\\ud800"}',
        b'{"a":' + b"9" * 5_000 + b"}",
        b'{"a":' + b"[" * 150 + b"]" * 150 + b"}",
    ],
)
@pytest.mark.parametrize("path", ["/profiles", "/regions", "/profiles/merge"])
def test_odd_body_under_a_key_is_answered_like_any_other(path, body, api_client):
    answers = [
        api_client.post(f"{API}{path}", body, content_type="application/json", headers=headers)
        for headers in (KEY, KEY, {})
    ]

    codes = [one.status_code for one in answers]
    assert max(codes) < 500
    assert codes[0] == codes[1]


@pytest.mark.parametrize(("name", "more"), [("submit_batch", 1), ("create_profile", 2)])
def test_key_costs_few_statements(name, more, api_client):
    path, body = SCENES[name]()
    counts = []
    for number, headers in enumerate(({}, {}, KEY)):
        body = {**body, **({"email": f"p{number}@example.com"} if name == "create_profile" else {})}
        with CaptureQueriesContext(connection) as queries:
            post(api_client, path, body, **headers)
        counts.append(len([one for one in queries if "SAVEPOINT" not in one["sql"]]))

    assert counts[2] - counts[1] == more


@pytest.mark.parametrize("key", ["", " ", "x" * 300])
@pytest.mark.parametrize("name", SCENES)
def test_what_is_no_key_is_refused(name, key, api_client):
    path, body = SCENES[name]()
    before = everything()

    answer = post(api_client, path, body, **{"Idempotency-Key": key})

    assert (answer.status_code, list(answer.json()["errors"]), everything()) == (422, ["Idempotency-Key"], before)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", SCENES)
def test_sent_at_once_it_is_done_once(name, make_client):
    client = make_client("*")
    path, body = SCENES[name]()
    start = threading.Barrier(4)

    def send(_):
        try:
            start.wait()
            return post(client, path, body, **KEY)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))

    assert len({one.status_code for one in answers}) == 1, [one.content for one in answers]
    assert sorted("Idempotency-Replayed" in one for one in answers) == [False, True, True, True]
    assert SentWrite.objects.count() == 1
    process_waiting()
