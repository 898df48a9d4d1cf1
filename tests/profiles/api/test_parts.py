"""Parts of a profile are read and written alike, whichever they are (rules 12.6)."""

import json

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.merging import Merge, merge_profiles
from profiles.models import Profile
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process
from tests.profiles.api.asking import data, rows
from tests.properties.stored import undone
from tests.properties.strategies import examples

pytestmark = pytest.mark.django_db
POS = {"handle": "pos", "identifier": "7"}
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}


# --- All of them -----------------------------------------------------------------------------------------------------

READS = ["identities", "addresses", "attributes", "attributes/comms", "attributes/custom", "regions"]
WRITES = [
    ("post", "identities", {"handle": "shop", "identifier": "1"}),
    ("put", "attributes/comms", {"email_promo": True}),
    ("put", "comms", {"email_promo": True}),
    ("put", "attributes/appearance", {"eye_colour": "green"}),
    ("put", "attributes/custom/a:b", {"value": 1}),
    ("post", "addresses", HOME),
    ("delete", "identities/pos", None),
]


@pytest.mark.parametrize("path", READS)
def test_reading_tells_the_version(ask, path):
    assert ask("get", path)["ETag"] == '"1"'


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_write_is_held_to_the_version_that_was_read(ask, method, path, body):
    before = rows()

    assert ask(method, path, body, **{"If-Match": '"9"'}).status_code == 412
    assert rows() == before
    assert ask(method, path, body, **{"If-Match": '"1"'}).status_code in {200, 201, 204}
    assert rows() == before + 1


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_write_may_be_tried_without_being_done(ask, method, path, body):
    before = rows()

    told = data(ask(method, f"{path}?dry_run=1", body))

    assert told["outcome"] == "updated"
    assert told["changes"]
    assert rows() == before


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_part_of_a_merged_profile_is_the_survivors(ask, ann, method, path, body):
    bob = make_profile(email="bob@example.com")
    merge_profiles(Merge(ann.id, bob.id), cause=Cause(CauseKind.ADMIN), now=timezone.now())

    moved = ask(method, f"{path}?a=b", body)

    assert (moved.status_code, moved["Location"]) == (308, f"/api/v3/profiles/{bob.id}/{path}?a=b")


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_part_of_a_deleted_profile_cannot_be_written(ask, method, path, body):
    process([{"email": "ann@example.com", "profile_type": "deleted"}])

    assert ask(method, path, body).status_code == 409


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_parts_of_nobody_are_404(ask, method, path, body):
    nobody = Profile()

    assert ask(method, path, body, of=nobody).status_code == 404


@pytest.mark.parametrize("path", READS)
def test_parts_take_a_fixed_number_of_statements(ask, path, django_assert_num_queries):
    for number in range(3):
        ask("post", "identities", {"handle": "shop", "identifier": str(number)})
        ask("post", "addresses", {**HOME, "address_line_1": f"{number} St"})

    with django_assert_num_queries(4 if path == "attributes/custom" else 3):  # whose rows have types and ids
        ask("get", path)


@pytest.mark.parametrize("body", [[], "x", None, 1])
@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, body in WRITES if body is not None])
def test_body_that_is_no_object_is_refused(ask, method, path, body):
    assert ask(method, path, body if body is not None else False).status_code == 422


# --- Anything --------------------------------------------------------------------------------------------------------

LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5))
VALUES = st.recursive(LEAVES, lambda some: st.lists(some, max_size=2) | st.dictionaries(st.text(max_size=3), some))
NAMES = st.sampled_from(
    [
        *("handle", "identifier", "is_primary", "is_active", "external_id", "address_line_1", "city", "country"),
        *("postcode", "is_default", "meta", "namespace", "type", "value", "date", "name", "links", "relationship"),
        *("region_id", "state", "email_promo", "email_consent_updated_at", "eye_colour", "profile_type", "id"),
    ]
)
PATHS = [
    *(("post", path) for path in ("identities", "addresses", "addresses/upsert", "attributes/custom", "regions")),
    *(("put", path) for path in ("identities/pos", "attributes/comms", "comms", "attributes/appearance")),
    *(("put", path) for path in ("attributes/dates", "attributes/custom/a:b", "update-type", "")),
]


# The client and Ann stay as they are: what is written is undone.
@settings(examples(200, torture=5_000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(NAMES, VALUES, max_size=6), data=st.data())
def test_whatever_is_sent_is_taken_or_refused_by_field(body, data, api_client, ann):
    method, path = data.draw(st.sampled_from(PATHS))
    with undone():
        answer = getattr(api_client, method)(
            f"/api/v3/profiles/{ann.id}/{path}".rstrip("/"),
            json.dumps(body, ensure_ascii=True),
            content_type="application/json",
        )

    assert answer.status_code in {200, 201, 400, 422}, answer.content
