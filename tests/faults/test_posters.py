"""Those who post are served while a backlog is worked off."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from batches.models import Batch
from profiles.models import SentWrite
from tests.builders import body, submit
from tests.faults.hub import Worker, answering, killed_at_exit, times, wait_until
from tests.faults.test_workers import people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

POST = """
import http.client, sys, time
address, token, seconds, content = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.stdin.buffer.read()
headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
deadline, posted = time.monotonic() + seconds, 0
while time.monotonic() < deadline:
    line = http.client.HTTPConnection(address, timeout=60)
    line.request("POST", "/api/v3/profiles/batch.json", content, headers)
    answer = line.getresponse()
    answer.read()
    line.close()
    if answer.status != 202:
        sys.exit(f"answered with {answer.status}")
    posted += 1
    time.sleep(0.1)
print(posted)
"""


def test_posters_are_served_through_a_backlog(url, tmp_path):
    for number in range(times(15, 150)):
        submit(people(500, start=number * 250))
    with answering(url, port=8800) as web:
        worker = Worker(url, log=tmp_path / "log")
        with killed_at_exit([worker]):
            began = time.monotonic()
            posters = [
                subprocess.Popen(
                    [sys.executable, "-c", POST, f"127.0.0.1:{web.port}", web.token, str(times(6, 60))],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
                for _ in range(8)
            ]
            content = body(people(100))
            for poster in posters:
                poster.stdin.write(content)
                poster.stdin.close()
            told = [(poster.wait(180), poster.stdout.read(), poster.stderr.read()) for poster in posters]
            for poster in posters:
                poster.stdout.close()
                poster.stderr.close()
            wait_until(lambda: Batch.objects.filter(state="done").exists())

    assert [(code, errors) for code, _, errors in told] == [(0, b"")] * 8
    posted = sum(int(output) for _, output, _ in told)
    assert posted >= 8
    print(f"8 posters, {posted} batches accepted in {time.monotonic() - began:.0f} s, none failed")


def test_lapsed_idempotency_key_is_used_anew_by_one_of_many(machine_user):
    lapsed = submit([{}], submitted_by=machine_user, idempotency_key="k")
    SentWrite.objects.update(sent_at=timezone.now() - timedelta(days=31))

    def send_again(_):
        try:
            return submit([{}], submitted_by=machine_user, idempotency_key="k").id
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(send_again, range(16)))

    assert (len(ids), lapsed.id in ids, Batch.objects.count()) == (1, False, 2)
