"""Where everything is reached."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView

from batches.admin.correcting import correct_page
from batches.admin.explaining import explain_page
from batches.admin.finding import find_anything
from batches.admin.rejected import download_rejected, process_again
from batches.admin.undo import undo_batch_page, undo_batches_page, undo_change_page
from batches.admin.unmerge import unmerge_page
from config.health import health, ready
from profiles.admin.consent import consent_page
from profiles.admin.entries import entry_page
from profiles.admin.leaving import leaving_page
from profiles.http.documents import DocsView, SchemaView
from profiles.http.errors import unknown_path

admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    # Django's way from a row to its page elsewhere: there is none, and it stumbles over what is no UUID.
    re_path("^admin/r/", unknown_path),
    # The one box, where unfold would look for names of its pages alone.
    path("admin/search/", admin.site.admin_view(find_anything), name="find-anything"),
    path("admin/explain/", admin.site.admin_view(explain_page), name="explain"),
    path("admin/undo/batch/<uuid:batch_id>/", admin.site.admin_view(undo_batch_page), name="undo-batch-page"),
    path("admin/undo/batches/", admin.site.admin_view(undo_batches_page), name="undo-batches-page"),
    path("admin/undo/change/<int:change_id>/", admin.site.admin_view(undo_change_page), name="undo-change-page"),
    path("admin/consent/<uuid:profile_id>/", admin.site.admin_view(consent_page), name="consent-page"),
    path("admin/entry/<uuid:profile_id>/<slug:collection>/", admin.site.admin_view(entry_page), name="add-entry"),
    path(
        "admin/entry/<uuid:profile_id>/<slug:collection>/<int:row_id>/",
        admin.site.admin_view(entry_page),
        name="entry-page",
    ),
    path("admin/leaving/<uuid:profile_id>/", admin.site.admin_view(leaving_page), name="leaving-page"),
    path("admin/correct/<int:record_id>/", admin.site.admin_view(correct_page), name="correct-record"),
    path("admin/rejected/<uuid:batch_id>.jsonl", admin.site.admin_view(download_rejected), name="rejected-records"),
    path("admin/again/<uuid:batch_id>/", admin.site.admin_view(process_again), name="process-again"),
    path("admin/unmerge/<uuid:profile_id>/", admin.site.admin_view(unmerge_page), name="unmerge-page"),
    path("admin/", admin.site.urls),
    path("api/health", csrf_exempt(health)),
    path("readyz", csrf_exempt(ready)),
    # Before the profiles, whose paths would take "batch" for an id.
    path("api/v3/", include("batches.urls")),
    path("api/v3/", include("profiles.urls")),
    path("api/v3/schema/", SchemaView.as_view(), name="schema"),
    path("api/v3/docs/", DocsView.as_view(url_name="schema"), name="docs"),
    # What is left below /api/ is answered in JSON, whatever the method, and in a trial with DEBUG too.
    re_path(r"^api(?:/|$)", csrf_exempt(unknown_path)),
]

handler400 = "profiles.http.errors.bad_request"
handler404 = "profiles.http.errors.not_found"
handler500 = "profiles.http.errors.server_error"
