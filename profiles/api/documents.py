"""How the OpenAPI document describes a profile."""

from typing import Any

from pydantic import BaseModel, ConfigDict


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
