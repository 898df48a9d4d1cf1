"""The login and the token that all demos of one folder share."""

import json
import threading

import pytest

from batches.demo import access
from batches.demo.access import Access, one_at_a_time, open_access
from profiles.models import ApiToken, User


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Return the folder that demos keep their access in."""
    folder = tmp_path / ".run"
    folder.mkdir()
    monkeypatch.setattr(access, "FOLDER", folder)
    return folder


def opens(client, one):
    """Whether the login opens the desk, and the token the API."""
    login = client.post("/admin/login/", {"username": one.username, "password": one.password})
    batches = client.get("/api/v3/batches", headers={"Authorization": f"Bearer {one.token}"})
    return login.status_code == 302, batches.status_code == 200


@pytest.mark.django_db
def test_access_that_was_made_is_given_again(client, folder):
    first, again = open_access(), open_access()

    assert again == first
    assert opens(client, first) == (True, True)
    assert (User.objects.count(), ApiToken.objects.count()) == (2, 1)
    assert [(file.name, file.stat().st_mode & 0o777) for file in folder.iterdir()] == [("demo.json", 0o600)]


@pytest.mark.django_db
def test_hub_that_was_emptied_has_the_login_of_before(client):
    first = open_access()
    User.objects.all().delete()

    again = open_access()

    assert (again.username, again.password) == (first.username, first.password)
    assert again.token != first.token
    assert opens(client, again) == (True, True)
    assert open_access() == again


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"is_active": False}, {"is_superuser": False}, {"password": "!"}, None])
def test_login_that_is_somebody_elses_is_left_alone(client, change):
    first = open_access()
    if change:
        User.objects.filter(username="demo").update(**change)

    second = open_access()

    assert (second.username, second == first) == ("demo-2" if change else "demo", change is None)
    assert (second.password, second.token) == (first.password, first.token)
    assert opens(client, second) == (True, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "kept",
    [
        "{",
        "[]",
        "null",
        json.dumps({"username": "demo", "password": "p"}),
        json.dumps({"username": "demo", "password": "", "token": "t"}),
        json.dumps({"username": "demo", "password": 7, "token": "t"}),
        json.dumps({"username": "demo", "password": "p", "token": "t", "more": 1}),
    ],
)
def test_file_that_says_nothing_is_written_anew(client, folder, kept):
    (folder / "demo.json").write_text(kept)

    made = open_access()

    assert opens(client, made) == (True, True)
    assert Access(**json.loads((folder / "demo.json").read_text())) == made


@pytest.mark.django_db
def test_access_that_cannot_be_kept_is_made_for_each(client, folder):
    folder.rmdir()

    first, second = open_access(), open_access()

    assert [one.username for one in (first, second)] == ["demo", "demo-2"]
    assert [opens(client, one) for one in (first, second)] == [(True, True)] * 2


# --- One at a time -----------------------------------------------------------------------------------------------


def take_turns(stop, waits):
    with one_at_a_time(stop=stop, on_wait=lambda: waits.append("waits")):
        waits.append("works")


@pytest.mark.parametrize("is_stopped", [True, False])
def test_demo_waits_for_the_one_before_it_until_it_is_stopped(monkeypatch, is_stopped):
    monkeypatch.setattr(access, "SECONDS_BETWEEN_LOOKS", 0.01)
    stop, said, told = threading.Event(), threading.Event(), []
    with one_at_a_time(stop=threading.Event(), on_wait=lambda: told.append("first waits")):
        other = threading.Thread(target=take_turns, args=(stop, told))
        other.start()
        while "waits" not in told:
            said.wait(0.01)
        if is_stopped:
            stop.set()
            other.join()
        told.append("first is done")
    other.join()

    last = ["works", "first is done"] if is_stopped else ["first is done", "works"]
    assert told == ["waits", *last]


def test_whoever_may_not_write_has_nobody_to_wait_for(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(access, "FOLDER", tmp_path / "file" / ".run")
    told = []

    with one_at_a_time(stop=threading.Event(), on_wait=lambda: told.append("waits")):
        take_turns(threading.Event(), told)

    assert told == ["works"]
