"""Paths of the API about profiles, below /api/v3/."""

from django.urls import path

from profiles.api.merges import ANSWERS, ProfileMerges
from profiles.api.views import ProfileChanges, ProfileHistory
from profiles.api.writes import OneProfile, Profiles
from profiles.http.errors import add_answers

add_answers(ANSWERS)

urlpatterns = [
    path("profiles", Profiles.as_view(), name="profiles"),
    path("profiles/merge", ProfileMerges.as_view(), name="merge-profiles"),
    path("profiles/<str:profile_id>", OneProfile.as_view(), name="profile"),
    path("profiles/<str:profile_id>/history", ProfileHistory.as_view(), name="profile-history"),
    path("profiles/<str:profile_id>/changes", ProfileChanges.as_view(), name="profile-changes"),
]
