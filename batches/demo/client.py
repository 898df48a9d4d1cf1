"""Speaks to the hub as any sender would."""

import http.client
import json
import threading
import time
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

SECONDS_TO_WAIT: Final = 300
BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class ApiError(Exception):
    """The hub answered with something else than it should."""


class Client:
    """A sender with a token, who gives up when `stop` is set."""

    def __init__(self, url: str, token: str, *, stop: threading.Event) -> None:
        self.address = urlsplit(url).netloc
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.stop = stop

    def post_batch(self, criteria: str, records: list[dict[str, Any]], *, label: str) -> str:
        """Post a batch, again where the hub is busy, and return its id; raises `ApiError`."""
        body = json.dumps({"match_criteria": criteria, "profiles": records})
        path = f"/api/v3/profiles/batch.json?{urlencode({'label': label})}"
        deadline = time.monotonic() + SECONDS_TO_WAIT
        status, document, headers = self._ask("POST", path, body)
        while status in BUSY and time.monotonic() < deadline:
            if self.stop.wait(float(headers.get("Retry-After") or 1)):
                break
            status, document, headers = self._ask("POST", path, body)
        if status != HTTPStatus.ACCEPTED:
            raise ApiError(f"A batch was answered with {status}: {document.get('message')}")
        return str(document["data"]["batch_id"])

    def read(self, path: str, **query: str) -> Any:
        """Return what is at the path; raises `ApiError`."""
        status, document, _ = self._ask("GET", f"{path}?{urlencode(query)}" if query else path)
        if status != HTTPStatus.OK:
            raise ApiError(f"{path} was answered with {status}: {document.get('message')}")
        return document["data"]

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, dict[str, Any], Any]:
        line = http.client.HTTPConnection(self.address, timeout=60)
        try:
            line.request(method, path, body, self.headers)
            answer = line.getresponse()
            return answer.status, json.loads(answer.read()), answer.headers
        except (http.client.HTTPException, ValueError) as error:
            raise ApiError(f"{path} was answered with what is no JSON over HTTP ({type(error).__name__}).") from error
        finally:
            line.close()
