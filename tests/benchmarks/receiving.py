"""Accepting a batch against what a plain DRF view would do: parse it and store a row for each record."""

import json
import statistics
import time
from typing import Any

from tests.benchmarks.hub import BATCH
from tests.benchmarks.table import Table

_OURS_IN_A_ROW = 20
_THEIRS_IN_A_ROW = 4


def rate_receiving(table: Table, *, rounds: int) -> None:
    """Time both in turns, each several times in a row, as a process does that is busy."""
    from django.db import transaction
    from django.utils import timezone
    from rest_framework.parsers import JSONParser
    from rest_framework.test import APIClient, APIRequestFactory
    from rest_framework.views import APIView

    import config.wsgi  # noqa: F401 the web process keeps what is loaded from the garbage collector
    from batches.models import Batch, BatchRecord
    from profiles.models import ApiToken, User
    from tests.benchmarks.records import full_record

    user = User.objects.create(username="bench")
    _, token = ApiToken.objects.create(user=user, label="bench", scopes=["*"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    records = [full_record(number) for number in range(BATCH)]
    body = json.dumps({"match_criteria": "email", "profiles": records})
    ours, theirs = [], []
    for turn in range(rounds):
        for number in range(_OURS_IN_A_ROW):
            began = time.perf_counter()
            answer = client.generic(
                "POST",
                "/api/v3/profiles/batch.json",
                body,
                content_type="application/json",
                HTTP_IDEMPOTENCY_KEY=f"{turn} {number}",
                HTTP_HOST="localhost",
            )
            ours.append(time.perf_counter() - began)
            assert answer.status_code == 202, answer.content
        for _ in range(_THEIRS_IN_A_ROW):
            began = time.perf_counter()
            posted = APIRequestFactory().generic("POST", "/", body, content_type="application/json")
            data: Any = APIView(parser_classes=[JSONParser]).initialize_request(posted).data
            with transaction.atomic():
                batch = Batch.objects.create(
                    match_criteria="email",
                    source="api",
                    queue_key="x",
                    total_count=BATCH,
                    body_size=1,
                    state="cancelled",
                )
                now = timezone.now()
                BatchRecord.objects.bulk_create(
                    BatchRecord(batch=batch, position=index, outcome="created", errors=record, decided_at=now)
                    for index, record in enumerate(data["profiles"])
                )
            theirs.append(time.perf_counter() - began)
    Batch.objects.filter(state="queued").update(state="cancelled")
    print(f"  accepted {1 / statistics.median(ours):,.0f} batches/s of {len(body) / 1e6:.2f} MB")
    ratio = statistics.median(theirs) / statistics.median(ours)
    table.add("accept against request.data and 500 rows", ratio, 12, 20)
