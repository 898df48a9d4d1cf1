"""What batches and their items are found by."""

from django.db.models import F, Q, QuerySet
from rest_framework.request import Request

from batches.models import FAILED, Batch, BatchRecord
from batches.results import BatchItem, Selection, in_state, too_old_previews
from batches.values import UNFINISHED, BatchSource, BatchState
from profiles import keys
from profiles.criteria import EMAIL, Criteria, criteria_text, typed_criteria
from profiles.http.filtering import BracketFilterSet, ChoiceFilter, NormalFilter, TimeFilter
from profiles.values import OutcomeKind

_STATUSES = ("pending", "success", "failed")


class BatchFilters(BracketFilterSet):
    """What batches are found by."""

    status = ChoiceFilter(method="by_status", words=_STATUSES, label="The contract's status.")
    state = ChoiceFilter(method="by_state", words=BatchState, label="The hub's own state.")
    dry_run = ChoiceFilter(method="by_dry_run", words=("1", "0"), label="1: previews only; 0: none of them.")
    match_criteria = NormalFilter(
        normal=lambda text: criteria_text(typed_criteria(text)),
        field_name="match_criteria",
        label="As it was sent: email, shop,email.",
    )
    source = ChoiceFilter(field_name="source", words=BatchSource)
    submitted_by = NormalFilter(normal=keys.name, field_name="submitted_by__username", label="The user's name.")
    label = NormalFilter(normal=keys.text, field_name="label")
    created_at__gte = TimeFilter(field_name="received_at", lookup_expr="gte", label="Received then or later.")
    created_at__lt = TimeFilter(field_name="received_at", lookup_expr="lt", label="Received before.")

    def by_status(self, rows: QuerySet[Batch], name: str, value: str) -> QuerySet[Batch]:
        """Turn the contract's status into states (see `shapes.wire_status`)."""
        if value == "pending":
            return rows.filter(state__one_of=UNFINISHED)
        too_old = too_old_previews()
        if value == "failed":
            return rows.filter(FAILED | too_old)
        taken = Q(state=BatchState.DONE) & ~Q(rejected_count=F("total_count"))
        return rows.filter(taken | Q(state=BatchState.PREVIEWED)).exclude(too_old)

    def by_dry_run(self, rows: QuerySet[Batch], name: str, value: str) -> QuerySet[Batch]:
        """Look for previews, or for what is none."""
        return rows.filter(dry_run=value == "1")

    def by_state(self, rows: QuerySet[Batch], name: str, value: str) -> QuerySet[Batch]:
        """Look for a state."""
        return in_state(rows, value)


def _spellings(text: str) -> list[str]:
    """Return what a match value may be kept as, where it may be an identifier as well as an email."""
    written = keys.name(text)
    try:
        return [written, keys.email_key(text)]
    except keys.InvalidValueError:
        return [written]


class ItemFilters(BracketFilterSet):
    """What a batch's items are found by."""

    outcome = ChoiceFilter(field_name="outcome", words=OutcomeKind)
    status = ChoiceFilter(method="by_status", words=_STATUSES, label="The contract's status.")
    error_code = NormalFilter(normal=keys.name, field_name="error_code", label="The code of the first error.")
    reference = NormalFilter(normal=keys.text, field_name="reference", label="The sender's own name for the record.")
    external_id = NormalFilter(
        normal=keys.name, field_name="external_id", label="The match value, in any spelling; of decided records only."
    )

    def by_status(self, rows: QuerySet[BatchRecord], name: str, value: str) -> QuerySet[BatchRecord]:
        """Turn the contract's status into outcomes."""
        if value == "pending":
            return rows.none()
        if value == "failed":
            return rows.filter(outcome=OutcomeKind.REJECTED)
        return rows.exclude(outcome=OutcomeKind.REJECTED)


class EmailItemFilters(ItemFilters):
    """What the items of a batch matched by email are found by."""

    external_id = NormalFilter(normal=keys.email_key, field_name="external_id")


class EitherItemFilters(ItemFilters):
    """What the items of a batch matched by email and by identities are found by."""

    external_id = NormalFilter(normal=_spellings, field_name="external_id", lookup_expr="in")


def _filters(criteria: Criteria) -> type[ItemFilters]:
    if EMAIL not in criteria:
        return ItemFilters
    return EmailItemFilters if criteria == (EMAIL,) else EitherItemFilters


def _plain(reference: str) -> str:
    """Return a reference as it will be stored once the record is decided."""
    try:
        return keys.text(reference)
    except keys.InvalidValueError:
        return reference.strip()


def select_items(request: Request, *, criteria: Criteria) -> Selection:
    """Return which items of a batch with these criteria the request asks for; raises `InvalidFieldsError`."""
    filters = _filters(criteria)
    filters.apply(request, BatchRecord.objects.none())
    asked = filters.asked(request)

    def is_wanted(item: BatchItem) -> bool:
        return all(
            value == "pending"
            if name in {"outcome", "status"}
            else name == "reference" and _plain(value) == _plain(item.reference)
            for name, value in asked.items()
        )

    return Selection(decided=lambda rows: filters.apply(request, rows), is_narrow=bool(asked), pending=is_wanted)
