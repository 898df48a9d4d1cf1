"""A profile's addresses (rules 12.8)."""

import dataclasses
from http import HTTPStatus
from typing import cast

from django.http import HttpResponse
from pydantic import RootModel
from rest_framework.request import Request

from profiles.api.documents import PartEnvelope, PartsEnvelope
from profiles.api.identities import by_id
from profiles.api.parts import PartView, described, only_one, removing, without_read_only
from profiles.api.single import Document, body_of, draft_of, draft_of_entry
from profiles.http.bodies import as_sent
from profiles.http.errors import InvalidFieldsError
from profiles.models import Address, Profile, ProfileChange
from profiles.reconcile.addresses import address_text
from profiles.schema.record import AddressEntry
from profiles.shape import ADDRESS_LINES
from profiles.values import Outcome, OutcomeKind, ProfileDraft


class AddressIn(RootModel[AddressEntry]):
    """An address, or what is to be changed of one."""

    model_config = as_sent(
        "AddressIn", external_id="home", address_line_1="1 Main St", city="Perth", postcode="6000", country="AU"
    )


class _PutsAddress(PartView):
    """Whatever adds an address, or changes the one it names."""

    def put_one(self, request: Request, profile_id: str, body: Document, *, always_made: bool) -> HttpResponse:
        """Add or change what the address names, and answer with it."""
        sent = without_read_only(body, {})
        known: list[Document] = []

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            known[:] = document["addresses"]
            return draft_of_entry(request, "addresses", sent, target=profile.pk)

        def status_of(address: Document, outcome: Outcome) -> int:
            return HTTPStatus.CREATED if always_made or _is_made(address["id"], outcome) else HTTPStatus.OK

        return self.write_part(
            request, profile_id, ask, lambda document: _meant(document["addresses"], known, sent), status=status_of
        )


class ProfileAddresses(_PutsAddress):
    """Where a profile's addresses are listed and added."""

    @described("list_profile_addresses", "List a profile's addresses", writes=False, ok=PartsEnvelope)
    def get(self, request: Request, profile_id: str) -> HttpResponse:
        """Return all of them, oldest first."""
        return self.answer_part(request, profile_id, lambda document: document["addresses"])

    @described(
        "add_profile_address",
        "Add an address",
        description="One with the same text, or external_id, as one that is there is that one.",
        asks=AddressIn,
        ok=PartEnvelope,
        created=PartEnvelope,
    )
    def post(self, request: Request, profile_id: str) -> HttpResponse:
        """Add it, and answer with it."""
        return self.put_one(request, profile_id, body_of(request), always_made=True)


class AddressUpsert(_PutsAddress):
    """Where an address is put by its external_id."""

    @described(
        "upsert_profile_address",
        "Add or change an address by its external_id",
        description="201 where it was made.",
        asks=AddressIn,
        ok=PartEnvelope,
        created=PartEnvelope,
    )
    def post(self, request: Request, profile_id: str) -> HttpResponse:
        """Put it, and answer with it."""
        body = body_of(request)
        if body.get("external_id") in (None, ""):
            raise InvalidFieldsError({"external_id": ["The external_id field is required."]})
        return self.put_one(request, profile_id, body, always_made=False)


class OneAddress(PartView):
    """Where one address is read, changed and removed."""

    @described("read_profile_address", "Read an address", writes=False, ok=PartEnvelope)
    def get(self, request: Request, profile_id: str, address_id: str) -> HttpResponse:
        """Return it."""
        return self.answer_part(request, profile_id, lambda document: by_id(document["addresses"], address_id))

    @described("update_profile_address", "Change an address", asks=AddressIn, ok=PartEnvelope)
    def put(self, request: Request, profile_id: str, address_id: str) -> HttpResponse:
        """Change what is said of it, and answer with it."""

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            stored = by_id(document["addresses"], address_id)
            sent = without_read_only(body_of(request), stored)
            draft = draft_of_entry(request, "addresses", sent, target=profile.pk)
            if (key := only_one(draft, "addresses")) is None:
                return draft
            return dataclasses.replace(draft, meant={("addresses", key): (_key_of(profile, stored["id"]),)})

        return self.write_part(request, profile_id, ask, lambda document: by_id(document["addresses"], address_id))

    @described(
        "remove_profile_address",
        "Remove an address",
        description="Where it was the default one, the oldest left is it then.",
        no_content=None,
    )
    def delete(self, request: Request, profile_id: str, address_id: str) -> HttpResponse:
        """Remove it."""

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            stored = by_id(document["addresses"], address_id)
            draft = draft_of(request, {}, target=profile.pk)
            return removing(draft, "addresses", (_key_of(profile, stored["id"]),))

        return self.write_part(request, profile_id, ask, None)


def _meant(addresses: list[Document], known: list[Document], sent: Document) -> Document:
    """Return the address that was sent: the one with its name, the new one, or the one with its text."""
    ids = {one["id"] for one in known}
    lines = {name: text for name in ADDRESS_LINES if isinstance(text := sent.get(name), str)}
    found = [
        *(one for one in addresses if one["external_id"] == str(sent.get("external_id")).strip()),
        *(one for one in addresses if one["id"] not in ids),
        *(one for one in addresses if address_text(one) == address_text(lines)),
    ]
    return found[0] if found else {}


def _is_made(address_id: int, outcome: Outcome) -> bool:
    """Whether the address was made by the write, by its ledger row, which tells nothing from before; queries."""
    if outcome.kind is OutcomeKind.UNCHANGED:
        return False
    key = Address.objects.get(pk=address_id).key
    row = ProfileChange.objects.filter(profile=outcome.profile_id, version=cast("int", outcome.profile_version)).get()
    told = [sides for pointer, sides in row.changes.items() if pointer.startswith(f"/addresses/{key}/")]
    return bool(told) and all("from" not in sides for sides in told)


def _key_of(profile: Profile, row_id: int) -> str:
    return str(next(row.key for row in profile.addresses.all() if row.pk == row_id))
