"""A profile's identities (rules 12.7)."""

import dataclasses
from typing import Any

from django.http import Http404, HttpResponse
from pydantic import RootModel, TypeAdapter, ValidationError
from rest_framework.request import Request

from profiles.api.documents import PartEnvelope, PartsEnvelope
from profiles.api.parts import PartView, described, only_one, removing
from profiles.api.single import Document, body_of, draft_of, draft_of_entry
from profiles.http.bodies import as_sent
from profiles.http.errors import InvalidFieldsError
from profiles.keys import identity_match_key
from profiles.models import Profile
from profiles.schema.record import IdentityEntry
from profiles.schema.types import Truth
from profiles.values import ProfileDraft

_TRUTH: TypeAdapter[bool] = TypeAdapter(Truth)


class IdentityIn(RootModel[IdentityEntry]):
    """An identity, or what is to be changed of one; `is_primary` may stand with it."""

    model_config = as_sent("IdentityIn", handle="shop", identifier="7112")


class ProfileIdentities(PartView):
    """Where a profile's identities are listed and added."""

    @described("list_profile_identities", "List a profile's identities", writes=False, ok=PartsEnvelope)
    def get(self, request: Request, profile_id: str) -> HttpResponse:
        """Return all of them, oldest first."""
        return self.answer_part(request, profile_id, lambda document: document["identities"])

    @described(
        "add_profile_identity",
        "Add an identity",
        description="One that anybody has already, this profile among them, is refused.",
        asks=IdentityIn,
        ok=PartEnvelope,
        created=PartEnvelope,
    )
    def post(self, request: Request, profile_id: str) -> HttpResponse:
        """Add it, and answer with it."""
        sent: list[ProfileDraft] = []

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            draft = dataclasses.replace(_draft(request, profile, body_of(request)), new_rows=frozenset({"identities"}))
            sent.append(draft)
            return draft

        return self.write_part(request, profile_id, ask, lambda document: _by_key(document, sent[-1]), status=201)


class OneIdentity(PartView):
    """Where one identity is read, changed and removed: the newest of a handle."""

    @described("read_profile_identity", "Read an identity by its handle", writes=False, ok=PartEnvelope)
    def get(self, request: Request, profile_id: str, which: str) -> HttpResponse:
        """Return it."""
        return self.answer_part(request, profile_id, lambda document: self.found(document, which))

    @described(
        "update_profile_identity",
        "Change an identity",
        description="Its identifier, is_active and is_primary; the handle stays. It keeps its id.",
        asks=IdentityIn,
        ok=PartEnvelope,
    )
    def put(self, request: Request, profile_id: str, which: str) -> HttpResponse:
        """Change it, and answer with it."""
        ids: list[int] = []

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            stored = self.found(document, which)
            ids.append(stored["id"])
            draft = _draft(request, profile, {**stored, **body_of(request), "handle": stored["handle"]})
            if (key := only_one(draft, "identities")) is None:
                return draft
            meant = {("identities", key): (stored["handle"], stored["identifier"])}
            return dataclasses.replace(draft, meant=meant)

        return self.write_part(request, profile_id, ask, lambda document: by_id(document["identities"], ids[-1]))

    @described("remove_profile_identity", "Remove an identity", no_content=None)
    def delete(self, request: Request, profile_id: str, which: str) -> HttpResponse:
        """Remove it; its identifier is free then."""

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            stored = self.found(document, which)
            draft = draft_of(request, {}, target=profile.pk)
            return removing(draft, "identities", (stored["handle"], stored["identifier"]))

        return self.write_part(request, profile_id, ask, None)

    def found(self, document: Document, which: str) -> Document:
        """Return the newest identity with the handle; raises `Http404`."""
        with_handle = [one for one in document["identities"] if one["handle"] == which]
        if not with_handle:
            raise Http404
        newest: Document = with_handle[-1]
        return newest


class OneIdentityById(OneIdentity):
    """Where one identity is read, changed and removed by its id."""

    @described("read_profile_identity_by_id", "Read an identity by its id", writes=False, ok=PartEnvelope)
    def get(self, request: Request, profile_id: str, which: str) -> HttpResponse:
        """Return it."""
        return super().get(request, profile_id, which)

    @described("update_profile_identity_by_id", "Change an identity by its id", asks=IdentityIn, ok=PartEnvelope)
    def put(self, request: Request, profile_id: str, which: str) -> HttpResponse:
        """Change it, and answer with it."""
        return super().put(request, profile_id, which)

    @described("remove_profile_identity_by_id", "Remove an identity by its id", no_content=None)
    def delete(self, request: Request, profile_id: str, which: str) -> HttpResponse:
        """Remove it."""
        return super().delete(request, profile_id, which)

    def found(self, document: Document, which: str) -> Document:
        """Return the identity with the id; raises `Http404`."""
        return by_id(document["identities"], which)


def by_id(rows: list[Document], row_id: int | str) -> Document:
    """Return the row with the id; raises `Http404`."""
    found = next((row for row in rows if str(row["id"]) == str(row_id)), None)
    if found is None:
        raise Http404
    return found


def _draft(request: Request, profile: Profile, sent: Document) -> ProfileDraft:
    """Return what one identity asks for; its key is told at the identifier. Raises `InvalidFieldsError`."""
    entry = {name: value for name, value in sent.items() if name in IdentityEntry.__annotations__}
    draft = draft_of_entry(request, "identities", entry, target=profile.pk)
    if (key := only_one(draft, "identities")) is None:
        return draft
    row: dict[str, Any] = {**draft.collections["identities"][key]}
    if "is_primary" in sent:
        try:
            row["is_primary"] = _TRUTH.validate_python(sent["is_primary"], strict=True)
        except ValidationError as error:
            raise InvalidFieldsError({"is_primary": ["The is_primary must be true or false."]}) from error
    return dataclasses.replace(
        draft, collections={"identities": {key: row}}, pointers={identity_match_key(*key): "/identifier"}
    )


def _by_key(document: Document, draft: ProfileDraft) -> Document:
    key = only_one(draft, "identities")
    found = (one for one in document["identities"] if (one["handle"], one["identifier"]) == key)
    return next(found, {})
