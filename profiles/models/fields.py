"""Columns that several models share."""

from typing import Any

from django.db import models

from profiles.keys import NAME_LENGTH


def text_column(**options: Any) -> "models.CharField[str | None, str | None]":
    """Return a column for a text that may be null: absent, null and empty are three things (rules 1.8)."""
    return models.CharField(**{"max_length": NAME_LENGTH, "null": True, "blank": True, **options})


class Dated(models.Model):
    """When a row was made, and last changed; set by whoever writes it, from the time it was told."""

    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        abstract = True


class Definition(models.Model):
    """A row of reference data, kept by staff: its times move by themselves."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class PeriodType(models.TextChoices):
    """How long something is held after it was given (rules 8.9 and 8.12)."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"
    ABSOLUTE_DATE = "absolute_date"
    ABSOLUTE_WEEK = "absolute_week"
    ABSOLUTE_MONTH = "absolute_month"
