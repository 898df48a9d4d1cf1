"""The desk's first page: what came in lately, what waits, what went wrong. Every question on it is bounded."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncHour
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from batches.admin.batches import STATE_LABELS, batch_link
from batches.models import Batch, BatchRecord
from batches.signs import count_living
from batches.values import OUTCOMES, UNFINISHED, BatchState
from profiles.desk.lists import WINDOW, among_newest, label, moment, table
from profiles.models import OvermergeAlarm
from profiles.models.duplicates import waiting_pairs

NEWEST_COUNTED: Final = 10_000
MOST_TO_LOOK_AT: Final = 1_000
HOURS_SHOWN: Final = 7 * 24
LAST_SUMMED: Final = 100
LAST_SHOWN: Final = 8
_COLOURS: Final = {"created": "#16a34a", "updated": "#2563eb", "unchanged": "#9ca3af", "rejected": "#dc2626"}


def add_figures(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the page's context with the figures, each for those who may see what it counts; queries."""
    now = timezone.now()
    context = context | {"to_look_at": [*_pairs(request, today=now.date()), *_alarms(request)]}
    if not request.user.has_perm("batches.view_batch"):
        return context
    newest = Batch.objects.order_by("-id").values("id")
    by_state = dict(
        Batch.objects.filter(id__in=newest[:NEWEST_COUNTED], received_at__gte=now - dt.timedelta(days=1))
        .values_list("state")
        .annotate(count=Count("id"))
    )
    oldest = (
        Batch.objects.filter(state__one_of=UNFINISHED)
        .order_by("received_at", "id")
        .values("id", "received_at")
        .first()
    )
    # Nothing has become of what was only previewed.
    sums = Batch.objects.filter(id__in=newest.filter(dry_run=False)[:LAST_SUMMED]).aggregate(
        batches=Count("id"), **{name: Sum(f"{name}_count", default=0) for name in OUTCOMES}
    )
    last = Batch.objects.select_related("submitted_by").defer("record_digests").order_by("-id")[:LAST_SHOWN]
    return context | {
        "states": [_state(state, by_state.get(state, 0)) for state in BatchState],
        "oldest": oldest and _oldest(oldest, now),
        "workers": oldest and count_living(),
        "outcomes": _outcomes(sums),
        "summed": sums["batches"],
        "bar": _bar(sums),
        "week": week_until(now),
        "reasons": _reasons(),
        "newest_records": f"{WINDOW:,}",
        "last_batches": table(
            ["Batch", "State", "Submitted by", "Records", "Rejected", "Received"], [_row(batch) for batch in last]
        ),
    }


def _pairs(request: HttpRequest, *, today: dt.date) -> list[dict[str, object]]:
    """Return how many pairs of profiles wait for a verdict, as a tile."""
    if not request.user.has_perm("profiles.view_duplicatecandidate"):
        return []
    url = reverse("admin:profiles_duplicatecandidate_changelist", query={"state": "waiting"})
    return [{"name": "possible duplicates", "count": _count_bounded(waiting_pairs(today=today)), "url": url}]


def _alarms(request: HttpRequest) -> list[dict[str, object]]:
    """Return how many profiles may be several people and wait to be looked at, as a tile."""
    if not request.user.has_perm("profiles.view_overmergealarm"):
        return []
    url = reverse("admin:profiles_overmergealarm_changelist", query={"state": "waiting"})
    waiting = OvermergeAlarm.objects.filter(seen_at__isnull=True)
    return [{"name": "possibly several people", "count": _count_bounded(waiting), "url": url}]


def _count_bounded(rows: QuerySet[Any]) -> str:
    count = rows.values("pk")[: MOST_TO_LOOK_AT + 1].count()
    return f"more than {MOST_TO_LOOK_AT:,}" if count > MOST_TO_LOOK_AT else f"{count:,}"


def week_until(now: dt.datetime) -> dict[str, object] | None:
    """Return how many records came in each hour of a week, by day, as a chart; `None` where none came."""
    last = now.replace(minute=0, second=0, microsecond=0)
    first = last - dt.timedelta(hours=HOURS_SHOWN - 1)
    newest = Batch.objects.order_by("-id").values("id")[:NEWEST_COUNTED]
    found = dict(
        Batch.objects.filter(id__in=newest, received_at__gte=first, dry_run=False)
        .values_list(TruncHour("received_at", tzinfo=dt.UTC))
        .annotate(received=Sum("total_count"))
    )
    if not found:
        return None
    busiest = max(found, key=lambda hour: (found[hour], hour))
    hours = [first + dt.timedelta(hours=number) for number in range(HOURS_SHOWN)]
    days: dict[dt.date, list[dict[str, object]]] = {}
    for hour in hours:
        records = found.get(hour, 0)
        height = max(2.0, 100 * records / found[busiest]) if records else 0.0
        days.setdefault(hour.date(), []).append(
            {"title": f"{hour:%a %d %b, %H:%M}: {records:,}", "height": f"{height:.1f}"}
        )
    return {
        "days": [_day(day, bars, found) for day, bars in days.items()],
        "total": f"{sum(found.values()):,}",
        "busiest": f"{found[busiest]:,} in the hour from {busiest:%a %d %b, %H:%M} UTC",
    }


def _day(day: dt.date, bars: Sequence[object], found: Mapping[dt.datetime, int]) -> dict[str, object]:
    span = {"received_at_from_0": f"{day}", "received_at_to_0": f"{day}", "received_at_to_1": "23:59:59"}
    records = sum(count for hour, count in found.items() if hour.date() == day)
    return {
        "name": f"{day:%a %d}",
        "bars": bars,
        "share": len(bars),
        "url": reverse("admin:batches_batch_changelist", query=span),
        "says": f"{day:%A %d %B}: {records:,} record{'' if records == 1 else 's'}",
    }


def _reasons() -> list[dict[str, object]]:
    """Return how many of the newest records were rejected, by what was wrong with them, as tiles."""
    rejected = among_newest(BatchRecord.objects.all()).exclude(error_code="")
    counts = rejected.values_list("error_code").annotate(count=Count("id")).order_by("-count", "error_code")
    records = reverse("admin:batches_batchrecord_changelist")
    return [
        {"name": code.replace("_", " "), "count": f"{count:,}", "url": f"{records}?error_code={code}"}
        for code, count in counts
    ]


def _state(state: BatchState, count: int) -> dict[str, object]:
    url = reverse("admin:batches_batch_changelist", query={"state__exact": state.value})
    return {"name": state.replace("_", " "), "kind": STATE_LABELS[state], "count": f"{count:,}", "url": url}


def _oldest(oldest: Mapping[str, Any], now: dt.datetime) -> dict[str, object]:
    return {
        "url": reverse("admin:batches_batch_change", args=[oldest["id"]]),
        "waits": str(dt.timedelta(seconds=round((now - oldest["received_at"]).total_seconds()))),
        "received_at": oldest["received_at"],
    }


def _outcomes(sums: dict[str, int]) -> list[dict[str, object]]:
    records = reverse("admin:batches_batchrecord_changelist")
    return [
        {
            "name": name,
            "count": f"{sums[name]:,}",
            "colour": _COLOURS[name],
            "url": f"{records}?outcome__exact={name}",
        }
        for name in OUTCOMES
    ]


def _bar(sums: dict[str, int]) -> list[dict[str, str]]:
    total = sum(sums[name] for name in OUTCOMES) or 1
    return [
        {"name": name, "percent": f"{100 * sums[name] / total:.2f}", "colour": _COLOURS[name]}
        for name in OUTCOMES
        if sums[name]
    ]


def _row(batch: Batch) -> list[SafeString | str]:
    return [
        batch_link(batch),
        label(batch.shown_state, STATE_LABELS[batch.shown_state]),
        "-" if batch.submitted_by is None else batch.submitted_by.username,
        f"{batch.total_count:,}",
        "-" if batch.dry_run else f"{batch.rejected_count:,}",
        moment(batch.received_at),
    ]
