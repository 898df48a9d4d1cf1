"""A profile's consent, looks, dates and custom attributes (rules 12.9)."""

import dataclasses
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from pydantic import BaseModel, Field, RootModel
from rest_framework.request import Request

from profiles.api.documents import PartEnvelope, PartsEnvelope
from profiles.api.identities import by_id
from profiles.api.parts import PartView, described, removing, without_read_only
from profiles.api.sent import written_entry
from profiles.api.single import Document, body_of, draft_of, draft_of_entry
from profiles.attributes import type_of
from profiles.http.bodies import as_sent
from profiles.http.errors import InvalidFieldsError
from profiles.http.wire import wire_time
from profiles.models import CustomAttribute, Profile
from profiles.schema.record import AppearanceEntry, CommsEntry, DateEntry
from profiles.values import ProfileDraft


class CommsIn(RootModel[CommsEntry]):
    """What is to be changed of what somebody agreed to be sent."""

    model_config = as_sent("CommsIn", sms_promo=False, sms_optout=True)


class AppearanceIn(RootModel[AppearanceEntry]):
    """What is to be changed of somebody's looks."""

    model_config = as_sent("AppearanceIn", eye_colour="green", size_shoe="38")


class DateIn(RootModel[DateEntry]):
    """A date, by its handle and relationship."""

    model_config = as_sent("DateIn", handle="wedding", name="Wedding", date="2020-05-05")


class CustomAttributeIn(BaseModel):
    """A value, and of which type; one that is there keeps its type where none is sent."""

    model_config = as_sent("CustomAttributeIn", value="Rex", type="string")

    type: str | None = Field(default=None, description="string, integer, float, boolean, json or array.")
    value: Any = None


class NewCustomAttributeIn(CustomAttributeIn):
    """A custom attribute with its name."""

    model_config = as_sent("NewCustomAttributeIn", namespace="pets", handle="dog", value="Rex", type="string")

    namespace: str
    handle: str


# --- Consent and looks -------------------------------------------------------------------------------------------


class Attributes(PartView):
    """Where consent, looks and dates are read together."""

    @described("read_profile_attributes", "Read consent, looks and dates", writes=False, ok=PartEnvelope)
    def get(self, request: Request, profile_id: str) -> HttpResponse:
        """Return them."""
        return self.answer_part(request, profile_id, lambda document: document["attributes"])


class _DecidesComms(PartView):
    """Whatever decides about consent."""

    def ask(self, profile: Profile, document: Document) -> ProfileDraft:
        """Return what is asked for."""
        sent = without_read_only(body_of(self.request), _comms(document))
        draft = draft_of(self.request, {"comms_attributes": sent}, target=profile.pk)
        return dataclasses.replace(draft, is_explicit=True)


class Comms(_DecidesComms):
    """Where consent is read and decided."""

    @described("read_profile_comms", "Read what somebody agreed to", writes=False, ok=PartEnvelope)
    def get(self, request: Request, profile_id: str) -> HttpResponse:
        """Return it."""
        return self.answer_part(request, profile_id, _comms)

    @described(
        "update_profile_comms",
        "Decide what somebody is sent",
        description=(
            "An act of its own about this one person: without a time of consent it counts from now, also where it "
            "allows what was refused; with an older one it is left out, with a warning."
        ),
        asks=CommsIn,
        ok=PartEnvelope,
    )
    def put(self, request: Request, profile_id: str) -> HttpResponse:
        """Decide what is said, and answer with all of it."""
        return self.write_part(request, profile_id, self.ask, _comms, below="/comms_attributes")


class OlderComms(_DecidesComms):
    """Where older clients subscribe and unsubscribe people."""

    @described(
        "update_profile_comms_older", "Subscribe or unsubscribe (the older path)", asks=CommsIn, ok=PartsEnvelope
    )
    def put(self, request: Request, profile_id: str) -> HttpResponse:
        """Decide what is said, and answer with a list of one."""
        return self.write_part(
            request, profile_id, self.ask, lambda document: [_comms(document)], below="/comms_attributes"
        )


class Appearance(PartView):
    """Where looks, sizes and measurements are read and changed."""

    @described("read_profile_appearance", "Read looks and sizes", writes=False, ok=PartEnvelope)
    def get(self, request: Request, profile_id: str) -> HttpResponse:
        """Return them."""
        return self.answer_part(request, profile_id, _appearance)

    @described("update_profile_appearance", "Change looks and sizes", asks=AppearanceIn, ok=PartEnvelope)
    def put(self, request: Request, profile_id: str) -> HttpResponse:
        """Change what is said, and answer with all of it."""

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            sent = without_read_only(body_of(request), _appearance(document))
            return draft_of(request, {"attributes": {"appearance": sent}}, target=profile.pk)

        return self.write_part(request, profile_id, ask, _appearance, below="/attributes/appearance")


def _comms(document: Document) -> Document:
    comms: Document = document["attributes"]["comms"]
    return comms


def _appearance(document: Document) -> Document:
    appearance: Document = document["attributes"]["appearance"]
    return appearance


# --- Dates -------------------------------------------------------------------------------------------------------


class Dates(PartView):
    """Where days that matter are listed and put."""

    @described("list_profile_dates", "List the days that matter", writes=False, ok=PartsEnvelope)
    def get(self, request: Request, profile_id: str) -> HttpResponse:
        """Return all of them, oldest first."""
        return self.answer_part(request, profile_id, _dates)

    @described("put_profile_date", "Add or change a date by its handle and relationship", asks=DateIn, ok=PartEnvelope)
    def put(self, request: Request, profile_id: str) -> HttpResponse:
        """Put it, and answer with it."""
        names: list[tuple[str, str]] = []

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            # Clients send a type too, which the hub does not keep.
            sent = {name: value for name, value in written_entry(body_of(request)).items() if name != "type"}
            draft = draft_of_entry(request, "dates_attributes", sent, target=profile.pk)
            names[:] = draft.collections.get("dates", {})  # type: ignore[assignment]
            return draft

        def pick(document: Document) -> Document:
            found = (one for one in _dates(document) if (one["handle"], one["relationship"] or "") == names[0])
            return next(found, {})

        return self.write_part(request, profile_id, ask, pick)


class OneDate(PartView):
    """Where a date is removed."""

    @described(
        "remove_profile_date",
        "Remove a date",
        description="What was linked to it goes along. Answers with the dates that are left.",
        ok=PartsEnvelope,
    )
    def delete(self, request: Request, profile_id: str, date_id: str) -> HttpResponse:
        """Remove it, and answer with those left."""

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            stored = by_id(_dates(document), date_id)
            draft = draft_of(request, {}, target=profile.pk)
            return removing(draft, "dates", (stored["handle"], stored["relationship"] or ""))

        return self.write_part(request, profile_id, ask, _dates)


def _dates(document: Document) -> list[Document]:
    dates: list[Document] = document["attributes"]["dates"]
    return dates


# --- Custom attributes -------------------------------------------------------------------------------------------


class _PutsCustomAttribute(PartView):
    """Whatever puts a custom attribute."""

    def put_one(
        self, request: Request, profile_id: str, namespace: str, handle: str, *, status: int = 200
    ) -> HttpResponse:
        """Put the attribute of that name, and answer with it."""
        body = body_of(request)
        if "value" not in body:
            raise InvalidFieldsError({"value": ["The value field is required."]})

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            rows = {(row.namespace, row.handle): row.type for row in profile.attributes.all()}
            kind = body.get("type") or rows.get((namespace, handle)) or type_of(body["value"])
            entry = {"namespace": namespace, "handle": handle, "type": kind, "value": body["value"]}
            return draft_of_entry(request, "custom_attributes", entry, target=profile.pk)

        def pick(document: Document) -> Document:
            rows = _rows(document["id"])
            found = [row for row in rows if (row["namespace"], row["handle"]) == (namespace.strip(), handle.strip())]
            return found[0] if found else {}

        return self.write_part(request, profile_id, ask, pick, status=status)


class CustomAttributes(_PutsCustomAttribute):
    """Where custom attributes are listed and put."""

    @described("list_profile_custom_attributes", "List the custom attributes", writes=False, ok=PartsEnvelope)
    def get(self, request: Request, profile_id: str) -> HttpResponse:
        """Return all of them, oldest first."""
        return self.answer_part(request, profile_id, lambda document: _rows(document["id"]))

    @described(
        "add_profile_custom_attribute",
        "Add or change a custom attribute",
        asks=NewCustomAttributeIn,
        ok=PartEnvelope,
        created=PartEnvelope,
    )
    def post(self, request: Request, profile_id: str) -> HttpResponse:
        """Put it, and answer with it."""
        body = body_of(request)
        names = {name: text for name in ("namespace", "handle") if isinstance(text := body.get(name), str) and text}
        if missing := [name for name in ("namespace", "handle") if name not in names]:
            raise InvalidFieldsError({name: [f"The {name} field is required."] for name in missing})
        return self.put_one(request, profile_id, **names, status=201)


class OneCustomAttribute(_PutsCustomAttribute):
    """Where one custom attribute is read, put and removed; it is named `namespace:handle`."""

    @described("read_profile_custom_attribute", "Read a custom attribute", writes=False, ok=PartEnvelope)
    def get(self, request: Request, profile_id: str, namespace: str, handle: str) -> HttpResponse:
        """Return it."""

        def pick(document: Document) -> Document:
            found = [row for row in _rows(document["id"]) if (row["namespace"], row["handle"]) == (namespace, handle)]
            if not found:
                raise Http404
            return found[0]

        return self.answer_part(request, profile_id, pick)

    @described(
        "put_profile_custom_attribute",
        "Add or change a custom attribute by its name",
        asks=CustomAttributeIn,
        ok=PartEnvelope,
    )
    def put(self, request: Request, profile_id: str, namespace: str, handle: str) -> HttpResponse:
        """Put it, and answer with it."""
        return self.put_one(request, profile_id, namespace, handle)

    @described("remove_profile_custom_attribute", "Remove a custom attribute", no_content=None)
    def delete(self, request: Request, profile_id: str, namespace: str, handle: str) -> HttpResponse:
        """Remove it."""

        def ask(profile: Profile, document: Document) -> ProfileDraft:
            if handle not in document["custom_attributes"].get(namespace, {}):
                raise Http404
            return removing(draft_of(request, {}, target=profile.pk), "custom_attributes", (namespace, handle))

        return self.write_part(request, profile_id, ask, None)


def _rows(profile_id: str) -> list[Document]:
    """Return the profile's custom attributes as entries, oldest first; one query."""
    return [
        {
            "id": row.pk,
            "profile_id": profile_id,
            "namespace": row.namespace,
            "handle": row.handle,
            "type": row.type,
            "value": row.value,
            "created_at": wire_time(row.created_at),
            "updated_at": wire_time(row.updated_at),
        }
        for row in CustomAttribute.objects.filter(profile=UUID(profile_id)).order_by("id")
    ]
