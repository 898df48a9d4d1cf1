"""What the page of a profile shows beside its fields: all that is known of the person, a bounded part at a time."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from profiles import shape
from profiles.admin.edits import EDITABLE
from profiles.admin.entries import KINDS
from profiles.admin.ledger import cut, first_changes, shown_value, who_cell
from profiles.admin.marks import Marks
from profiles.desk.cells import link
from profiles.desk.lists import ACTION_LABELS, label, moment, table
from profiles.desk.parts import part_of, rows_shown
from profiles.directory import load_snapshots
from profiles.directory.ledgers import takers_of
from profiles.history import timeline
from profiles.models import DuplicateCandidate, Profile, ProfileChange, User
from profiles.provenance import provenance_of
from profiles.values import Origin, RowKey, Rows

CHANGES_SHOWN: Final = 14
CHANGES_OF_EACH: Final = 6
OTHERS_SHOWN: Final = 10
TAGS_SHOWN: Final = 30


def profile_link(profile: Profile) -> SafeString:
    """Return the profile's name as a link to its page."""
    url = reverse("admin:profiles_profile_change", args=[profile.pk])
    return link(url, cut(str(profile)))


def panels_of(profile: Profile, *, asked: QueryDict, may_edit: bool = False) -> dict[str, object]:
    """Return the panels, and of long ones the parts that the address asks for; queries, the same for any size."""
    snapshot = load_snapshots([profile.id], collections=shape.COLLECTIONS)[profile.id]
    merged = list(profile.merged.order_by("-id")[: OTHERS_SHOWN + 1])
    history = list(timeline(profile.id)[: CHANGES_SHOWN + 1])
    found = provenance_of(profile.id)
    names = _names([*history, *(one.change for one in found)])
    marks = Marks(found, names)
    duplicates = _pairs(profile)
    tags = part_of(
        sorted(key[0] for key in snapshot.collections[shape.TAGS.name]), asked=asked, name="tags", size=TAGS_SHOWN
    )
    return {
        "marks": marks,
        "own_fields": _where_from(snapshot.fields, marks),
        "tags": dict(zip(("shown", "part"), tags, strict=True)),
        "collections": [
            _collection(
                collection,
                snapshot.collections[name],
                marks,
                asked=asked,
                pages=_pages(profile, name, snapshot.origins.get(name, {})) if may_edit and name in KINDS else {},
            )
            for name, collection in shape.COLLECTIONS.items()
            if name != shape.TAGS.name and snapshot.collections[name]
        ],
        "other_fields": table(
            ["Field", "Value", "Where from"],
            [
                [name.replace("/", " / ").replace("_", " "), shown_value(value), marks.of_field(name)]
                for name, value in snapshot.fields.items()
                if name not in EDITABLE and name != "merged_into" and value is not None
            ],
        ),
        "duplicates": _duplicates(profile, duplicates[:OTHERS_SHOWN]),
        "has_more_duplicates": len(duplicates) > OTHERS_SHOWN,
        "merged": table(
            ["Name", "Email", "Mobile phone"],
            [[profile_link(one), one.email or "-", one.mobile_phone or "-"] for one in merged[:OTHERS_SHOWN]],
        ),
        "has_more_merged": len(merged) > OTHERS_SHOWN,
        "history": _history(history[:CHANGES_SHOWN], names, takers_of([profile.id])),
        "has_more_history": len(history) > CHANGES_SHOWN,
    }


def _where_from(fields: Mapping[str, object], marks: Marks) -> dict[str, object]:
    """Return where the fields of the form come from, for those who see no form."""
    told = [(name, fields[name]) for name in EDITABLE if fields.get(name) is not None]
    return table(
        ["Field", "Value", "Where from"],
        [[name.replace("_", " "), shown_value(value), marks.of_field(name)] for name, value in told],
    )


def _pages(profile: Profile, name: str, origins: Mapping[RowKey, Origin]) -> dict[RowKey, str]:
    """Return where each row of a collection is changed."""
    return {key: reverse("entry-page", args=[profile.pk, name, origin.id]) for key, origin in origins.items()}


def _collection(
    collection: shape.Collection, rows: Rows, marks: Marks, *, asked: QueryDict, pages: Mapping[RowKey, str]
) -> dict[str, object]:
    """Return a part of a collection's rows; columns that are empty in all of them are left out.

    `pages` has where each row is changed: its name leads there.
    """
    columns = [name for name in collection.fields if any(_is_told(row[name]) for row in rows.values())]
    # An address has no name that tells anybody anything: there is only the way to change it.
    is_named = collection is not shape.ADDRESSES
    keys = collection.key if is_named else ("",) * bool(pages)
    names = (*keys, *columns)
    shown, part = part_of(sorted(rows.items()), asked=asked, name=collection.name, size=rows_shown(len(names) + 1))
    cells = [
        [
            *(_key_cells(key, pages.get(key)) if is_named else [link(pages[key], "Change")] if pages else ()),
            *(shown_value(row[name]) if _is_told(row[name]) else "-" for name in columns),
            marks.of_row(collection.name, key),
        ]
        for key, row in shown
    ]
    return {
        "title": collection.name.replace("_", " "),
        "anchor": collection.name,
        "table": table([*(name.replace("_", " ") for name in names), "where from"], cells),
        "part": part,
    }


def _key_cells(key: RowKey, page: str | None) -> list[object]:
    """Return what names a row; where it is changed, its name leads there."""
    first, *others = (cut(part) if part else "-" for part in key)
    return [first if page is None else link(page, str(first)), *others]


def _is_told(value: object) -> bool:
    return value is not None and value != ""


def _pairs(profile: Profile) -> list[DuplicateCandidate]:
    pairs = DuplicateCandidate.objects.filter(Q(low=profile) | Q(high=profile)).select_related("low", "high")
    return list(pairs.order_by("-id")[: OTHERS_SHOWN + 1])


def _duplicates(profile: Profile, pairs: list[DuplicateCandidate]) -> dict[str, object]:
    return table(
        ["Other profile", "Reason", "Verdict", "Noted", "Record"],
        [
            [
                profile_link(pair.high if pair.low_id == profile.id else pair.low),
                label(pair.reason, "warning"),
                link(reverse("admin:profiles_duplicatecandidate_change", args=[pair.pk]), pair.verdict),
                moment(pair.created_at),
                render_to_string("admin/hub/record_link.html", {"batch_id": pair.batch_id, "position": pair.position}),
            ]
            for pair in pairs
        ],
    )


def _what(change: ProfileChange, taker: int | None) -> SafeString:
    """Return what a row changed, greyed where it was taken back, and what it has to do with which others."""
    what = first_changes(change, most=CHANGES_OF_EACH)
    if change.reverts is not None:
        versions = ", ".join(map(str, change.reverts["versions"]))
        told = f"takes back version {versions}" if versions else "follows from an undo of who became one with it"
        what = format_html('<div class="text-xs">{}</div>{}', told, what)
    if taker is None:
        return what
    return format_html(
        '<div class="text-xs">taken back by version {}</div><div class="opacity-50">{}</div>', taker, what
    )


def _names(changes: Iterable[ProfileChange]) -> dict[int, str]:
    """Return the names of those who brought the changes about; one query."""
    actors = {change.actor_id for change in changes if change.actor_id is not None}
    return dict(User.objects.filter(id__in=actors).values_list("id", "username"))


def _history(
    changes: list[ProfileChange], names: Mapping[int, str], takers: Mapping[tuple[UUID, int], int]
) -> dict[str, object]:
    return table(
        ["When", "Version", "What changed", "Who"],
        [
            [
                moment(change.at),
                format_html("{} {}", label(change.action, ACTION_LABELS[change.action]), change.version),
                _what(change, takers.get((change.profile_id, change.version))),
                who_cell(change, names),
            ]
            for change in changes
        ],
    )
