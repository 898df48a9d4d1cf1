"""The desk's first page: what came in lately, what waits, what went wrong. Every question on it is bounded."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from batches.admin.batches import STATE_LABELS, batch_link
from batches.models import Batch
from batches.signs import count_living
from batches.values import OUTCOMES, UNFINISHED, BatchState
from profiles.desk.lists import label, moment, table
from profiles.models import OvermergeAlarm

NEWEST_COUNTED: Final = 10_000
MOST_ALARMS_COUNTED: Final = 1_000
LAST_SUMMED: Final = 100
LAST_SHOWN: Final = 8
_COLOURS: Final = {"created": "#16a34a", "updated": "#2563eb", "unchanged": "#9ca3af", "rejected": "#dc2626"}


def add_figures(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the page's context with the figures, each for those who may see what it counts; queries."""
    context = context | _alarms(request)
    if not request.user.has_perm("batches.view_batch"):
        return context
    now = timezone.now()
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
        "last_batches": table(
            ["Batch", "State", "Submitted by", "Records", "Rejected", "Received"], [_row(batch) for batch in last]
        ),
    }


def _alarms(request: HttpRequest) -> dict[str, object]:
    """Return how many profiles wait to be looked at, as a tile."""
    if not request.user.has_perm("profiles.view_overmergealarm"):
        return {}
    waiting = OvermergeAlarm.objects.filter(seen_at__isnull=True)
    count = waiting.values("pk")[: MOST_ALARMS_COUNTED + 1].count()
    more = f"more than {MOST_ALARMS_COUNTED:,}"
    tile = {
        "name": "possibly several people",
        "count": more if count > MOST_ALARMS_COUNTED else f"{count:,}",
        "url": reverse("admin:profiles_overmergealarm_changelist", query={"state": "waiting"}),
    }
    return {"to_look_at": [tile]}


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
