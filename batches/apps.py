"""How records come in."""

from django.apps import AppConfig


class BatchesConfig(AppConfig):
    """Batches: how records come in and what became of them."""

    name = "batches"
    verbose_name = "Batches"
