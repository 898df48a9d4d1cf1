"""The desk and the documentation in a real browser: no page does what the policy forbids, and all of them work."""

import os
import shutil

import pytest
from django.contrib import admin
from playwright.sync_api import sync_playwright

from batches.models import Batch
from profiles.reference_data import example_data, load_reference_data
from tests.builders import make_profile, process, raw_record

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"]  # fmt: skip

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]


@pytest.fixture
def browser(monkeypatch):
    # Playwright runs a loop in this thread, beside which Django would refuse to ask the database.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def complaints():
    return []


@pytest.fixture
def page(browser, live_server, complaints, staff_user):
    page = browser.new_context(base_url=live_server.url).new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/admin/")
    page.fill("input[name=username]", "staff")
    page.fill("input[name=password]", "a long password")
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")
    return page


@pytest.fixture
def _people(db):
    document = dict(example_data())
    document["regions"] = [{"handle": one["handle"], "name": one["name"]} for one in document["regions"]]
    load_reference_data(document)
    make_profile(email="a@example.com", tags=["vip"], statuses=["gold"], region="victoria")
    make_profile(email="b@example.com", mobile_phone="+61404123123")
    # Changed; refused; refused as a possible duplicate.
    process(
        [
            raw_record(email="a@example.com", first_name="Ada"),
            raw_record(email="nobody"),
            raw_record(email="a@example.com", mobile_phone="+61404123123"),
        ]
    )
    process([raw_record(email="a@example.com", first_name="Bea")], dry_run=True)


def every_page():
    """Return the address of each page of the desk: lists, what can be added, and one of each kind."""
    for model, desk in admin.site._registry.items():  # noqa: SLF001 there is no other list
        place = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        yield place
        if (row := model._default_manager.first()) is not None:
            yield f"{place}{row.pk}/change/"
        if type(desk).has_add_permission is admin.ModelAdmin.has_add_permission:
            yield f"{place}add/"
    yield "/admin/explain/"


@pytest.mark.usefixtures("_people")
def test_no_page_of_the_desk_does_what_the_policy_forbids(page, complaints):
    pages = list(every_page())

    for address in pages:
        assert page.goto(address).status == 200, address
        assert complaints == [], address

    assert len(pages) > 20
    assert Batch.objects.count() == 2


@pytest.mark.usefixtures("_people")
def test_what_moves_on_a_page_still_moves(page, complaints):
    page.goto("/admin/batches/batch/?state__exact=done")
    assert page.locator("#result_list tbody tr").count() == 1
    page.get_by_text("unfold_more").first.click()
    page.get_by_text("Dark", exact=True).first.click()
    page.wait_for_selector("html.dark")

    # As wide as a telephone.
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/admin/")
    assert not page.get_by_role("link", name="Failed logins").first.is_visible()
    page.locator("span:visible", has_text="dock_to_right").last.click()
    page.get_by_role("link", name="Failed logins").first.wait_for(state="visible")
    assert complaints == []


def test_documentation_is_drawn(page, complaints):
    page.goto("/api/v3/docs/")
    page.wait_for_selector(".opblock")

    assert complaints == []


def test_anything_is_found_and_opened_by_keyboard_alone(page, complaints):
    ann = make_profile(email="ann@example.com", first_name="Ann", last_name="Lee")

    page.keyboard.press("Control+k")
    page.wait_for_timeout(200)
    page.keyboard.type("lee ann", delay=30)
    page.wait_for_selector("#command-results-list li.active")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/admin/profiles/profile/{ann.pk}/change/")

    assert complaints == []
