"""Walks through the API: made, read, changed, merged, taken apart, taken back, deleted and restored, in any order.

Every answer is one that the OpenAPI document describes, never a 5xx; whoever is known is read where they live; and the
ledgers are whole afterwards (rules 12).
"""

import json
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batches.models import Batch
from profiles.models import Profile
from tests.builders import process_waiting
from tests.faults.soundness import check_soundness
from tests.properties.stored import undone
from tests.properties.strategies import examples

pytestmark = pytest.mark.django_db
API: Final = "/api/v3"
HOME: Final = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU", "external_id": "7"}

who = st.integers(0, 3)
company = st.sampled_from(["Acme", "Other", None])
email = st.sampled_from(["a@example.com", "b@example.com", "c@example.com"])


def step(method: str, path: str, body: Any = None, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a step: its path names people by {a} and {b}, its body may be drawn."""
    bodies = body if isinstance(body, st.SearchStrategy) else st.just(body)
    return st.tuples(st.just(method), st.just(path), bodies, st.fixed_dictionaries({"a": who, "b": who, **more}))


STEPS: Final = st.one_of(
    step("post", "/profiles", st.fixed_dictionaries({"email": email, "company": company})),
    step("put", "/profiles/{a}", st.fixed_dictionaries({"company": company})),
    step("put", "/profiles/{a}", st.fixed_dictionaries({"email": email})),
    step("put", "/profiles/{a}/attributes/comms", st.fixed_dictionaries({"email_promo": st.booleans()})),
    step("post", "/profiles/{a}/identities", {"handle": "pos", "identifier": "7"}),
    step("delete", "/profiles/{a}/identities/pos"),
    step("post", "/profiles/{a}/addresses/upsert", HOME),
    step("put", "/profiles/{a}/update-type", st.fixed_dictionaries({"profile_type": st.sampled_from(["active"])})),
    step("delete", "/profiles/{a}"),
    step("post", "/profiles/merge", {"source_profile_id": "{a}", "destination_profile_id": "{b}"}),
    step("post", "/profiles/unmerge", {"source_profile_id": "{a}"}),
    step("post", "/profiles/{a}/changes/{version}/undo", {}, version=st.integers(1, 4)),
    step(
        "post",
        "/profiles/batch.json",
        st.builds(
            lambda email, company: {"match_criteria": "email", "profiles": [{"email": email, "company": company}]},
            email,
            company,
        ),
    ),
    step("post", "/batches/{batch}/undo", {}, batch=who),
    step("delete", "/profiles/{a}/purge"),
)


class Walk:
    """Somebody who asks, and remembers whom and which batches they have seen."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.statuses: list[int] = []

    def take(self, method: str, path: str, body: Any, names: dict[str, int]) -> None:
        """Take one step; people and batches who are not there yet are nobody's ids."""
        people = [*Profile.objects.order_by("id").values_list("id", flat=True)]
        batches = [*Batch.objects.order_by("received_at", "id").values_list("id", flat=True)]
        nobody = "00000000-0000-7000-8000-000000000000"

        def named(number: int, ids: list[Any]) -> str:
            return str(ids[number]) if number < len(ids) else nobody

        words = {"a": named(names["a"], people), "b": named(names["b"], people), "version": names.get("version")}
        words["batch"] = named(names.get("batch", 0), batches)
        content = {} if body is None else {"data": _filled(body, words), "content_type": "application/json"}
        answer = getattr(self.client, method)(API + path.format(**words), **content)
        assert answer.status_code < 500, (method, path, answer.content)
        self.statuses.append(answer.status_code)
        process_waiting()

    def look_at_everybody(self) -> None:
        """See that each id is answered as what it is."""
        for profile in Profile.objects.all():
            answer = self.client.get(f"{API}/profiles/{profile.pk}")
            expected = 404 if profile.ended else 308 if profile.merged_into_id else 200
            assert answer.status_code == expected, (profile, answer.content)
            if expected == 308:
                assert answer["Location"] == f"{API}/profiles/{profile.merged_into_id}"


def _filled(body: Any, words: dict[str, Any]) -> str:
    text = json.dumps(body)
    return text.replace("{a}", words["a"]).replace("{b}", words["b"])


@settings(examples(120, torture=3_000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=3, max_size=14))
def test_walk_meets_nothing_unforeseen(steps, api_client):
    with undone():
        walk = Walk(api_client)
        for one in steps:
            walk.take(*one)
        walk.look_at_everybody()
        if not any(one[1].endswith("/purge") for one in steps):  # which empties ledgers
            check_soundness()


def test_the_whole_way(api_client):
    none = {"a": 0, "b": 1}
    walk = Walk(api_client)
    for email_ in ("a@example.com", "b@example.com"):
        walk.take("post", "/profiles", {"email": email_, "company": "Acme"}, none)
    walk.take("put", "/profiles/{a}", {"company": "Other"}, none)
    walk.take("post", "/profiles/merge", {"source_profile_id": "{b}", "destination_profile_id": "{a}"}, none)
    walk.take("get", "/profiles/{b}", None, none)
    walk.take("post", "/profiles/unmerge", {"source_profile_id": "{b}"}, none)
    walk.take("post", "/profiles/{a}/changes/2/undo", {}, {**none, "version": 2})
    walk.take("delete", "/profiles/{a}", None, none)
    walk.take("put", "/profiles/{a}/update-type", {"profile_type": "active"}, none)
    walk.take("delete", "/profiles/{a}/purge", None, none)
    walk.take("get", "/profiles/{a}", None, none)

    assert walk.statuses == [201, 201, 200, 200, 308, 200, 200, 204, 200, 204, 404]
    walk.look_at_everybody()
