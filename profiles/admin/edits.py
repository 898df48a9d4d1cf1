"""A staff edit: the form's changes as one draft through the hub's writer, never through the model."""

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.db import transaction

from profiles import shape
from profiles.applying import apply_drafts
from profiles.criteria import EMAIL
from profiles.directory import load_key_rules
from profiles.models import Profile
from profiles.schema import parse_record
from profiles.times import utc_text
from profiles.values import Cause, ErrorCode, Outcome, OutcomeKind, ProfileDraft, WarningCode

# The fields of its own that a profile's form can edit: plain values, each a column and a member of the record.
EDITABLE: Final = tuple(name for name in shape.PLAIN_FIELDS if name not in shape.LOCATION_FIELDS.values())
STALE_MESSAGE: Final = (
    "Somebody else changed this profile after you opened it. Nothing was saved: open it again and repeat the edit."
)
_BIRTHDAY: Final = ("birth_day", "birth_month")

if TYPE_CHECKING:
    ProfileModelForm = forms.ModelForm[Profile]
else:
    ProfileModelForm = forms.ModelForm


class ProfileForm(ProfileModelForm):
    """The fields of a profile that staff may edit.

    What is right is the schema's and the writer's to say, so the form's own checks are taken out and theirs are shown
    at the fields. `cause` and `now` are set by the page that makes the form.
    """

    cause: Cause
    now: dt.datetime
    draft: ProfileDraft
    is_refused = False

    # The version the staff member looked at.
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_new = not self.instance.version
        self.initial["version"] = self.instance.version
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                field.validators = []
                field.widget.attrs.pop("maxlength", None)
        if "joined_at" in self.fields and self.instance.joined_at is not None:
            self.fields["joined_at"].disabled = True
            self.fields["joined_at"].help_text = "It is set once and stays as it is."
        for name in ("email", "first_name", "last_name"):
            if name in self.fields:
                self.fields[name].required = False

    def _post_clean(self) -> None:
        """Decide the edit without writing it: only deciding can tell what is wrong with it.

        The page has one transaction around the whole request, in which the decision's locks are kept, so that `apply`
        decides the same.
        """
        if self.errors:
            return
        target = None if self.is_new else self.instance.pk
        self.draft = replace(
            parse_record(self._raw(), cause=self.cause, target=target, blocked=load_key_rules().blocked),
            expected_version=None if self.is_new else self.cleaned_data["version"],
            is_explicit=True,
            is_new=self.is_new,
        )
        for warning in self.draft.warnings:
            if warning.code is WarningCode.BLOCKED_VALUE:  # whoever typed it has to know before they go on
                self.add_error(warning.pointer[1:], warning.message)
        outcome = self._decide(write=False)
        self.is_refused = outcome.kind is OutcomeKind.REJECTED
        for error in outcome.errors:
            name = error.pointer[1:]
            emptied = name in self.fields and name in self.changed_data and self._value(name) is None
            if error.code is ErrorCode.STALE:
                self.add_error(None, STALE_MESSAGE)
            else:
                self.add_error(
                    name if name in self.fields else None,
                    "The field cannot be emptied." if emptied else error.message,
                )

    def apply(self) -> Outcome:
        """Write the edit and return its outcome; of one that is refused, the possible duplicates it met."""
        return self._decide(write=True)

    def _decide(self, *, write: bool) -> Outcome:
        with transaction.atomic():
            [outcome] = apply_drafts([self.draft], criteria=(EMAIL,), now=self.now, write=write)
        return outcome

    def _raw(self) -> dict[str, Any]:
        """Return what was changed as a sender would write it; day and month of birth come together."""
        changed = [name for name in EDITABLE if name in self.changed_data]
        if set(changed) & set(_BIRTHDAY):
            changed = [*changed, *_BIRTHDAY]
        return {name: self._value(name) for name in changed}

    def _value(self, name: str) -> Any:
        value = self.cleaned_data[name]
        if value in {"", None}:
            return None
        return utc_text(value) if isinstance(value, dt.datetime) else value
