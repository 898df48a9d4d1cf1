"""Answers held to what the OpenAPI document says of them."""

import json
import re
from contextlib import suppress
from functools import cache
from typing import Any

from django.urls import Resolver404, resolve
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient


class DocumentedClient(APIClient):
    """An API client that fails where an answer is not as the OpenAPI document says."""

    def request(self, **request):
        """Ask, and look at the answer."""
        answer = super().request(**request)
        with suppress(Resolver404):
            route = resolve(request["PATH_INFO"]).route
            check_documented(request["REQUEST_METHOD"], "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route), answer)
        return answer


def check_documented(method, path, answer):
    """Fail where the document does not know the answer's status for the method of the path, or describes another body.

    What it does not know at all is not looked at: pages, and methods that are not allowed.
    """
    operation = document()["paths"].get(path, {}).get(method.lower())
    if operation is None:
        return
    known = operation["responses"]
    if answer.status_code == 500:
        return  # brought about by a test
    assert str(answer.status_code) in known, f"{method} {path} is not known to answer with {answer.status_code}"
    content = known[str(answer.status_code)].get("content", {})
    if (described := content.get("application/json")) is not None:
        problems = [error.message for error in validator(described["schema"]).iter_errors(json.loads(answer.content))]
        assert not problems, f"{method} {path}: {problems}"


@cache
def document() -> Any:
    """Return the OpenAPI document."""
    return SchemaGenerator().get_schema(request=None, public=True)


def validator(schema):
    """Return what compares a body with a schema that may point into the document."""
    return Draft202012Validator({**schema, "components": document()["components"]})
