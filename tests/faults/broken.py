"""A hub that is broken on purpose: what fails has a person's data in its message and in its variables.

As a WSGI application it fails at whatever reads the ledger, or searches the desk; as a command (`python -m
tests.faults.broken FAULT work …`) at the fault that is named.
"""

import sys
import threading
from typing import Any
from unittest import mock

from django.conf import settings

import manage
from config.wsgi import application

__all__ = ["application"]

PERSON = "marker.inside@example.com"


def fail(*_: Any, **__: Any) -> None:
    person = {"email": PERSON, "mobile_phone": "+61404987654"}
    try:
        person[person["email"]]
    except KeyError as error:
        raise ValueError(f"{person} is not there") from error


def fail_in_thread(*_: Any, **__: Any) -> None:
    thread = threading.Thread(target=fail, args=[PERSON])
    thread.start()
    thread.join()


def break_views() -> None:
    # Nothing is collected for tests.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    for place in (
        "profiles.api.views.timeline",
        "profiles.admin.profiles.find_profiles",
        "batches.api.batches.batch_documents",
    ):
        mock.patch(place, fail).start()


FAULTS = {
    "deciding": ("batches.processing.apply_drafts", fail),
    "claiming": ("batches.leases.claim", fail),
    "importing": ("batches.importing.read_slices", fail),
    "thread": ("batches.leases.find_next", fail_in_thread),
}

if __name__ == "__main__":
    mock.patch(*FAULTS[sys.argv[1]]).start()
    sys.argv = ["manage.py", *sys.argv[2:]]
    manage.main()
else:
    break_views()
