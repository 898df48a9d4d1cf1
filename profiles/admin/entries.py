"""The desk's pages on which staff add, change and remove addresses, identities and what else one has several of.

What is typed is one entry of a record, read and decided like any other; its errors stand at the fields.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import orjson
from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from profiles import shape
from profiles.admin.acts import ActForm, act_on, cause_of, person_to_change
from profiles.directory import load_key_rules, load_snapshots
from profiles.keys import identity_match_key
from profiles.models import Organisation, Profile, Region, RoleDefinition
from profiles.schema import parse_entry, parse_record
from profiles.times import utc_text
from profiles.values import AttributeType, Cause, ProfileDraft, Row, RowKey

MOST_CHOICES: Final = 500

Choices = Callable[[], list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Field:
    """One member of an entry, as it is typed."""

    name: str
    kind: str = "text"
    """`text`, `notes`, `truth`, `date`, `time` or `choice`."""
    hint: str = ""
    choices: Choices | None = None
    starts_as: object = ""
    """What it is in a new entry."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A collection of a profile, and how an entry of it is typed."""

    collection: str
    title: str
    key: tuple[Field, ...]
    """What names the entry, and stays as it is."""
    fields: tuple[Field, ...]
    record_name: str = ""
    """What a record calls the collection, where that is another name."""

    @property
    def in_record(self) -> str:
        """What a record calls the collection."""
        return self.record_name or self.collection


def _regions() -> list[tuple[str, str]]:
    return [(one.handle, one.name) for one in Region.objects.order_by("name", "id")[:MOST_CHOICES]]


def _organisations() -> list[tuple[str, str]]:
    return [(one.handle, one.name) for one in Organisation.objects.order_by("name", "id")[:MOST_CHOICES]]


def _roles() -> list[tuple[str, str]]:
    return [(one.handle, one.name) for one in RoleDefinition.objects.order_by("name", "id")[:MOST_CHOICES]]


def _types() -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in AttributeType]


_COUNTRY: Final = Field("country", hint="Its code or English name.")
_ACTIVE: Final = Field("is_active", "truth", starts_as=True)
KINDS: Final[Mapping[str, Kind]] = {
    kind.collection: kind
    for kind in (
        Kind(
            "addresses",
            "address",
            (),
            (
                Field("address_line_1"),
                Field("address_line_2"),
                Field("address_line_3"),
                Field("city"),
                Field("postcode"),
                Field("state"),
                _COUNTRY,
                Field("company"),
                Field("external_id", hint="What another system calls this address."),
                Field("is_default", "truth"),
                Field("notes", "notes"),
            ),
        ),
        Kind(
            "identities",
            "identity",
            (Field("handle", hint="Which system, such as shop or loyalty-card."),),
            (
                Field("identifier", hint="The person's number there."),
                _ACTIVE,
                Field("is_primary", "truth"),
            ),
        ),
        Kind(
            "custom_attributes",
            "custom attribute",
            (Field("namespace"), Field("handle")),
            (
                Field("type", "choice", choices=_types, starts_as="string"),
                Field("value", "notes", hint="json and array as JSON; true or false for a boolean."),
            ),
        ),
        Kind(
            "dates",
            "date",
            (Field("handle", hint="Such as wedding."), Field("relationship", hint="Whose it is, such as child.")),
            (
                Field("name"),
                Field("date", "date"),
                Field("is_recurring", "truth"),
                Field("recurring_schedule"),
                Field("role"),
                Field("description", "notes"),
                Field("note", "notes"),
            ),
            record_name="dates_attributes",
        ),
        Kind(
            "regions",
            "region",
            (Field("region", "choice", choices=_regions),),
            (
                _COUNTRY,
                Field("state"),
                _ACTIVE,
                Field("is_default", "truth"),
            ),
        ),
        Kind(
            "organisations",
            "organisation",
            (Field("organisation", "choice", choices=_organisations),),
            (Field("role", "choice", choices=_roles), Field("expires_at", "time"), _ACTIVE),
        ),
    )
}


_NAMED: Final = {"id": "organisation", "role_definition_id": "role"}
"""What a record calls a field of the form, where that is another name."""


# --- The form ----------------------------------------------------------------------------------------------------


class EntryForm(ActForm):
    """One entry: what names it only while it is new."""

    def __init__(self, kind: Kind, stored: tuple[RowKey, Row] | None, version: int, data: QueryDict | None) -> None:
        self.kind = kind
        self.stored = stored
        names = [*kind.key, *kind.fields] if stored is None or kind.collection == "addresses" else [*kind.fields]
        values = {} if stored is None else {**stored[1], **_key_members(kind, stored[0])}
        initial = {one.name: one.starts_as if stored is None else _shown(one, values.get(one.name)) for one in names}
        super().__init__(data, initial={**initial, "version": version})
        self.fields = {**{one.name: _form_field(one) for one in names}, **self.fields}

    def field_of(self, pointer: str) -> str | None:
        """Return the field at which an error of that place is told."""
        parts = pointer.split("/")[1:]
        if parts[:1] == [self.kind.in_record]:
            parts = parts[2:]
        named = {"region_id": "region", "handle": "region"} if self.kind.collection == "regions" else _NAMED
        name = parts[0] if parts else self.kind.key[0].name if self.kind.key else ""
        name = named.get(name, name)
        return name if name in self.fields else None

    @property
    def entry(self) -> dict[str, Any]:
        """What was typed, as a record's entry says it; of one that is there what was changed, and its name."""
        typed = {
            one.name: _sent(one, self.cleaned_data[one.name])
            for one in (*self.kind.key, *self.kind.fields)
            if one.name in self.fields
        }
        if self.stored is None:
            return {name: value for name, value in typed.items() if value is not None}
        changed = {name: value for name, value in typed.items() if name in self.changed_data}
        return {**_key_members(self.kind, self.stored[0]), **changed}


def _key_members(kind: Kind, key: RowKey) -> dict[str, Any]:
    if kind.collection == "addresses":
        return {}
    return dict(zip(shape.COLLECTIONS[kind.collection].key, key, strict=True))


def _form_field(field: Field) -> forms.Field:
    name = field.name.replace("_", " ").capitalize()
    if field.kind == "truth":
        return forms.BooleanField(required=False, label=name, help_text=field.hint, widget=UnfoldBooleanSwitchWidget)
    if field.kind == "choice" and field.choices is not None:
        choices = [("", "none"), *field.choices()]
        return forms.ChoiceField(required=False, label=name, choices=choices, widget=UnfoldAdminSelectWidget)
    if field.kind == "date":
        return forms.DateField(
            required=False, label=name, help_text="Such as 2020-05-31.", widget=UnfoldAdminSingleDateWidget
        )
    if field.kind == "time":
        hint = "UTC, such as 2026-12-31 23:59."
        return forms.DateTimeField(required=False, label=name, help_text=hint, widget=UnfoldAdminTextInputWidget)
    widget: Any = UnfoldAdminTextareaWidget(attrs={"rows": 2}) if field.kind == "notes" else UnfoldAdminTextInputWidget
    return forms.CharField(required=False, label=name, help_text=field.hint, widget=widget, strip=False)


def _shown(field: Field, value: object) -> object:
    if isinstance(value, str | bool) or value is None:
        return "" if value is None else value
    return orjson.dumps(value).decode()


def _sent(field: Field, value: object) -> object:
    """Return what was typed as a sender would write it; nothing as null."""
    if value in ("", None):
        return None
    if isinstance(value, dt.datetime):
        return utc_text(value)
    return value.isoformat() if isinstance(value, dt.date) else value


# --- What it asks for --------------------------------------------------------------------------------------------


def _draft(profile: Profile, form: EntryForm, *, cause: Cause) -> ProfileDraft:
    """Return what the form asks for; queries."""
    kind, entry, blocked = form.kind, form.entry, load_key_rules().blocked
    if kind.collection == "regions":
        handle = entry.pop("region", None)
        is_default = entry.pop("is_default", False)
        record = {"regions": [{**entry, "handle": handle}], **({"region": handle} if is_default else {})}
        return parse_record(record, cause=cause, target=profile.pk, blocked=blocked)
    if kind.collection == "custom_attributes":
        entry["type"] = form.cleaned_data["type"] or None
        entry["value"] = _typed(entry["type"], form.cleaned_data["value"])
    if kind.collection == "organisations":
        entry = _membership(entry)
    is_primary = entry.pop("is_primary", None) if kind.collection == "identities" else None
    if kind.collection == "identities" and form.stored is not None:
        entry.setdefault("identifier", form.stored[0][1])
    draft = parse_entry(kind.in_record, entry, cause=cause, target=profile.pk, blocked=blocked)
    rows = draft.collections.get(kind.collection, {})
    if is_primary is not None:
        rows = {key: {**row, "is_primary": is_primary} for key, row in rows.items()}
        draft = replace(draft, collections={kind.collection: rows})
    if kind.collection == "identities":
        draft = replace(draft, pointers={identity_match_key(*key): "/identifier" for key in rows})
    if form.stored is not None and rows and kind.collection in {"addresses", "identities"}:
        draft = replace(draft, meant={(kind.collection, key): form.stored[0] for key in rows})
    return draft


def _typed(kind: str | None, text: str) -> object:
    """Return a custom attribute's value; what is no text is typed as JSON where it is that."""
    if not text.strip():
        return None
    if kind == AttributeType.STRING:
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _membership(entry: dict[str, Any]) -> dict[str, Any]:
    """Return a membership as a record says it, by the ids that its definitions have; queries."""
    ids: tuple[tuple[str, str, type[Organisation | RoleDefinition]], ...] = (
        ("organisation", "id", Organisation),
        ("role", "role_definition_id", RoleDefinition),
    )
    for name, id_name, model in ids:
        if name in entry:
            handle = entry.pop(name)
            entry[id_name] = model._default_manager.filter(handle=handle or "").values_list("pk", flat=True).first()
    return entry


def _removal(profile: Profile, kind: Kind, key: RowKey, *, cause: Cause) -> ProfileDraft:
    """Return what removes the entry."""
    draft = parse_record({}, cause=cause, target=profile.pk)
    return replace(draft, removals=frozenset({(kind.collection, key)}))


# --- The pages ---------------------------------------------------------------------------------------------------


def entry_page(request: HttpRequest, profile_id: UUID, collection: str, row_id: int | None = None) -> HttpResponse:
    """Show one entry, or the form of a new one, and write what was typed; raises `Http404` where there is none."""
    profile = person_to_change(request, profile_id)
    if isinstance(profile, HttpResponse):
        return profile
    kind = KINDS.get(collection)
    stored = None if kind is None or row_id is None else _stored(profile, kind, row_id)
    if kind is None or (row_id is not None and stored is None):
        raise Http404
    removes = "remove" in request.POST and stored is not None
    form = EntryForm(kind, stored, profile.version, request.POST or None)
    if request.method == "POST" and form.is_valid() and (not removes or "sure" in request.POST):
        cause = cause_of(request)
        if removes and stored is not None:
            draft = _removal(profile, kind, stored[0], cause=cause)
        else:
            draft = _draft(profile, form, cause=cause)
        if (done := act_on(request, profile, form, draft)) is not None:
            return done
    what = "" if stored is None else ": ".join(_names(kind, stored))
    article = "an" if kind.title[0] in "aeio" else "a"
    context = {
        **admin.site.each_context(request),
        "title": f"Add {article} {kind.title}" if stored is None else kind.title.capitalize(),
        "profile": profile,
        "form": form,
        "kind": kind,
        "what": what,
        "may_remove": stored is not None,
        "asks": removes and not form.errors,
    }
    return TemplateResponse(request, "admin/hub/entry.html", context)


def _stored(profile: Profile, kind: Kind, row_id: int) -> tuple[RowKey, Row] | None:
    snapshot = load_snapshots([profile.id], collections=[kind.collection])[profile.id]
    for key, origin in snapshot.origins[kind.collection].items():
        if origin.id == row_id:
            return key, snapshot.collections[kind.collection][key]
    return None


def _names(kind: Kind, stored: tuple[RowKey, Row]) -> Iterator[str]:
    """Yield what the entry is called."""
    key, row = stored
    if kind.collection == "addresses":
        yield ", ".join(str(row[name]) for name in ("address_line_1", "city") if row[name])
    else:
        yield from (str(part) for part in key if part)
