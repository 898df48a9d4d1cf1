"""The desk's pages are asked for what nobody should ask for, and by those who may not."""

import itertools
import uuid

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from batches.models import Batch, BatchRecord, Import
from profiles.models import ApiToken, BlockedValue, DuplicateCandidate, IdentityLimit, Profile, ProfileChange, User
from profiles.reference_data import example_data, load_reference_data
from tests.builders import make_profile, process, raw_record, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hub")]

admin.autodiscover()

BACKEND = "django.contrib.auth.backends.ModelBackend"
MODELS = [model for model in apps.get_models() if admin.site.is_registered(model)]
LISTS = [f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in MODELS]
UNKNOWN = "0190aaaa-0000-7000-8000-000000000001"


@pytest.fixture
def hub(machine_user):
    """Fill every table that has a page."""
    load_reference_data(example_data())
    make_profile(email="ana@example.com", first_name="Ana", tags=["vip"])
    make_profile(email="ben@example.com", mobile_phone="+61404000002")
    process(
        [
            raw_record(email="ana@example.com", mobile_phone="+61404000002"),
            raw_record(identities=[{"handle": "shop", "identifier": "7"}], tags=["news"]),
            raw_record(identities=[{"handle": "till", "identifier": f"A{number}"} for number in range(21)]),
        ],
        submitted_by=machine_user,
    )
    process([raw_record(email="ana@example.com", company="Acme")], submitted_by=machine_user, dry_run=True)
    submit([raw_record()])
    BlockedValue.objects.create(kind="email", pattern="*@mailinator.com")
    IdentityLimit.objects.create(handle="loyalty", most=1)
    ApiToken.objects.create(user=machine_user, label="Till", scopes=["*"])
    Import.objects.create(name="customers.csv", terms={"match": "email"}, queue_key="import-1")
    Group.objects.create(name="Callers")
    AccessAttempt.objects.create(username="x", ip_address="192.0.2.1", failures_since_start=1)


def client_of(user):
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def rows_of(model):
    return sorted(str(key) for key in model._default_manager.values_list("pk", flat=True))


# --- What cannot be asked ----------------------------------------------------------------------------------------


NONSENSE = [
    "\x00",
    "a\x00b",
    "(",
    "nonsense",
    "-1",
    "9" * 30,
    "2026-13-45",
    "x" * 5_000,
    "\ufffd",
    "' OR 1=1 --",
    "\u200b",
]
NAMES = [
    "email__regex",
    "email__contains",
    "profile__email__contains",
    "profile__email__startswith",
    "batch__label__regex",
    "user__password__startswith",
    "password__startswith",
    "id__in",
    "pk",
    "nothing",
    "nothing__at__all",
    "label",
    "handle__iregex",
    "created_at__year",
    "_to_field",
    "o",
    "p",
]


def test_list_refuses_in_words_what_it_does_not_offer(staff_client):
    wrong = {}
    for name in LISTS:
        url = reverse(name)
        for parameter, value in [
            *((one, "(") for one in NAMES),
            ("email__contains", "a\x00b"),
            ("p", "-1"),
            ("p", "99"),
        ]:
            response = staff_client.get(url, {parameter: value})
            told = response.context and response.context.get("sentence")
            if response.status_code != 400 or not told or f'href="{url}"' not in response.content.decode():
                wrong[name, parameter, value[:20]] = response.status_code

    assert wrong == {}


def own_filters(name):
    """Return the names of the parameters that the list's own filters take, and their neighbours."""
    model = next(
        model for model in MODELS if name.endswith(f"{model._meta.app_label}_{model._meta.model_name}_changelist")
    )
    request = type("Request", (), {"GET": {}, "user": User(is_superuser=True, is_active=True)})()
    page = admin.site.get_model_admin(model)
    found = []
    for one in page.get_list_filter(request):
        field, kind = one if isinstance(one, tuple) else (one, None)
        if isinstance(one, type):
            found.append(one.parameter_name)
        elif kind is not None and hasattr(kind, "_moment"):
            found += [f"{field}_from_0", f"{field}_from_1", f"{field}_to_0"]
        else:
            suffix = "__id__exact" if model._meta.get_field(field).is_relation else "__exact"
            found.append(f"{field}{suffix}")
            found.append(f"{field}__isnull")
    return found


def test_list_never_shows_everybody_for_a_filter_it_cannot_read(staff_client):
    wrong = {}
    for name in LISTS:
        url = reverse(name)
        everybody = len(staff_client.get(url).context["cl"].result_list)
        for parameter, value in itertools.product(own_filters(name), NONSENSE):
            response = staff_client.get(url, {parameter: value})
            refused = response.status_code == 400 and bool(response.context.get("sentence"))
            nobody = response.status_code == 200 and everybody and not response.context["cl"].result_list
            if not refused and not nobody:
                wrong[name, parameter, value[:20]] = response.status_code

    assert wrong == {}


def test_list_search_takes_any_text(staff_client):
    wrong = {}
    for name in LISTS:
        url = reverse(name)

        found = {value[:20]: staff_client.get(url, {"q": value}).status_code for value in NONSENSE}

        wrong |= {(name, value): status for value, status in found.items() if status not in {200, 400}}
        wrong |= {(name, value): found[value] for value in ("\x00", "a\x00b") if found[value] != 400}

    assert wrong == {}


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({"p": "0"}, "\u201cp\u201d must be a whole number from 1."),
        ({"p": "-1"}, "\u201cp\u201d must be a whole number from 1."),
        ({"p": "2"}, "There is no page 2: the last one is 1."),
        ({"p": "9999999"}, "There is no page 9,999,999: the last one is 1."),
        ({"o": "2"}, "This list cannot be sorted like that."),
        ({"o": "-2.x"}, "This list cannot be sorted like that."),
        ({"q": "a\x00b"}, "The text must not hold a NUL character (U+0000)."),
        ({"q": "x" * 256}, "The text must not be longer than 255 characters."),
        ({"merged": "perhaps"}, "\u201cmerged\u201d has no such choice."),
        ({"profile_type__exact": "odd"}, "\u201cprofile type\u201d has no such choice."),
        ({"profile_type__exact": ["active", "deleted"]}, "\u201cprofile_type__exact\u201d is asked for twice."),
        ({"email__regex": "("}, "This list cannot be narrowed by \u201cemail__regex\u201d."),
        ({"profile_tags__tag__handle": "vip"}, "This list cannot be narrowed like that."),
        ({"_to_field": "email"}, "This list cannot be narrowed like that."),
    ],
)
def test_list_says_what_is_wrong_with_the_question(staff_client, question, sentence):
    response = staff_client.get("/admin/profiles/profile/", question)

    assert (response.status_code, response.context["sentence"]) == (400, sentence)


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"tag": "", "merged": "", "profile_type__exact": "", "q": "", "p": "", "o": ""},
        {"p": "1", "_popup": "1"},
        {"e": "1"},
        {"all": ""},
    ],
)
def test_list_answers_what_its_own_form_asks(staff_client, question):
    response = staff_client.get("/admin/profiles/profile/", question)

    assert rows_of(Profile) == sorted(str(one.pk) for one in response.context["cl"].result_list)


@pytest.mark.parametrize(
    ("name", "question", "sentence"),
    [
        ("batches_batch", {"received_at_from_0": "2026-13-45"}, "\u201creceived\u201d takes a day such as 2026-01-31"),
        ("batches_batch", {"received_at_to_0": "9999-12-31"}, "\u201creceived\u201d takes a day such as 2026-01-31"),
        ("batches_batch", {"received_at_from_0": "0001-01-01"}, "\u201creceived\u201d takes a day such as 2026-01-31"),
        ("batches_batch", {"received_at_from_1": "10:00"}, "\u201creceived\u201d takes a day such as 2026-01-31"),
        ("batches_batchrecord", {"batch": "nonsense"}, "\u201cbatch id\u201d takes a whole id"),
        ("batches_batchrecord", {"error_code": "odd"}, "\u201cerror code\u201d has no such choice."),
        ("profiles_profilechange", {"profile": "7"}, "\u201cprofile id\u201d takes a whole id"),
    ],
)
def test_other_lists_say_so_too(staff_client, name, question, sentence):
    response = staff_client.get(reverse(f"admin:{name}_changelist"), question)

    assert (response.status_code, response.context["sentence"][: len(sentence)]) == (400, sentence)


def test_page_of_no_row_is_not_there(staff_client):
    wrong = {}
    for model in MODELS:
        page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for key, rest in itertools.product(["%00", "nonsense", "9" * 30, UNKNOWN], ["change/", "delete/", "history/"]):
            status = staff_client.get(f"{page}{key}/{rest}").status_code
            if status not in {302, 403, 404}:
                wrong[model, key, rest] = status
        wrong |= {
            (model, key, status): "posted"
            for key in ("%00", "9" * 30)
            if (status := staff_client.post(f"{page}{key}/change/").status_code) not in {302, 403, 404}
        }

    assert wrong == {}


def test_page_refuses_odd_parameters(staff_client):
    wrong = {}
    for model in MODELS:
        page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{model._default_manager.first().pk}/"
        for parameter, value, rest in itertools.product(
            ["_to_field", "_popup", "_changelist_filters"], ["\x00", "("], ["change/", "delete/"]
        ):
            status = staff_client.get(page + rest, {parameter: value}).status_code
            if status not in ({400, 403} if parameter == "_to_field" else {200, 302, 403, 404}):
                wrong[model, parameter, value[:20], rest] = status

    assert wrong == {}


def test_action_on_what_can_be_no_row_is_refused(staff_client):
    lists = (("batches_batch", "requeue"), ("profiles_duplicatecandidate", "say_same"))
    for value, (name, action) in itertools.product(NONSENSE, lists):
        for index in ({}, {"index": "0"}, {"index": value}):
            response = staff_client.post(
                reverse(f"admin:{name}_changelist"), {"action": action, "_selected_action": value, **index}
            )
            refused = response.status_code == 400 and bool(response.context["sentence"])
            assert refused or (value, name, response.status_code) == ("-1", "profiles_duplicatecandidate", 302)
    assert {one.verdict for one in DuplicateCandidate.objects.all()} == {"open"}


@pytest.mark.parametrize("value", ["\x00", "(", "9" * 30, "x" * 5_000], ids=["nul", "bracket", "number", "long"])
def test_other_addresses_take_anything(staff_client, value):
    region = {"app_label": "profiles", "model_name": "profileregion", "field_name": "region"}
    asked = [
        ("/admin/autocomplete/", region | {"term": value}),
        ("/admin/autocomplete/", region | {"page": value}),
        ("/admin/autocomplete/", {"app_label": value, "model_name": value, "field_name": value}),
        ("/admin/autocomplete/", region | {"field_name": "profile", "term": value}),
        (
            "/admin/autocomplete/",
            {"app_label": "batches", "model_name": "batchrecord", "field_name": "batch", "term": value},
        ),
        (
            "/admin/autocomplete/",
            {"app_label": "profiles", "model_name": "profiletag", "field_name": "tag", "term": value},
        ),
        (
            "/admin/autocomplete/",
            {"app_label": "batches", "model_name": "batch", "field_name": "submitted_by", "term": value},
        ),
        ("/admin/search/", {"s": value}),
        ("/admin/", {"p": value}),
        ("/admin/explain/", {"record": value}),
        (reverse("admin:profiles_profile_merge", args=[Profile.objects.first().pk]), {"with": value}),
        ("/admin/login/", {"next": value}),
        ("/admin/jsi18n/", {"x": value}),
        ("/admin/r/1/nonsense/", {}),
        (f"/admin/batches/batchrecord/at/{UNKNOWN}/{'9' * 30}/", {}),
    ]

    found = {(url, *data.values()): staff_client.get(url, data).status_code for url, data in asked}

    assert {key: status for key, status in found.items() if status not in {200, 302, 400, 403, 404}} == {}


# --- Who may ask -------------------------------------------------------------------------------------------------


def addresses(patterns, prefix=""):
    """Yield the name and the path of every address of the desk."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, prefix + str(one.pattern))
        elif isinstance(one, URLPattern):
            yield one.name, prefix + str(one.pattern)


def test_every_address_is_known_here():
    """A new page of the desk stands in the lists below, with who may open it."""
    of_models = {
        f"{model._meta.app_label}_{model._meta.model_name}_{kind}"
        for model in MODELS
        for kind in ("changelist", "add", "history", "delete", "change")
    }

    names = {name for name, _ in addresses(admin.site.get_urls()) if name is not None}

    assert names - of_models == {
        "search", "index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n",
        "view_on_site", "auth_user_password_change", "batches_batchrecord_at", "batches_batchrecord_again",
        "batches_batch_confirm", "profiles_profile_merge", "app_list",
    }  # fmt: skip


def pages():
    """Return every page there is about something, with what of it is needed to open it."""
    found = []
    for model in MODELS:
        app, name, key = model._meta.app_label, model._meta.model_name, model._default_manager.first().pk
        own = f"admin:{app}_{name}_"
        found += [
            (reverse(f"{own}changelist"), f"{app}.view_{name}"),
            (reverse(f"{own}change", args=[key]), f"{app}.view_{name}"),
            (reverse(f"{own}history", args=[key]), f"{app}.view_{name}"),
            (reverse(f"{own}add"), f"{app}.add_{name}"),
            (reverse(f"{own}delete", args=[key]), f"{app}.delete_{name}"),
        ]
    record = BatchRecord.objects.first()
    waiting = Batch.objects.get(state="queued")
    user = User.objects.first()
    return [
        *found,
        (reverse("admin:batches_batchrecord_at", args=[record.batch_id, record.position]), "batches.view_batchrecord"),
        (reverse("admin:batches_batchrecord_at", args=[waiting.pk, 0]), "batches.view_batchrecord"),
        (reverse("admin:batches_batchrecord_at", args=[UNKNOWN, 0]), "batches.view_batchrecord"),
        (reverse("admin:auth_user_password_change", args=[user.pk]), "profiles.change_user"),
        (reverse("admin:profiles_profile_merge", args=[Profile.objects.first().pk]), "profiles.merge_profile"),
        (reverse("explain"), "batches.view_batchrecord"),
        (reverse("undo-batch-page", args=[record.batch_id]), "profiles.undo_change"),
        (reverse("undo-change-page", args=[ProfileChange.objects.first().pk]), "profiles.undo_change"),
    ]


def test_nobody_unknown_opens_any_page():
    urls = [url for url, _ in pages()] + ["/admin/", "/admin/search/", "/admin/autocomplete/"]

    found = {(url, method): getattr(Client(), method)(url) for url in urls for method in ("get", "post")}

    assert {key: (one.status_code, one["Location"].partition("?")[0]) for key, one in found.items()} == dict.fromkeys(
        found, (302, "/admin/login/")
    )


def test_staff_without_rights_opens_no_page():
    client = client_of(User.objects.create_user("new", is_staff=True))

    found = {
        (url, method): getattr(client, method)(url).status_code for url, _ in pages() for method in ("get", "post")
    }

    assert found == dict.fromkeys(found, 403)


def test_each_page_asks_for_its_own_right():
    """Whoever may do everything but one thing is refused where that one thing is asked for."""
    wrong = {}
    everything = set(Permission.objects.all())
    for url, right in pages():
        app, codename = right.split(".")
        refused = {one for one in everything if one.codename == codename and one.content_type.app_label == app}
        if codename.startswith("view_"):
            refused |= {one for one in everything if one.codename == codename.replace("view_", "change_")}
        user = User.objects.create_user(f"all-but-{uuid.uuid4()}", is_staff=True)
        user.user_permissions.set(everything - refused)
        if (status := client_of(user).get(url).status_code) != 403:
            wrong[url] = status

    assert wrong == {}


def test_viewer_sees_and_does_nothing_else():
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = client_of(viewer)
    before = {model: rows_of(model) for model in apps.get_models() if model._meta.app_label in {"profiles", "batches"}}

    found = {url: (right.split(".")[1][:4], client.get(url).status_code) for url, right in pages()}
    posted = {url: client.post(url, {"post": "yes"}).status_code for url, _ in pages() if not url.endswith("history/")}

    may = {url: status for url, (right, status) in found.items() if right == "view"}
    may_not = {url: status for url, (right, status) in found.items() if right != "view"}
    unknown = reverse("admin:batches_batchrecord_at", args=[UNKNOWN, 0])
    assert {url: status for url, status in may.items() if status not in {200, 302}} == {unknown: 404}
    assert may_not == dict.fromkeys(may_not, 403)
    assert set(posted.values()) <= {200, 302, 403, 404}  # lists take a POST for a look
    assert before == {model: rows_of(model) for model in before}


def test_record_by_batch_and_position(staff_client):
    record = BatchRecord.objects.first()
    waiting = Batch.objects.get(state="queued")

    decided = staff_client.get(reverse("admin:batches_batchrecord_at", args=[record.batch_id, record.position]))
    pending = staff_client.get(reverse("admin:batches_batchrecord_at", args=[waiting.pk, 0]))
    beyond = staff_client.get(reverse("admin:batches_batchrecord_at", args=[waiting.pk, 1]))

    assert decided["Location"] == reverse("admin:batches_batchrecord_change", args=[record.pk])
    assert pending["Location"] == reverse("admin:batches_batch_change", args=[waiting.pk])
    assert beyond.status_code == 404
