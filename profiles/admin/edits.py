"""A staff edit: the form's changes as one draft through the hub's writer, never through the model."""

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django import forms
from django.db import transaction

from profiles import shape
from profiles.applying import apply_drafts
from profiles.models import Profile
from profiles.schema import parse_record
from profiles.values import EMAIL, Cause, Outcome, OutcomeKind

# The fields of its own that a profile's form can edit: plain values, each a column and a member of the record.
EDITABLE: Final = tuple(name for name in shape.PLAIN_FIELDS if not name.endswith("_location_id"))
_BIRTHDAY: Final = ("birth_day", "birth_month")

if TYPE_CHECKING:
    ProfileModelForm = forms.ModelForm[Profile]
else:
    ProfileModelForm = forms.ModelForm


class StaleEditError(Exception):
    """Somebody else changed this profile after you opened it. Nothing was saved: open it again and repeat the edit."""


class ProfileForm(ProfileModelForm):
    """The fields of a profile that staff may edit.

    What is right is the schema's and the writer's to say, so the form's own checks are taken out and theirs are shown
    at the fields. `cause` and `now` are set by the page that makes the form.
    """

    cause: Cause
    now: dt.datetime
    outcome: Outcome | None = None

    # The version the staff member looked at.
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 Django's
        super().__init__(*args, **kwargs)
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
        """Apply the edit; here, and not when saving, since only the writer can tell what is wrong with it.

        The page has one transaction around the whole request. A refusal leaves possible duplicates behind, as every
        refused record does.
        """
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.outcome = self._apply()
        except StaleEditError:
            self.add_error(None, str(StaleEditError.__doc__))
            return
        for error in self.outcome.errors:
            name = error.pointer[1:]
            emptied = name in self.fields and name in self.changed_data and self._value(name) is None
            self.add_error(
                name if name in self.fields else None,
                "The field cannot be emptied." if emptied else error.message,
            )

    def _apply(self) -> Outcome:
        """Raise `StaleEditError` unless the profile is at the version the form was opened with.

        That is looked at afterwards, when the writer has the profile locked: locking it first would turn the order
        of the writer's locks around.
        """
        target: UUID = self.instance.pk
        draft = replace(parse_record(self._raw(), cause=self.cause, target=target), is_explicit=True)
        [outcome] = apply_drafts([draft], criteria=EMAIL, now=self.now)
        expected = self.cleaned_data["version"] + (outcome.kind is OutcomeKind.UPDATED)
        if Profile.objects.values_list("version", flat=True).get(pk=target) != expected:
            raise StaleEditError
        return outcome

    def _raw(self) -> dict[str, Any]:
        """Return what was changed as a sender would write it; day and month of birth come together."""
        changed = [name for name in EDITABLE if name in self.changed_data]
        if set(changed) & set(_BIRTHDAY):
            changed = [*changed, *_BIRTHDAY]
        return {name: self._value(name) for name in changed}

    def _value(self, name: str) -> Any:  # noqa: ANN401 a JSON value
        value = self.cleaned_data[name]
        if value in {"", None}:
            return None
        return shape.utc_text(value) if isinstance(value, dt.datetime) else value
