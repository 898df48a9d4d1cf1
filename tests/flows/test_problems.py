"""What somebody at the desk sees where something is not allowed, not there, or not now: a page in words."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


def heading(answer):
    page = answer.content.decode()
    assert "Traceback" not in page
    assert '<html lang="en">' in page
    return re.search(r"<h1>([^<]*)</h1>", page)[1]


def test_what_is_not_there(staff_client):
    answer = staff_client.get("/nowhere/ada@example.com")

    assert (answer.status_code, heading(answer)) == (404, "There is nothing here")
    assert "ada@example.com" not in answer.content.decode()


def test_what_somebody_may_not_see(viewing_client, staff_user):
    viewer = viewing_client.get("/admin/auth/group/add/")

    assert (viewer.status_code, heading(viewer)) == (403, "You may not see or do this")


def test_form_that_came_from_elsewhere(staff_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff_user, backend="django.contrib.auth.backends.ModelBackend")

    answer = client.post(reverse("admin:auth_group_add"), {"name": "x"})

    assert (answer.status_code, heading(answer)) == (403, "The form was open for too long, or came from elsewhere")


def test_what_is_no_request(staff_client):
    answer = staff_client.get("/admin/", HTTP_HOST="elsewhere.example")

    assert (answer.status_code, heading(answer)) == (400, "That cannot be asked")


def test_login_that_failed_too_often_is_told_until_when(client, settings):
    settings.AXES_FAILURE_LIMIT = 2
    for _ in range(3):
        answer = client.post("/admin/login/", {"username": "staff", "password": "wrong"})

    assert (answer.status_code, heading(answer), answer["Retry-After"]) == (429, "Too many failed sign-ins", "900")
    assert re.search(r"closed for you until \d\d:\d\d UTC", answer.content.decode())


@pytest.mark.parametrize("name", ["500.html", "503.html"])
def test_page_of_a_failure_needs_nothing_else(name):
    page = render_to_string(name, {"request_id": "r-7", "why": "The hub is busy; try again."})

    assert ("r-7" in page) is (name == "500.html")
    assert "http" not in page.replace("http-equiv", "")
    assert page.lstrip().startswith("<!DOCTYPE html>")
