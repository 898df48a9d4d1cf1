"""How the OpenAPI document describes a profile."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, RootModel


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


class Foretold(BaseModel):
    """What a write would come to."""

    outcome: str
    changes: dict[str, Any]
    warnings: list[dict[str, Any]]


class ForetoldEnvelope(BaseModel):
    """The answer to a dry run."""

    data: Foretold


class ChangedEnvelope(RootModel[ProfileEnvelope | ForetoldEnvelope]):
    """The profile as it is then; of a dry run what it would come to."""


class PartEnvelope(BaseModel):
    """One part of a profile."""

    data: dict[str, Any]


class PartsEnvelope(BaseModel):
    """All parts of a kind."""

    data: list[dict[str, Any]]


class ChangedPartEnvelope(RootModel[PartEnvelope | ForetoldEnvelope]):
    """The part as it is then; of a dry run what it would come to."""


class ChangedPartsEnvelope(RootModel[PartsEnvelope | ForetoldEnvelope]):
    """The parts as they are then; of a dry run what it would come to."""


WRITTEN: Final[Mapping[type[BaseModel] | None, type[BaseModel]]] = {
    None: ForetoldEnvelope,
    PartEnvelope: ChangedPartEnvelope,
    PartsEnvelope: ChangedPartsEnvelope,
}
"""What is answered with 200, by what is without a dry run."""
