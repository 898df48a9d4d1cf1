"""The desk's page that says what would become of a record, before anybody sends it."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from batches.admin.reasons import considered_panel, problems_panel, steps_table
from batches.admin.received import received_record
from batches.bodies import BodyError
from batches.explaining import Explanation, explain_record
from batches.models import BatchRecord
from batches.values import MAX_RECORD_BYTES
from profiles.admin.ledger import changes_cell
from profiles.admin.panels import profile_link
from profiles.criteria import LONGEST_TEXT, Criteria, typed_criteria
from profiles.desk.lists import OUTCOME_LABELS, label
from profiles.history import without_origins
from profiles.keys import InvalidValueError
from profiles.models import User
from profiles.values import MobileClash, OutcomeKind

if TYPE_CHECKING:
    UserChoice = forms.ModelChoiceField[User]
else:
    UserChoice = forms.ModelChoiceField


class ExplainForm(forms.Form):
    """One record, and how it would be matched."""

    criteria: Criteria

    match_criteria = forms.CharField(
        initial="email",
        max_length=LONGEST_TEXT,
        widget=UnfoldAdminTextInputWidget,
        help_text="email, or an identity's handle; several are tried in order, as in shop,email.",
    )
    submitted_by = UserChoice(
        User.objects.order_by("username"),
        required=False,
        empty_label="nobody in particular",
        widget=UnfoldAdminSelectWidget,
        help_text="Whose system it would come from.",
    )
    mobile_clash = forms.ChoiceField(
        choices=[("", "as the hub is set"), *((kind.value, kind.value) for kind in MobileClash)],
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="What becomes of a mobile number that somebody else has.",
    )
    record = forms.CharField(
        max_length=MAX_RECORD_BYTES,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 14, "spellcheck": "false", "class": "font-mono"}),
        help_text="One object in JSON, as it would stand in a batch's profiles.",
    )

    def clean_match_criteria(self) -> str:
        """Keep what the text names."""
        text: str = self.cleaned_data["match_criteria"]
        try:
            self.criteria = typed_criteria(text)
        except InvalidValueError as error:
            raise forms.ValidationError(str(error)) from error
        return text

    def explain(self) -> Explanation | None:
        """Return what would become of the record; `None` where it cannot be read, with an error at the field."""
        clash = self.cleaned_data["mobile_clash"]
        try:
            return explain_record(
                self.cleaned_data["record"],
                criteria=self.criteria,
                mobile_clash=MobileClash(clash) if clash else None,
                now=timezone.now(),
                on_behalf_of=self.cleaned_data["submitted_by"],
            )
        except BodyError as error:
            self.add_error("record", str(error))
            return None


def explain_page(request: HttpRequest) -> HttpResponse:
    """Show the form, filled with a stored record where one is named, and once it is sent what would become of it."""
    if not (request.user.has_perm("batches.view_batchrecord") and request.user.has_perm("profiles.view_profile")):
        raise PermissionDenied
    explanation = None
    if request.method == "POST":
        form = ExplainForm(request.POST)
        explanation = form.explain() if form.is_valid() else None
    else:
        form = ExplainForm(initial=_stored(request.GET.get("record", "")))
    context = {
        **admin.site.each_context(request),
        "title": "Explain a record",
        "form": form,
        **({} if explanation is None else _told(explanation, request)),
    }
    return TemplateResponse(request, "admin/hub/explain.html", context)


def _stored(record_id: str) -> dict[str, Any]:
    """Return the fields as a record was received that is stored; nothing where there is none; two queries."""
    if not (record_id.isascii() and record_id.isdigit() and len(record_id) < 19):  # noqa: PLR2004 of 64 bits
        return {}
    record = BatchRecord.objects.select_related("batch").filter(id=int(record_id)).first()
    if record is None:
        return {}
    return {
        "match_criteria": record.batch.match_criteria,
        "submitted_by": record.batch.submitted_by_id,
        "mobile_clash": record.batch.mobile_clash,
        "record": received_record(record) or "",
    }


def _told(explanation: Explanation, request: HttpRequest) -> dict[str, object]:
    row = explanation.row
    return {
        "outcome": label(row.outcome, OUTCOME_LABELS.get(row.outcome)),
        "is_new": row.outcome == OutcomeKind.CREATED,
        "profile": None if row.profile is None else profile_link(row.profile),
        "steps": steps_table(explanation.steps),
        "why": problems_panel(row.errors, "danger", asked=request.GET, name="errors")["table"],
        "warnings": problems_panel(row.warnings, "warning", asked=request.GET, name="warnings")["table"],
        "considered": considered_panel(row.considered, asked=request.GET)["table"],
        "changes": changes_cell(without_origins(explanation.changes)) if explanation.changes else "",
    }
