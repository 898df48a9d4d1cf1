"""Whatever bytes a live hub is sent, it answers in HTTP, in the contract's shape, and lives on.

In its full form (HUB_TORTURE=1) 100,000 requests.
"""

import json
import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.conftest import TORTURE, running_hub

REQUESTS = 100_000 if TORTURE else 1_500
SENDERS = 4
HEAD = re.compile(rb"HTTP/1\.[01] (\d{3}) [^\r\n]*\r\n((?:[!#-'*+\-.0-9A-Z^-z|~]+: ?[^\r\n\x00]*\r\n)*)\r\n")
BODY = (
    b'{"match_criteria":"email","profiles":[{"email":"ada@example.com","first_name":"Ad\xc3\xa4","tags":["vip"],'
    b'"addresses":[{"city":"Sydney","country":"AU"}],"custom_attributes":[{"namespace":"a","handle":"b","value":1e3}]}]}'
)
TARGETS = [
    (b"POST", b"/api/v3/profiles/batch.json"),
    (b"POST", b"/api/v3/profiles/batch?label=x"),
    (b"GET", b"/api/v3/profiles?filter[email]=a@b.c&page[size]=1&sort=-created_at"),
    (b"GET", b"/api/v3/batches?filter[status]=pending"),
    (b"GET", b"/api/v3/batches/01a20c9f-b30d-7000-a580-46bb423e7cc5/items?page[number]=2"),
    (b"GET", b"/api/v3/profiles/01a20c9f-b30d-7000-a580-46bb423e7cc5/history"),
    (b"GET", b"/api/v3/schema/?format=json"),
    (b"OPTIONS", b"/api/v3/schema/"),
    (b"DELETE", b"/api/nothing"),
    (b"GET", b"/api/health"),
]
METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"BREW"]
ODD_TARGETS = [
    b"*",
    b"/",
    b"//",
    b"/api",
    b"/api/%00",
    b"/api/%ff%fe",
    b"/api/v3/profiles/%00",
    b"/api/v3/profiles/..%2f..",
    b"/api/v3/batches/%f0%9f%98%80/items/1/record",
    b"/api/v3/batches/01a20c9f-b30d-7000-a580-46bb423e7cc5/items/99999999999999999999/record",
    b"/api/v3/profiles?" + b"a&" * 1_001,
    b"/api/v3/profiles?filter[search]=%00",
    b"/api/v3/profiles?filter[email]=" + b"%F0%9F%98%80" * 100,
    b"/api/v3/profiles?filter[created_at][gte]=9999-99-99&filter[id][in]=%00,,",
    b"/api/v3/profiles?page[size]=99999999999999999999&page[number]=-1",
    b"/api/v3/profiles?page%5Bsize%5D=%D9%A3",
    b"/api/v3/batches?filter[submitted_by]=%00&filter[label]=%ed%a0%80",
    b"/api/v3/batches?filter[created_at][lt]=" + b"9" * 400,
    b"/api/v3/schema/?format=%00&lang=%00&version=%0d%0aX:y",
    b"/api/v3/" + b"x" * 8_300,
    b"http://localhost/api/health",
    b"http://[/api/health",
    b"localhost:80",
    b"/api/v3/profiles/batch?label=%00",
    b"/api/v3/profiles/batch?label=" + b"x" * 300,
]
ODD_HEADERS = [
    b"Host: evil.example.com",
    b"Host:",
    b"Host: localhost:99999999",
    b"Host: [::1",
    b"Content-Type: multipart/form-data",
    b"Content-Type: application/json; charset=utf-16",
    b"Content-Type: \xff",
    b"Content-Encoding: gzip",
    b"Accept: \xff/\xff",
    b"Accept-Language: " + b"x" * 600,
    b"Authorization: Bearer",
    b"Authorization: Bearer \xff",
    b"Authorization: Bearer a b",
    b"Authorization: Bearer " + b"x" * 4_000,
    b"Authorization: Basic eDp5",
    b"Cookie: sessionid=\x80; csrftoken=\xff; messages=%00",
    b"Cookie: " + b"a=b; " * 1_000,
    b"Expect: 100-continue",
    b"Expect: the unexpected",
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
    b"Connection: close",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding : chunked",
    b"Transfer-Encoding: \x0bchunked",
    b"Content-Length: 0",
    b"Content-Length: +5",
    b"Content-Length: 1_0",
    b"Content-Length: 99999999999",
    b"Idempotency-Key: \xff",
    b"Idempotency-Key: " + b"k" * 300,
    b"Queue-Key: \xc3\xa4",
    b"X-Forwarded-For: nonsense, 1.2.3.4",
    b"X-Forwarded-Proto: ssl\r\nX-Forwarded-Ssl: off",
    b"SCRIPT_NAME: /x",
    b"X-Request-Id: \xff" + b"x" * 500,
    b"X-HTTP-Method-Override: DELETE",
    b"Range: bytes=0-1",
    b"If-None-Match: *",
    b"X: y\r\n folded",
    b"X: a\x00b",
    b"no colon",
    b": no name",
    b"X\xe9: y",
    b"\r\nGET / HTTP/1.1",
    b"X: " + b"y" * 9_000,
]
ODD_BODIES = [
    b"",
    b"{",
    b"null",
    b'"\xff"',
    b'{"match_criteria":"\\ud800","profiles":[{}]}',
    b'{"match_criteria":"a\\u0000b","profiles":[{"email":"a\\u0000@b.c"}]}',
    b'{"match_criteria":"email","match_criteria":"email","profiles":[{}],"profiles":[{}]}',
    b'{"match_criteria":"email","profiles":[' + b"[" * 5_000 + b"]" * 5_000 + b"]}",
    b'{"match_criteria":"email","profiles":[{"x":' + b"9" * 5_000 + b"}]}",
    b'{"match_criteria":"email","profiles":[{"x":1e999,"y":-1e-999,"z":NaN}]}',
    b'{"match_criteria":"email","profiles":[' + b"{}," * 600 + b"{}]}",
    b"\xef\xbb\xbf" + BODY,
    b"\x00" * 100,
]


@pytest.fixture(scope="module")
def hub():
    """Run a hub that does not grow tired of the questions."""
    with running_hub(port=8814, REQUESTS_PER_MINUTE="0", UNAUTHENTICATED_PER_MINUTE="0", HEAD_SECONDS="3") as live:
        yield live


class Asker:
    """Invents requests, the same ones for the same seed."""

    def __init__(self, token: str, seed: int) -> None:
        self.chance = random.Random(seed)
        self.authorization = b"Authorization: Bearer " + token.encode()

    def question(self) -> tuple[bytes, bool]:
        """Return one or a few requests in a row, and whether all their paths are surely the API's."""
        chance = self.chance
        data = b"".join(self._one() for _ in range(chance.choice([1, 1, 1, 2, 5])))
        if chance.random() < 0.4:
            return self._mutated(data), False
        return data, all(target.startswith(b"/api") for target in re.findall(rb"[A-Z]+ (\S+) HTTP", data))

    def _one(self) -> bytes:
        chance = self.chance
        method, target = chance.choice(TARGETS)
        headers = [b"Host: localhost", b"Content-Type: application/json", self.authorization]
        oddity = chance.randrange(6)
        if oddity == 0:
            method = chance.choice(METHODS)
        elif oddity == 1:
            target = chance.choice(ODD_TARGETS)
        elif oddity == 2:
            headers[chance.randrange(4) :] = [chance.choice(ODD_HEADERS)]
        elif oddity == 3:
            headers.append(chance.choice(ODD_HEADERS))
        content = chance.choice(ODD_BODIES) if oddity == 4 else BODY if method == b"POST" else b""
        if oddity == 5 and content:
            content = self._mutated(content)
        headers, content = self._framed(headers, content)
        version = chance.choice([b"HTTP/1.1"] * 20 + [b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.1 "])
        return b"%s %s %s\r\n%s\r\n\r\n%s" % (method, target, version, b"\r\n".join(headers), content)

    def _framed(self, headers: list[bytes], content: bytes) -> tuple[list[bytes], bytes]:
        """Say how long the content is, most often truly."""
        chance = self.chance
        way = chance.randrange(20)
        if way < 10:
            return ([*headers, b"Content-Length: %d" % len(content)] if content else headers), content
        if way == 10:
            wrong = len(content) + chance.choice([-20, -1, 1, 20])
            return [*headers, b"Content-Length: %d" % wrong], content
        chunks = []
        while content:
            size = chance.randint(1, 80)
            chunks.append(b"%x\r\n%s\r\n" % (len(content[:size]), content[:size]))
            content = content[size:]
        framed = b"".join(chunks) + chance.choice([b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\nX-Sum: 1\r\n\r\n"])
        if way > 15:
            framed = self._mutated(framed)
        return [*headers, b"Transfer-Encoding: chunked"], framed

    def _mutated(self, data: bytes) -> bytes:
        chance = self.chance
        at, size = chance.randrange(len(data) + 1), chance.choice([1, 1, 2, 5, 50])
        way = chance.randrange(5)
        if way == 0:
            return data[:at]
        if way == 1:
            return data[:at] + data[at + size :]
        if way == 2:
            return data[:at] + data[at : at + size] * 2 + data[at + size :]
        noise = chance.choice([chance.randbytes(size), b"\r\n", b"\n", b"\x00", b'"', b"{", b":", b" "])
        return data[:at] + noise + data[at + (way == 3) * size :]


def read_answers(data: bytes, *, to_head: bool) -> list[tuple[int, dict[bytes, bytes], bytes]]:
    """Take a connection's answers apart; none of them may be anything but HTTP."""
    answers = []
    while data:
        head = HEAD.match(data)
        assert head, data[:200]
        status, data = int(head[1]), data[head.end() :]
        if status == 100:
            continue
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in head[2].split(b"\r\n"))
        }
        if headers.get(b"transfer-encoding") == b"chunked":
            content, data = unchunked(data)
            answers.append((status, headers, content))
            continue
        length = int(headers[b"content-length"]) if b"content-length" in headers else None
        if to_head and (not data or data.startswith(b"HTTP/1.")):
            length = 0  # this one was asked for with HEAD
        assert length is not None, headers
        content, data = data[:length], data[length:]
        assert to_head or len(content) == length, (headers, content)
        answers.append((status, headers, content))
    return answers


def unchunked(data: bytes) -> tuple[bytes, bytes]:
    """Return what was sent in chunks, and what comes after it."""
    content = b""
    while True:
        line, _, data = data.partition(b"\r\n")
        size = int(line, 16)
        assert data[size : size + 2] == b"\r\n", data[:200]
        content, data = content + data[:size], data[size + 2 :]
        if not size:
            return content, data


def check(question: bytes, answer: bytes, *, is_api: bool) -> list[int]:
    """See that the answers to a question are what the contract says, and return their statuses."""
    answers = read_answers(answer, to_head=b"HEAD" in question)
    for status, headers, content in answers:
        assert status < 500 or status in {501, 503}, (question, status, content[:500])
        assert status != 501 or b"ransfer-" in question, question
        assert (status in {429, 503}) == (b"retry-after" in headers), (question, status, headers)
        if status >= 400 and (is_api or headers[b"content-type"] == b"application/json"):
            assert headers[b"content-type"] == b"application/json", (question, headers)
            assert not content or isinstance(json.loads(content)["message"], str), (question, content)
    return [status for status, _, _ in answers]


@pytest.mark.parametrize("ends", [True, False], ids=["half closed", "silent"])
def test_any_bytes_are_answered_in_shape(hub, ends):
    seen: dict[int, int] = {}

    def ask(sender: int) -> list[int]:
        asker = Asker(hub.token, seed=sender * 2 + ends)
        statuses = []
        for _ in range(REQUESTS // SENDERS // 2 if ends else 5):
            question, is_api = asker.question()
            statuses += check(question, hub.say(question, end=ends), is_api=is_api)
        return statuses

    with ThreadPoolExecutor(SENDERS) as pool:
        for statuses in pool.map(ask, range(SENDERS)):
            for status in statuses:
                seen[status] = seen.get(status, 0) + 1

    print(f"  {sum(seen.values()):,} answers: {dict(sorted(seen.items()))}")
    assert hub.lives()
    assert seen
