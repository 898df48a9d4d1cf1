"""Single reads, updates and searches by the API, beside the plain statements that they cannot do without."""

import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from tests.benchmarks.hub import Hub

_ASKED = 100
_CHILDREN = (
    "identity",
    "address",
    "customattribute",
    "importantdate",
    "datelink",
    "profiletag",
    "profilestatus",
    "profileregion",
    "organisationmembership",
)
_LEDGER = """
    INSERT INTO profiles_profilechange (profile_id, version, action, at, cause_kind, changes, request_id, actor_label,
                                        note, operation_id)
    SELECT id, version, 'updated', %s, 'api', %s, '', '', '', %s FROM profiles_profile WHERE id = %s
"""


def rate_single(hub: Hub) -> list[dict[str, Any]]:
    """Ask for one thing at a time, in turns with the plain twin; print and return medians and their ratios."""
    from rest_framework.test import APIClient

    from profiles.models import ApiToken, Profile, User

    user = User.objects.create(username="single", throttle=1_000_000)
    _, token = ApiToken.objects.create(user=user, label="single", scopes=["*"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_HOST="localhost")
    emails = [f"person.{number}@example.com" for number in hub.stored_people(5, 400)]
    people = list(Profile.objects.filter(email_key__in=emails).values_list("id", "last_name"))
    chosen = random.Random(7)
    answers = []
    for name, (ask, twin) in _pairs(client).items():
        took: dict[str, list[float]] = {"hub": [], "plain": []}
        for number in range(_ASKED + 10):
            for who, do in (("hub", ask), ("plain", twin)):
                profile_id, last_name = chosen.choice(people)
                began = time.perf_counter()
                do(profile_id, last_name, number)
                if number >= 10:
                    took[who].append(time.perf_counter() - began)
        ours, plain = (1_000 * statistics.median(took[who]) for who in ("hub", "plain"))
        answers.append({"single": name, "p50_ms": round(ours, 2), "plain_ms": round(plain, 2)})
        print(f"  {name:8} {ours:6.2f} ms, plain {plain:6.2f} ms: {ours / plain:.1f} times", flush=True)
    return answers


Do = Callable[[Any, str, int], None]


def _pairs(client: Any) -> dict[str, tuple[Do, Do]]:
    """Return each question as the hub is asked, and as plain statements over the driver's connection."""

    def read(profile_id: Any, _: str, __: int) -> None:
        assert client.get(f"/api/v3/profiles/{profile_id}").status_code == 200

    def update(profile_id: Any, _: str, number: int) -> None:
        body = json.dumps({"company": f"Company {number}"})
        answer = client.put(f"/api/v3/profiles/{profile_id}", body, content_type="application/json")
        assert answer.status_code == 200, answer.content

    def search(_: Any, last_name: str, __: int) -> None:
        assert client.get("/api/v3/profiles", {"filter[last_name]": last_name}).status_code == 200

    return {"read": (read, _plain_read), "update": (update, _plain_update), "search": (search, _plain_search)}


def _plain_read(profile_id: Any, _: str, __: int) -> None:
    _rows_of([profile_id])


def _plain_update(profile_id: Any, _: str, number: int) -> None:
    from django.db import connection, transaction
    from django.utils import timezone

    from profiles.db.ids import new_id

    convert = connection.ops.adapt_datetimefield_value
    of, now = _key(profile_id), timezone.now()
    lock = " FOR UPDATE" if connection.vendor == "postgresql" else ""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT company FROM profiles_profile WHERE id = %s{lock}", [of])  # noqa: S608 no value
        ((company,),) = cursor.fetchall()
        new = f"Plain {number}"
        cursor.execute(
            "UPDATE profiles_profile SET company = %s, version = version + 1, updated_at = %s WHERE id = %s",
            [new, convert(now), of],
        )
        changes = json.dumps({"/company": {"from": company, "to": new}})
        cursor.execute(_LEDGER, [convert(now), changes, _key(new_id()), of])
    _rows_of([profile_id])


def _plain_search(_: Any, last_name: str, __: int) -> None:
    from django.db import connection

    from profiles.keys import search_name

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM profiles_profile WHERE search_last = %s AND last_name = %s AND merged_into_id IS NULL "
            "AND ended IS NULL ORDER BY created_at DESC, id DESC LIMIT 15",
            [search_name(last_name), last_name],
        )
        found = [row[0] for row in cursor.fetchall()]
    _rows_of(found)


def _rows_of(profile_ids: list[Any]) -> None:
    """Read the rows of all tables, one statement each."""
    from django.db import connection

    if not profile_ids:
        return
    marks, keys = ", ".join(["%s"] * len(profile_ids)), [_key(one) for one in profile_ids]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM profiles_profile WHERE id IN ({marks})", keys)  # noqa: S608 marks alone
        cursor.fetchall()
        for table in _CHILDREN:
            cursor.execute(f"SELECT * FROM profiles_{table} WHERE profile_id IN ({marks})", keys)  # noqa: S608 likewise
            cursor.fetchall()


def _key(profile_id: Any) -> Any:
    """Return an id as the driver takes it: SQLite keeps 32 digits."""
    from django.db import connection

    return profile_id if connection.vendor == "postgresql" or isinstance(profile_id, str) else profile_id.hex
