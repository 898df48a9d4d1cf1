"""How records come in."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BatchesConfig(AppConfig):
    """Batches: how records come in and what became of them."""

    name = "batches"
    verbose_name = "Batches"

    def ready(self) -> None:
        """Have every hub begin with the groups of staff, once what they may do is known."""
        from batches.groups import make_groups  # noqa: PLC0415 once all is set up

        post_migrate.connect(make_groups, sender=self, dispatch_uid="groups of staff")
