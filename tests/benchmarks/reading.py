"""Reading by the API from a large hub: how long, how many statements, and by which indexes."""

import datetime as dt
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.benchmarks.hub import Hub

_BATCHES = 10_000
_ASKED = 60
_SMALL_TABLE = 1_000  # rows; of those an index may be no faster


def rate_reading(hub: Hub) -> list[dict[str, Any]]:
    """Ask every kind of question many times; print and return p50, p95, statements and tables read without index."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from rest_framework.test import APIClient

    from profiles.models import ApiToken, User

    _store_batches()
    hub.settle()
    user = User.objects.create(username="reader")
    _, token = ApiToken.objects.create(user=user, label="reader", scopes=["*"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_HOST="localhost")
    answers = []
    for name, make in _questions(hub).items():
        seconds = []
        for _ in range(_ASKED):
            path = make()
            began = time.perf_counter()
            answer = client.get(path)
            seconds.append(time.perf_counter() - began)
            assert answer.status_code == 200, (path, answer.content)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        statements = [query["sql"] for query in queries]
        quantiles = [round(one * 1000, 1) for one in statistics.quantiles(seconds, n=20)]
        scanned = sorted({scanned for sql in statements for scanned in _scanned(sql)})
        answers.append(
            {
                "question": name,
                "p50_ms": quantiles[9],
                "p95_ms": quantiles[18],
                "statements": len(statements),
                "scanned": scanned,
                "indexes": sorted({index for sql in statements for index in _indexes(sql)}),
            }
        )
        told = f"p50 {quantiles[9]:6.1f} ms  p95 {quantiles[18]:6.1f} ms  {len(statements)} statements"
        print(f"  {name:26} {told}{'; scans ' if scanned else ''}{', '.join(scanned)}")
    return answers


def _store_batches() -> None:
    """Have many batches that are done, of which few hold records."""
    from batches.models import Batch

    wanted = _BATCHES - Batch.objects.count()
    Batch.objects.bulk_create(
        (
            Batch(
                match_criteria="email",
                source="api",
                queue_key="old",
                label=f"label {number % 500}",
                total_count=500,
                updated_count=0 if number % 100 == 0 else 500,
                rejected_count=500 if number % 100 == 0 else 0,
                body_size=1,
                state="set_aside" if number % 200 == 1 else "done",
            )
            for number in range(wanted)
        ),
        batch_size=1_000,
    )


def _questions(hub: Hub) -> dict[str, Callable[[], str]]:
    from django.utils import timezone

    from batches.models import Batch
    from profiles.models import Profile

    chosen = random.Random(7)
    emails = [f"person.{number}@example.com" for number in hub.stored_people(3, 400)]
    ids = list(Profile.objects.filter(email_key__in=emails).values_list("id", flat=True))
    names = list(Profile.objects.filter(id__in=ids).values_list("last_name", flat=True))
    day = timezone.now() - dt.timedelta(days=1)
    recent = [f"{day + dt.timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" for hours in range(1, 24)]
    batch_ids = list(Batch.objects.filter(records__isnull=False).distinct().values_list("id", flat=True)[:50])
    return {
        "a profile": lambda: f"/api/v3/profiles/{chosen.choice(ids)}",
        "a profile's history": lambda: f"/api/v3/profiles/{chosen.choice(ids)}/history",
        "profiles by email": lambda: f"/api/v3/profiles?filter[email]={chosen.choice(emails)}",
        "profiles by identifier": lambda: (
            f"/api/v3/profiles?filter[identities.identifier]=S{chosen.randrange(hub.size)}"
        ),
        "profiles by last name": lambda: f"/api/v3/profiles?filter[last_name]={chosen.choice(names)}",
        "searched by two names": lambda: f"/api/v3/profiles?search={chosen.choice(names)}%20first",
        "searched by beginnings": lambda: f"/api/v3/profiles?search={chosen.choice(names)[:6]}",
        "searched by an email's": lambda: f"/api/v3/profiles?search={chosen.choice(emails)[:12]}",
        "searched by a phone's end": lambda: f"/api/v3/profiles?search={chosen.randrange(hub.size):08}",
        "searched in any case": lambda: f"/api/v3/profiles?search=s{chosen.randrange(hub.size)}",
        "profiles by custom attribute": lambda: (
            "/api/v3/profiles/attributes/custom?attributes[0][namespace]=loyalty&attributes[0][handle]=points"
            f"&attributes[0][value]={chosen.randrange(hub.size)}"
        ),
        "profiles changed since": lambda: (
            f"/api/v3/profiles?filter[updated_at][gte]={chosen.choice(recent)}&sort=-updated_at"
        ),
        "profiles joined since": lambda: f"/api/v3/profiles?filter[joined_at][gte]={chosen.choice(recent)}",
        "profiles of a tag": lambda: "/api/v3/profiles?filter[tags.handle]=tag-7",
        "profiles, first page": lambda: "/api/v3/profiles",
        "profiles, a far page": lambda: f"/api/v3/profiles?page[size]=100&page[number]={chosen.randrange(90, 100)}",
        "deleted profiles": lambda: "/api/v3/profiles?filter[profile_type]=deleted",
        "a batch": lambda: f"/api/v3/batches/{chosen.choice(batch_ids)}",
        "batches, first page": lambda: "/api/v3/batches",
        "batches, a far page": lambda: f"/api/v3/batches?page[size]=100&page[number]={chosen.randrange(90, 100)}",
        "batches by label": lambda: f"/api/v3/batches?filter[label]=label%20{chosen.randrange(500)}",
        "failed batches": lambda: "/api/v3/batches?filter[status]=failed",
        "pending batches": lambda: "/api/v3/batches?filter[status]=pending",
        "batches set aside": lambda: "/api/v3/batches?filter[state]=set_aside",
        "a batch's items": lambda: f"/api/v3/batches/{chosen.choice(batch_ids)}/items",
        "a batch's rejected items": lambda: (
            f"/api/v3/batches/{chosen.choice(batch_ids)}/items?filter[outcome]=rejected"
        ),
        "a record as received": lambda: (
            f"/api/v3/batches/{chosen.choice(batch_ids)}/items/{chosen.randrange(400)}/record"
        ),
    }


# --- Plans -------------------------------------------------------------------------------------------------------


def _nodes(sql: str) -> Iterator[dict[str, Any]]:
    """Yield the nodes of a statement's plan (PostgreSQL)."""
    from django.db import connection

    if connection.vendor != "postgresql" or not sql.startswith("SELECT"):
        return
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql.replace('%', '%%')}")
        (row,) = cursor.fetchall()
    stack = [(row[0] if isinstance(row[0], list) else json.loads(row[0]))[0]["Plan"]]
    while stack:
        node = stack.pop()
        stack += node.get("Plans", [])
        yield node


def _scanned(sql: str) -> Iterator[str]:
    from django.db import connection

    for node in _nodes(sql):
        if node["Node Type"] == "Seq Scan":
            with connection.cursor() as cursor:
                cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [node["Relation Name"]])
                ((rows,),) = cursor.fetchall()
            if rows > _SMALL_TABLE:
                yield node["Relation Name"]


def _indexes(sql: str) -> Iterator[str]:
    for node in _nodes(sql):
        if "Index Name" in node:
            yield node["Index Name"]
