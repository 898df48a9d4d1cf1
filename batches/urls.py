"""Paths of the API about batches, below /api/v3/."""

from django.urls import path

from batches.api.batches import BatchConfirmation, BatchDetail, BatchList, OlderProfileBatches, ProfileBatches
from batches.api.errors import ANSWERS
from batches.api.imports import ImportDetail, ImportList
from batches.api.items import BatchItemRecord, BatchItems, ExplainedRecord
from batches.api.provenance import ProfileProvenance
from batches.api.purge import ProfilePurge
from batches.api.undo import BatchesUndo, BatchUndo, ChangeUndo
from batches.api.unmerge import ProfileUnmerges
from profiles.http.errors import add_answers

add_answers(ANSWERS)

urlpatterns = [
    path("profiles/batch.json", ProfileBatches.as_view(), name="submit-batch"),
    path("profiles/batch", OlderProfileBatches.as_view(), name="submit-batch-older"),
    path("profiles/explain", ExplainedRecord.as_view(), name="explain-record"),
    path("profiles/unmerge", ProfileUnmerges.as_view(), name="unmerge-profiles"),
    path("profiles/<str:profile_id>/provenance", ProfileProvenance.as_view(), name="profile-provenance"),
    path("profiles/<str:profile_id>/purge", ProfilePurge.as_view(), name="purge-profile"),
    path("profiles/<str:profile_id>/changes/<str:version>/undo", ChangeUndo.as_view(), name="undo-change"),
    path("imports", ImportList.as_view(), name="imports"),
    path("imports/<str:import_id>", ImportDetail.as_view(), name="import"),
    path("batches/undo", BatchesUndo.as_view(), name="undo-batches"),
    path("batches/<str:batch_id>/undo", BatchUndo.as_view(), name="undo-batch"),
    path("batches", BatchList.as_view(), name="batches"),
    path("batches/<str:batch_id>", BatchDetail.as_view(), name="batch"),
    path("batches/<str:batch_id>/confirm", BatchConfirmation.as_view(), name="batch-confirm"),
    path("batches/<str:batch_id>/items", BatchItems.as_view(), name="batch-items"),
    path("batches/<str:batch_id>/items/<str:position>/record", BatchItemRecord.as_view(), name="batch-item-record"),
]
