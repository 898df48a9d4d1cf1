"""What Django can check by itself, and what a worker loads."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import call_command


@pytest.mark.django_db
def test_admin_and_urls_pass_the_checks(client):
    client.get("/admin/login/")  # finds the admin's pages

    call_command("check", "--fail-level", "WARNING", "--tag", "admin", "--tag", "urls", "--tag", "models")


def test_worker_loads_neither_admin_nor_api():
    script = """
import sys, django
django.setup()
import batches.management.commands.work, batches.management.commands.import_profiles
print(sorted({"profiles.admin", "batches.admin", "batches.api", "drf_spectacular.openapi"} & sys.modules.keys()))
"""
    environment = {**os.environ, "SECRET_KEY": "of-a-test", "DJANGO_SETTINGS_MODULE": "config.settings"}

    told = subprocess.check_output([sys.executable, "-c", script], cwd=settings.BASE_DIR, env=environment, text=True)

    assert told == "[]\n"


def test_pages_without_collected_files_are_no_warning_of_python(tmp_path):
    """`run` says it, in a sentence that names the remedy."""
    script = """
from config import settings
from pathlib import Path
settings.STATIC_ROOT = Path(%r) / "nowhere"
from django.core.wsgi import get_wsgi_application
get_wsgi_application()
"""
    environment = {**os.environ, "SECRET_KEY": "of-a-test", "DJANGO_SETTINGS_MODULE": "config.settings"}

    done = subprocess.run(
        [sys.executable, "-c", script % str(tmp_path)],
        cwd=settings.BASE_DIR, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip

    assert (done.stdout, done.stderr) == ("", "")
