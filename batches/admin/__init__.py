"""The desk for batches: what came in, what became of it and why."""

from django.contrib import admin

from batches.admin import batches, dashboard, groups, imports, previews, records, rejected

admin.site.index_title = "Overview"

__all__ = ["batches", "dashboard", "groups", "imports", "previews", "records", "rejected"]
