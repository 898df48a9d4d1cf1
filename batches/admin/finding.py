"""Finding anything from one box, on Ctrl+K: three hits of each kind, and where the others are."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from batches.admin.batches import find_batches
from batches.admin.records import MOST_FOUND, find_records
from batches.models import BatchRecord, Import
from profiles import keys
from profiles.models import Location, Organisation, Region, Status, Tag
from profiles.searching import find_profiles

SHOWN: Final = 3
_REFERENCES: Final = (Tag, Status, Region, Organisation, Location)


@dataclass(slots=True)
class Hit:
    """One thing that was found."""

    title: str
    about: str
    link: str
    place: int = 0
    """Among all that is shown, from 1: the arrow keys go by it."""


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind: the first ones, and how many more there are."""

    title: str
    icon: str
    hits: Sequence[Hit]
    more: str = ""
    """How many others, in words."""
    link: str = ""
    """Where all of them are."""


@require_GET
def find_anything(request: HttpRequest) -> HttpResponse:
    """Answer with what is found by the term, for those who may see it; queries."""
    try:
        term = keys.text(request.GET.get("s", ""))
    except keys.InvalidValueError:
        term = ""
    groups = [group for group in _groups(request, term) if group.hits] if term else []
    for place, hit in enumerate(chain.from_iterable(group.hits for group in groups), 1):
        hit.place = place
    return render(request, "admin/hub/found.html", {"groups": groups, "term": term})


def _groups(request: HttpRequest, term: str) -> Iterator[Group]:
    may = request.user.has_perm
    if may("profiles.view_profile"):
        yield _people(term)
    if may("batches.view_batch"):
        yield _batches(term)
    if may("batches.view_batchrecord"):
        yield _records(term)
    if may("batches.view_import"):
        yield _imports(term)
    yield Group("Reference data", "dataset", list(_references(request, term))[:SHOWN])


def _people(term: str) -> Group:
    found = list(find_profiles(term).filter(ended=None).order_by("-id")[: SHOWN + 1])
    hits = [
        Hit(
            one.full_name or "(no name)",
            " · ".join(filter(None, (one.email, one.mobile_phone, "merged" if one.merged_into_id else ""))),
            reverse("admin:profiles_profile_change", args=[one.pk]),
        )
        for one in found[:SHOWN]
    ]
    return Group("People", "person", hits, "More" if len(found) > SHOWN else "", _list("profiles_profile", term))


def _more(count: int) -> str:
    if count <= SHOWN:
        return ""
    return f"{MOST_FOUND:,} or more" if count >= MOST_FOUND else f"All {count:,}"


def _batches(term: str) -> Group:
    found = list(find_batches(term).defer("record_digests").order_by("-received_at", "-id")[: SHOWN + 1])
    hits = [
        Hit(
            batch.title,
            f"{batch.shown_state.replace('_', ' ')}, {batch.total_count:,} records, {_time(batch.received_at)}",
            reverse("admin:batches_batch_change", args=[batch.pk]),
        )
        for batch in found[:SHOWN]
    ]
    return Group("Batches", "inbox", hits, "More" if len(found) > SHOWN else "", _list("batches_batch", term))


def _records(term: str) -> Group:
    ids = find_records(term, within=None)
    found = BatchRecord.objects.filter(id__among=ids).select_related("batch").defer("batch__record_digests")
    hits = [
        Hit(
            record.reference or record.external_id or f"record {record.position}",
            f"{record.outcome}, record {record.position} of {record.batch.title}",
            reverse("admin:batches_batchrecord_change", args=[record.pk]),
        )
        for record in found.order_by("-id")[:SHOWN]
    ]
    return Group("Records", "list_alt", hits, _more(len(ids)), _list("batches_batchrecord", term))


def _imports(term: str) -> Group:
    named = Q(name__istartswith=term) | Q(label=term)
    hits = [
        Hit(
            one.name,
            f"begun {_time(one.started_at)}",
            reverse("admin:batches_import_change", args=[one.pk]),
        )
        for one in Import.objects.filter(named).order_by("-started_at")[:SHOWN]
    ]
    return Group("Imports", "upload_file", hits)


def _references(request: HttpRequest, term: str) -> Iterator[Hit]:
    """Yield reference data whose name or handle begins so."""
    for model in _REFERENCES:
        options = model._meta
        if not request.user.has_perm(f"{options.app_label}.view_{options.model_name}"):
            continue
        names = [name for name in ("handle", "name") if any(one.name == name for one in options.fields)]
        asked = Q()
        for name in names:
            asked |= Q(**{f"{name}__istartswith": term})
        for row in model._default_manager.filter(asked).order_by("pk")[:SHOWN]:
            link = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])
            yield Hit(getattr(row, "name", "") or str(row), str(options.verbose_name), link)


def _time(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _list(name: str, term: str) -> str:
    return reverse(f"admin:{name}_changelist", query={"q": term})
