"""What batches and their items are found by."""

import django_filters
from django.db.models import F, QuerySet
from rest_framework.request import Request

from batches.models import FAILED, Batch, BatchRecord
from batches.results import BatchItem, Selection
from batches.values import UNFINISHED, BatchSource, BatchState
from profiles.api.filters import BracketFilterSet, TimeFilter
from profiles.values import OutcomeKind

_STATUSES = [(status, status) for status in ("pending", "success", "failed")]


class BatchFilters(BracketFilterSet):
    """What batches are found by."""

    status = django_filters.ChoiceFilter(method="by_status", choices=_STATUSES, label="The contract's status.")
    state = django_filters.ChoiceFilter(
        field_name="state", choices=[(state.value, state.value) for state in BatchState], label="The hub's own state."
    )
    match_criteria = django_filters.CharFilter(field_name="match_criteria")
    source = django_filters.ChoiceFilter(
        field_name="source", choices=[(source.value, source.value) for source in BatchSource]
    )
    submitted_by = django_filters.CharFilter(field_name="submitted_by__username", label="The user's name.")
    label = django_filters.CharFilter(field_name="label")
    created_at__gte = TimeFilter(field_name="received_at", lookup_expr="gte", label="Received then or later.")
    created_at__lt = TimeFilter(field_name="received_at", lookup_expr="lt", label="Received before.")

    class Meta:
        model = Batch
        fields: list[str] = []

    def by_status(self, rows: QuerySet[Batch], name: str, value: str) -> QuerySet[Batch]:
        """Turn the contract's status into states (see `serializers.wire_status`)."""
        del name
        if value == "pending":
            return rows.filter(state__in=UNFINISHED)
        if value == "failed":
            return rows.filter(FAILED)
        return rows.filter(state=BatchState.DONE).exclude(rejected_count=F("total_count"))


class ItemFilters(BracketFilterSet):
    """What a batch's items are found by."""

    outcome = django_filters.ChoiceFilter(
        field_name="outcome", choices=[(kind.value, kind.value) for kind in OutcomeKind]
    )
    status = django_filters.ChoiceFilter(method="by_status", choices=_STATUSES, label="The contract's status.")
    error_code = django_filters.CharFilter(method="by_error_code", label="The code of the first error.")
    reference = django_filters.CharFilter(field_name="reference", label="The sender's own name for the record.")
    external_id = django_filters.CharFilter(
        field_name="external_id", label="The normal form of the match value; of decided records only."
    )

    class Meta:
        model = BatchRecord
        fields: list[str] = []

    def by_status(self, rows: QuerySet[BatchRecord], name: str, value: str) -> QuerySet[BatchRecord]:
        """Turn the contract's status into outcomes."""
        del name
        if value == "pending":
            return rows.none()
        if value == "failed":
            return rows.filter(outcome=OutcomeKind.REJECTED)
        return rows.exclude(outcome=OutcomeKind.REJECTED)

    def by_error_code(self, rows: QuerySet[BatchRecord], name: str, value: str) -> QuerySet[BatchRecord]:
        """Find the rejected by why."""
        del name
        return rows.filter(error_code=value)


def select_items(request: Request) -> Selection:
    """Return which items the request asks for; raises `InvalidFieldsError`."""
    ItemFilters.apply(request, BatchRecord.objects.none())
    wanted = {name: value for name, value in request.query_params.items() if name.startswith("filter[") and value}

    def is_wanted(item: BatchItem) -> bool:
        return all(
            value == "pending"
            if name in {"filter[outcome]", "filter[status]"}
            else name == "filter[reference]" and value == item.reference
            for name, value in wanted.items()
        )

    return Selection(decided=lambda rows: ItemFilters.apply(request, rows), is_narrow=bool(wanted), pending=is_wanted)
