"""Tags, and who carries them."""

from django.db import models

from profiles.keys import NAME_LENGTH
from profiles.models.profile import Profile


class Tag(models.Model):
    """A tag's definition; made when it is first used. Its handle never changes: the ledger names it."""

    handle = models.CharField(max_length=NAME_LENGTH)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handle"], name="tag_handle_once")]

    def __str__(self) -> str:
        return self.handle


class ProfileTag(models.Model):
    """A profile carries a tag. It points to the tag's handle, so that reading a profile's tags joins nothing."""

    # No index of its own: the unique rule's prefix serves.
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="profile_tags", db_index=False)
    tag = models.ForeignKey(
        Tag, on_delete=models.PROTECT, to_field="handle", related_name="profile_tags", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["profile", "tag"], name="profile_tag_once")]
        indexes = [models.Index(fields=["tag", "profile"], name="profile_tag_by_tag")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.profile_id}"
