"""The desk's pages are of one size and cost, however much there is to tell."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from batches.models import BatchRecord
from profiles.models import CustomAttribute, DuplicateCandidate, Identity, Profile, ProfileChange, ProfileTag, Tag
from tests.builders import make_profile, process, raw_record, submit

pytestmark = pytest.mark.django_db

MOST_BYTES = 300_000
LONG = '<&">' * 2_500
NEWEST = 40


def fill(profile, count):
    """Give the profile so many of everything, each as long as can be; and a ledger whose newest rows tell of it."""
    now = timezone.now()
    numbers = range(count)
    first = ProfileChange.objects.filter(profile=profile).count() + 1
    made = {"created_at": now, "updated_at": now}
    Identity.objects.bulk_create(
        Identity(profile=profile, handle="shop" * 60, identifier=f"{number:05}" + "9" * 250, **made)
        for number in numbers
    )
    CustomAttribute.objects.bulk_create(
        CustomAttribute(
            profile=profile, namespace="n" * 255, handle=f"{number:05}", type="string", value=[LONG] * 3, **made
        )
        for number in range(min(count, 1_000))
    )
    Tag.objects.bulk_create(Tag(handle=f"{number:05}" + "t" * 250, **made) for number in numbers)
    ProfileTag.objects.bulk_create(
        ProfileTag(profile=profile, tag_id=f"{number:05}" + "t" * 250) for number in numbers
    )
    others = [make_profile(first_name="x" * 255) for _ in range(min(count, 25))]
    DuplicateCandidate.objects.bulk_create(
        DuplicateCandidate(low=profile, high=one, reason="ambiguous", created_at=now) for one in others
    )
    changes = {
        f"/custom_attributes/{'n' * 255}/{number:05}/value": {"from": LONG, "to": [LONG]} for number in range(43)
    }
    ProfileChange.objects.bulk_create(
        (
            ProfileChange(
                profile=profile, version=first + number, action="updated", at=now, cause_kind="batch",
                actor_label="a" * 255, changes=changes if number >= count - NEWEST else {},
            )
            for number in numbers
        ),
        batch_size=500,
    )  # fmt: skip


def page_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def opened(client, url):
    """Return the answer, its size in bytes and its queries."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url)
    assert answer.status_code == 200
    return answer, len(answer.content), len(queries)


def test_profile_page_is_bounded(staff_client):
    few, many = make_profile(), make_profile()
    fill_ledger(few, 1)
    fill_ledger(many, 10_000)
    fill(many, 300)
    staff_client.get(page_of(few))  # Django remembers its content types from the first time on

    _, _, small_queries = opened(staff_client, page_of(few))
    answer, size, queries = opened(staff_client, page_of(many))

    assert size < MOST_BYTES
    assert queries == small_queries
    page = " ".join(strip_tags(answer.content.decode()).split())
    assert "1 to 9 of 300" in page
    assert "1 to 30 of 300" in page
    assert "… and 37 more" in page
    assert f"/admin/profiles/profilechange/?profile={many.pk}" in answer.content.decode()


def fill_ledger(profile, count):
    """Give the profile so many short changes."""
    first = ProfileChange.objects.filter(profile=profile).count() + 1
    now = timezone.now()
    ProfileChange.objects.bulk_create(
        (
            ProfileChange(
                profile=profile, version=first + number, action="updated", at=now, cause_kind="api", actor_id=1,
                changes={"/company": {"from": f"{number}", "to": f"{number + 1}"}},
            )
            for number in range(count)
        ),
        batch_size=1_000,
    )  # fmt: skip


def test_parts_of_a_long_collection_are_paged(staff_client):
    profile = make_profile(
        identities=[{"handle": "shop", "identifier": f"{number:03}"} for number in range(45)], tags=["a", "b"]
    )

    def shown(question):
        return re.findall(r">\s*(0\d\d)\s*</td>", staff_client.get(page_of(profile) + question).content.decode())

    assert shown("") == [f"{number:03}" for number in range(9)]
    assert shown("?identities=2") == [f"{number:03}" for number in range(9, 18)]
    assert shown("?identities=5") == [f"{number:03}" for number in range(36, 45)]
    page = staff_client.get(page_of(profile) + "?identities=2&_popup=1").content.decode()
    assert 'href="?identities=1&amp;_popup=1#identities"' in page
    assert 'href="?identities=3&amp;_popup=1#identities"' in page
    assert 'id="identities"' in page


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("identities=4", "There is no part 4 of that: the last one is 1."),
        ("identities=0", "“identities” must be a whole number from 1."),
        ("tags=x", "“tags” must be a whole number from 1."),
        ("tags=%00", "“tags” must be a whole number from 1."),
    ],
)
def test_part_that_is_not_there_is_refused_in_words(staff_client, question, sentence):
    profile = make_profile(identities=[{"handle": "shop", "identifier": "7"}])

    answer = staff_client.get(f"{page_of(profile)}?{question}")

    assert (answer.status_code, answer.context["sentence"]) == (400, sentence)


def test_ledger_of_one_profile_is_bounded_and_can_be_walked(staff_client):
    profile = make_profile()
    fill(profile, 60)
    fill_ledger(profile, 6_000)
    ledger = f"/admin/profiles/profilechange/?profile={profile.pk}"
    staff_client.get(ledger)

    newest, size, queries = opened(staff_client, ledger)
    oldest, oldest_size, oldest_queries = opened(staff_client, f"{ledger}&up_to=1061")

    assert size < MOST_BYTES
    assert oldest_size < MOST_BYTES
    assert queries == oldest_queries
    assert [one.version for one in newest.context["cl"].result_list][:2] == [6_061, 6_060]
    assert newest.context["cl"].paginator.is_cut
    assert [one.version for one in oldest.context["cl"].result_list][:2] == [1_061, 1_060]
    assert not oldest.context["cl"].paginator.is_cut
    long_ones, long_size, _ = opened(staff_client, f"{ledger}&up_to=61")
    assert long_size < 2 * MOST_BYTES  # fifty rows of the longest there can be
    assert "… and 39 more" in long_ones.content.decode()


def test_ledger_of_one_profile_is_found_by_its_index(staff_client, engine):
    profile = make_profile()
    fill_ledger(profile, 500)
    listed = staff_client.get(f"/admin/profiles/profilechange/?profile={profile.pk}").context["cl"].queryset

    plan = listed[:50].explain()

    if engine == "sqlite":
        assert "SEARCH profiles_profilechange USING INDEX sqlite_autoindex_profiles_profilechange_1" in plan
        assert "TEMP B-TREE" not in plan
    assert listed.query.order_by[:1] == ("-version",)


def test_version_alone_is_no_question_to_the_ledger(staff_client):
    answer = staff_client.get("/admin/profiles/profilechange/?up_to=7")

    assert answer.status_code == 400
    assert answer.context["sentence"] == "“up to version” is asked of one profile: give its id too."


def test_page_of_a_change_is_bounded(staff_client):
    profile = make_profile()
    fill(profile, 1)
    change = ProfileChange.objects.get(profile=profile, version=2)
    changes = {f"/custom_attributes/n/{number:04}/value": {"from": LONG, "to": [LONG]} for number in range(1_200)}
    ProfileChange.objects.filter(id=change.pk).update(changes=changes)
    staff_client.get(page_of(change))

    first, size, queries = opened(staff_client, page_of(change))
    last, last_size, last_queries = opened(staff_client, f"{page_of(change)}?changes=24")

    assert max(size, last_size) < 2 * MOST_BYTES  # each & of the values is five characters there
    assert queries == last_queries
    assert "1 to 50 of 1,200" in first.content.decode()
    assert "0049" in first.content.decode()
    assert "0050" not in first.content.decode()
    assert "custom_attributes / n / 1199 / value" in last.content.decode()


def test_record_page_is_bounded(staff_client):
    profile = make_profile()
    process([raw_record(company="ACME")])
    record = BatchRecord.objects.get()
    staff_client.get(page_of(record))
    _, _, small_queries = opened(staff_client, page_of(record))
    problem = {"code": "invalid", "pointer": "/" + "k" * 500, "message": LONG[:1_000]}
    key = {"handle": "shop" * 60, "identifier": "9" * 255}
    record.errors = record.warnings = [problem] * 1_000
    record.considered = [{"profile_id": str(profile.pk), "rule": "criterion", "key": key}] * 500
    record.save()

    answer, size, queries = opened(staff_client, page_of(record))
    last, _, _ = opened(staff_client, f"{page_of(record)}?errors=50&considered=25")

    assert size < MOST_BYTES
    assert queries == small_queries + 1  # the candidates
    assert "1 to 20 of 1,000" in answer.content.decode()
    assert "1 to 20 of 500" in answer.content.decode()
    assert "981 to 1,000 of 1,000" in last.content.decode()
    assert "481 to 500 of 500" in last.content.decode()


def test_batch_page_is_bounded(staff_client):
    batch = submit([raw_record(company="x" * 250) for _ in range(500)])

    _, size, _ = opened(staff_client, page_of(batch))

    assert size < MOST_BYTES / 2


@pytest.mark.parametrize("count", [0, 9, 10, 11, 30])
def test_profile_page_shows_its_newest_records(staff_client, count):
    profile = make_profile(email="ana@example.com")
    for number in range(count):
        process([raw_record(email="ana@example.com", company=str(number))])

    answer, _, _ = opened(staff_client, page_of(profile))

    older = f"/admin/batches/batchrecord/?profile={profile.pk}"
    assert (older in answer.content.decode()) is (count > 10)
    assert len(staff_client.get(older).context["cl"].result_list) == count


def test_everything_is_there_for_profiles_that_are_merged(staff_client):
    survivor = make_profile()
    merged = [make_profile(first_name="y" * 255) for _ in range(30)]
    Profile.objects.filter(id__in=[one.pk for one in merged]).update(merged_into=survivor)

    answer, size, _ = opened(staff_client, page_of(survivor))

    assert size < MOST_BYTES
    assert "Only the newest are shown." in answer.content.decode()
