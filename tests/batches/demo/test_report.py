"""The demo tells what its batches came to, and what to look at next."""

import io

from rich.console import Console

from batches.demo.access import Access
from batches.demo.report import show_next_steps


def test_next_steps_can_be_copied():
    out = io.StringIO()
    console = Console(file=out, width=60)

    show_next_steps(console, "http://127.0.0.1:8000", Access(username="admin", password="secret", token="phub_t"))

    told = out.getvalue()
    assert "http://127.0.0.1:8000/admin/batches/batchrecord/?outcome__exact=rejected" in told
    assert "token=phub_t" in told
    assert "user: admin   password: secret" in told
