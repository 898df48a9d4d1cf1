"""Whoever is slow, at sending or at reading, holds nobody up but themselves."""

import os
import sqlite3
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.contract.conftest import read_all, running_hub

MANY = 60
HEAD = b"POST /api/v3/profiles/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
TOO_SLOW = b'{"message":"The request did not come in within the time allowed."}'


@pytest.fixture(scope="module")
def hub():
    """Run a hub that waits for nobody long."""
    with running_hub(
        port=8812, HEAD_SECONDS="2", SILENCE_SECONDS="2", REQUEST_SECONDS="3", ANSWER_SECONDS="4"
    ) as live:
        yield live


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(b"G", id="head"),
        pytest.param(HEAD + b"X-Long: ", id="header"),
        pytest.param(HEAD + b"Content-Length: 1000\r\n\r\n", id="body"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n", id="chunk"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3;x=", id="size of a chunk"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", id="trailer"),
        pytest.param(HEAD + b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n", id="asked"),
    ],
)
def test_dribbling_senders_are_cut_off_and_silence_nobody(hub, beginning):
    with ExitStack() as stack:
        senders = [stack.enter_context(closing(hub.connect())) for _ in range(MANY)]
        for sender in senders:
            sender.sendall(beginning)

        for _ in range(4):
            assert hub.lives()
            for sender in senders:
                with suppress(OSError):  # cut off
                    sender.sendall(b"x")
            time.sleep(1)

        answers = [read_all(sender).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n") for sender in senders]
    assert {(answer[:13], answer.partition(b"\r\n\r\n")[2]) for answer in answers} == {(b"HTTP/1.1 408 ", TOO_SLOW)}


def test_silent_connections_are_closed_and_silence_nobody(hub):
    with ExitStack() as stack:
        senders = [stack.enter_context(closing(hub.connect())) for _ in range(MANY)]

        assert hub.lives()

        assert [read_all(sender) for sender in senders] == [b""] * MANY


def test_more_connections_than_there_is_room_for_silence_nobody(hub):
    with ExitStack() as stack:
        for _ in range(600):
            sender = stack.enter_context(closing(hub.connect()))
            sender.sendall(b"GET ")

        assert hub.lives()


def test_readers_that_do_not_read_silence_nobody(hub):
    question = b"GET /api/v3/schema/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with ExitStack() as stack:
        readers = [stack.enter_context(closing(hub.connect(receive_buffer=2_048))) for _ in range(MANY)]
        for reader in readers:
            reader.sendall(question * 100)

        for _ in range(3):
            assert hub.lives()
            time.sleep(1)


def test_sender_that_pauses_within_the_bounds_is_served(hub):
    body = b'{"match_criteria":"email","profiles":[{"email":"ada@example.com"}]}'
    with closing(hub.connect()) as sender:
        sender.sendall(HEAD + b"Authorization: Bearer %s\r\n" % hub.token.encode())
        time.sleep(0.5)
        sender.sendall(b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body))
        for part in (body[:10], body[10:]):
            time.sleep(0.5)
            sender.sendall(part)

        answer = read_all(sender)

    assert answer.startswith(b"HTTP/1.1 202 ")


@contextmanager
def nobody_else_writes():
    """Hold what every accepted batch must write to."""
    address = os.environ["DATABASE_URL"]
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(urlsplit(address).path, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.execute("ROLLBACK")
    else:
        with psycopg.connect(address) as database:
            database.execute("LOCK TABLE batches_batch IN EXCLUSIVE MODE")
            yield
            database.rollback()


def test_life_sign_is_given_while_every_thread_has_work(hub):
    body = b'{"match_criteria":"email","profiles":[{"email":"ada@example.com"}]}'
    post = HEAD + b"Authorization: Bearer %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (
        hub.token.encode(),
        len(body),
    )
    answers: list[bytes] = []
    posters = [threading.Thread(target=lambda: answers.append(hub.say(post + body))) for _ in range(16)]

    with nobody_else_writes():
        for poster in posters:
            poster.start()
        time.sleep(2)
        lives, answered_meanwhile = hub.lives(), len(answers)
    for poster in posters:
        poster.join()

    assert (lives, answered_meanwhile) == (True, 0)
    assert [answer[:13] for answer in answers] == [b"HTTP/1.1 202 "] * 16


def test_process_whose_work_does_not_end_is_replaced():
    body = b'{"match_criteria":"email","profiles":[{"email":"ada@example.com"}]}'
    with running_hub(port=8816, WORK_SECONDS="2") as hub:
        post = HEAD + b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n" % (hub.token.encode(), len(body))
        with nobody_else_writes():
            answers = [hub.say(post + body) for _ in range(2)]
            lives = hub.lives()

    assert (answers, lives) == ([b"", b""], True)
