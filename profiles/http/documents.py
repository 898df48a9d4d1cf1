"""The OpenAPI document: how it describes bodies and answers, and where it is read."""

from functools import cache
from threading import Lock
from typing import Any, Final

import drf_spectacular.contrib.pydantic  # noqa: F401 it lets the document read pydantic's models
import orjson
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.utils import OpenApiResponse, extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from pydantic import BaseModel, ConfigDict, Field
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from profiles.http.errors import InvalidFieldsError
from profiles.http.permissions import NoOptions


class Error(BaseModel):
    """Every error's body."""

    message: str
    errors: dict[str, list[str]] | None = Field(None, description="By field, where fields are to blame.")


class PageLinks(BaseModel):
    """Where the other pages are."""

    first: str
    last: str
    prev: str | None
    next: str | None


class PageMeta(BaseModel):
    """Which page this is."""

    model_config = ConfigDict(extra="allow")

    current_page: int
    last_page: int
    path: str
    per_page: int
    total: int = Field(description="Counted no further than 10,000.")


class PageEnvelope(BaseModel):
    """One page of a list."""

    data: list[dict[str, Any]]
    links: PageLinks
    meta: PageMeta


_DESCRIPTIONS: Final = {
    308: "The profile was merged into another one; Location says where it lives on.",
    400: "The request is not HTTP, names a host that is not the hub's, or has over 1,000 query fields; or the body is "
    "not JSON, or broke off.",
    401: "No valid token.",
    403: "The token lacks a scope.",
    404: "There is no such thing.",
    405: "The method is not allowed here.",
    408: "The request did not come in within the time allowed.",
    409: "The request contradicts what is stored or was sent before; the message says how.",
    412: "The profile is no longer at the version that If-Match names.",
    413: "The body is too large.",
    414: "The address is longer than 8,190 characters.",
    415: "The body is not application/json.",
    422: "The given data was invalid.",
    429: "Too many requests in this minute, or too much of the user's waits; Retry-After says when to try again.",
    431: "The headers are too large.",
    503: "The hub cannot take this now; Retry-After says when to try again.",
}


# What makes something that other paths bear the id of: the parameter's name, where the answer has it, and its status.
_MAKERS: Final = {
    "create_profile": ("profile_id", "/data/id", "201"),
    "submit_batch": ("batch_id", "/data/batch_id", "202"),
    "create_region": ("region_id", "/data/id", "201"),
}
# The generator keeps its place in the views it walks through: two at a time lose theirs.
_ONE_AT_A_TIME: Final = Lock()
# Whatever is asked.
_EVERYWHERE: Final = (400, 401, 403, 405, 408, 413, 414, 429, 431, 503)


def answers(*statuses: int, **success: Any) -> dict[Any, Any]:
    """Return the answers of an operation: the errors named, those every one has, and one of success by its word.

    That is `ok=…`, `created=…`, `accepted=…` or `no_content=…`, with the model of its body.
    """
    codes = {"ok": 200, "created": 201, "accepted": 202, "no_content": 204}
    described: dict[Any, Any] = {codes[name]: answer for name, answer in success.items()}
    for status in sorted({*statuses, *_EVERYWHERE}):
        body = None if status == 308 else Error  # noqa: PLR2004 a redirect has no body
        described[status] = OpenApiResponse(body, description=_DESCRIPTIONS[status])
    return described


def link_what_is_made(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Have the document tell where what an operation makes can be asked for: by every path that bears its id."""
    operations = [operation for ways in result["paths"].values() for operation in ways.values()]
    for operation in operations:
        made = _MAKERS.get(operation["operationId"])
        if made is None:
            continue
        parameter, place, status = made
        links = {
            one["operationId"]: {
                "operationId": one["operationId"],
                "parameters": {parameter: f"$response.body#{place}"},
            }
            for one in operations
            if any(asked["name"] == parameter for asked in one.get("parameters", []))
        }
        operation["responses"][status]["links"] = links
    return result


class SchemaView(NoOptions):
    """The OpenAPI document: YAML, or JSON where that is asked for."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Return the document; `?format=` wins over Accept."""
        form = request.query_params.get("format")
        if form is None:
            form = "json" if "json" in request.headers.get("Accept", "") else "yaml"
        if form not in {"json", "yaml"}:
            raise InvalidFieldsError({"format": ["The format must be json or yaml."]})
        content_type = "application/vnd.oai.openapi+json" if form == "json" else "application/vnd.oai.openapi"
        return HttpResponse(_document(form), content_type=content_type, headers={"Vary": "Accept"})


class DocsView(NoOptions, SpectacularSwaggerSplitView):
    """The OpenAPI document as pages."""


def _document(form: str) -> bytes:
    """Return the document, which is the same for everybody as long as the process lives."""
    with _ONE_AT_A_TIME:
        return _written(form)


@cache
def _written(form: str) -> bytes:
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    if form == "json":
        return orjson.dumps(document)
    content: bytes = OpenApiYamlRenderer().render(document)  # type: ignore[no-untyped-call]
    return content
