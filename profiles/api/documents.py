"""How the OpenAPI document describes bodies and answers."""

from typing import Any, Final

import drf_spectacular.contrib.pydantic  # noqa: F401 it lets the document read pydantic's models
from drf_spectacular.utils import OpenApiResponse
from pydantic import BaseModel, ConfigDict, Field


class Error(BaseModel):
    """Every error's body."""

    message: str
    errors: dict[str, list[str]] | None = Field(None, description="By field, where fields are to blame.")


class ProfileDocument(BaseModel):
    """A profile in the contract's read shape; the fields named here are always there, beside all others."""

    model_config = ConfigDict(extra="allow")

    id: str
    email: str | None
    first_name: str
    last_name: str
    full_name: str
    profile_type: str
    mobile_phone: str | None
    identities: list[dict[str, Any]]
    tags: list[str]
    statuses: list[str]
    attributes: dict[str, Any]
    custom_attributes: dict[str, dict[str, Any]]
    addresses: list[dict[str, Any]]
    regions: list[dict[str, Any]]
    organisations: list[dict[str, Any]]
    created_at: str
    updated_at: str


class ProfileEnvelope(BaseModel):
    """One profile."""

    data: ProfileDocument


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
    400: "The body is not JSON.",
    401: "No valid token.",
    403: "The token lacks a scope.",
    404: "There is no such thing.",
    405: "The method is not allowed here.",
    409: "The idempotency key was used for another body.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "The given data was invalid.",
    503: "The hub cannot take this now; Retry-After says when to try again.",
}


def answers(*statuses: int, **success: Any) -> dict[Any, Any]:  # noqa: ANN401 what spectacular takes
    """Return the answers of an operation: `ok=…` or `accepted=…`, the errors named, and those every one has."""
    codes = {"ok": 200, "accepted": 202}
    described: dict[Any, Any] = {codes[name]: answer for name, answer in success.items()}
    for status in (*statuses, 401, 403, 405):
        body = None if status == 308 else Error  # noqa: PLR2004 a redirect has no body
        described[status] = OpenApiResponse(body, description=_DESCRIPTIONS[status])
    return described
