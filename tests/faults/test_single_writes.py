"""Many who write one profile at once, while a worker is busy: each waits for its turn, and nobody is sent away."""

import subprocess
import sys

import pytest

from batches.models import Batch
from profiles.models import CustomAttribute, ProfileChange
from tests.builders import make_profile, submit
from tests.faults.hub import Worker, answering, killed_at_exit, times, wait_until
from tests.faults.test_workers import people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
CLIENTS = 20

# Waits for a line, so that all of them begin at once.
WRITE = """
import http.client, json, sys
address, token, path, number, times = *sys.argv[1:5], int(sys.argv[5])
sys.stdin.readline()
for turn in range(times):
    line = http.client.HTTPConnection(address, timeout=120)
    content = json.dumps({"value": turn + 1})
    line.request("PUT", f"{path}/attributes/custom/client:{number}", content,
                 {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    answer = line.getresponse()
    said = answer.read()
    line.close()
    if answer.status != 200:
        sys.exit(f"answered with {answer.status}: {said}")
"""


def test_twenty_clients_write_one_profile_beside_a_busy_worker(url, tmp_path):
    profile = make_profile(email="ann@example.com")
    turns = times(3, 20)
    for number in range(times(6, 40)):
        submit(people(500, start=number * 250))
    with answering(url, port=8802) as web:
        worker = Worker(url, log=tmp_path / "log")
        with killed_at_exit([worker]):
            wait_until(lambda: Batch.objects.filter(state="running").exists())
            asked = [f"127.0.0.1:{web.port}", web.token, f"/api/v3/profiles/{profile.pk}"]
            clients = [
                subprocess.Popen(
                    [sys.executable, "-c", WRITE, *asked, str(number), str(turns)],
                    stdin=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
                for number in range(CLIENTS)
            ]
            for client in clients:
                client.stdin.write(b"go\n")
                client.stdin.flush()
            told = [client.communicate(timeout=300)[1] for client in clients]

    assert [(client.returncode, error) for client, error in zip(clients, told, strict=True)] == [(0, b"")] * CLIENTS
    values = dict(CustomAttribute.objects.filter(profile=profile).values_list("handle", "value"))
    assert values == {str(number): turns for number in range(CLIENTS)}
    versions = ProfileChange.objects.filter(profile=profile).order_by("version").values_list("version", flat=True)
    assert list(versions) == list(range(1, 2 + CLIENTS * turns))
