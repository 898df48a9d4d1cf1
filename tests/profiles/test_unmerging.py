"""Two profiles that were merged are two again."""

import datetime as dt

import pytest
from django.db import connection, transaction

from batches.unmerging import records_of
from profiles import shape
from profiles.applying import apply_drafts
from profiles.directory import load_snapshots
from profiles.history import fold
from profiles.merging import DifferentPeopleError, Merge, merge_profiles
from profiles.models import CustomAttribute, DuplicateCandidate, Profile, ProfileChange, ProfileStatus, Status
from profiles.schema import parse_record
from profiles.undoing import take_back, target_of_change, targets_of_batch
from profiles.unmerging import (
    GoneError,
    MergedSinceError,
    NotMergedError,
    UndoneAcrossError,
    UnknownChangeError,
    Unmerge,
    unmerge_profiles,
)
from profiles.values import Cause, CauseKind
from tests.builders import make_profile, process

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
CAUSE = Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff")
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}
WORK = {"address_line_1": "2 Side St", "city": "Perth", "postcode": "6000", "country": "AU"}


def merge(merged, survivor, **options):
    with transaction.atomic():
        return merge_profiles(Merge(merged.id, survivor.id, **options), cause=CAUSE, now=NOW)


def unmerge(merged, survivor=None, **options):
    wanted = Unmerge(merged.id, None if survivor is None else survivor.id, **options)
    with transaction.atomic():
        return unmerge_profiles(wanted, cause=CAUSE, now=NOW, records_of=records_of)


def stored(*profiles):
    """Return everything that is stored of the profiles but their versions: fields, rows, ids and times of making."""
    snapshots = load_snapshots([one.id for one in profiles], collections=tuple(shape.COLLECTIONS))
    return [
        (one.fields, one.collections, one.email_key, one.effective_times, one.source_times, one.origins)
        for one in (snapshots[profile.id] for profile in profiles)
    ]


def folded(profile):
    done = fold(row.changes for row in ProfileChange.objects.filter(profile=profile).order_by("version"))
    return {name: value for name, value in done.fields.items() if value is not None}, {
        name: rows for name, rows in done.collections.items() if rows
    }


def known(profile):
    snapshot = load_snapshots([profile.id], collections=tuple(shape.COLLECTIONS))[profile.id]
    return {name: value for name, value in snapshot.fields.items() if value is not None}, {
        name: rows for name, rows in snapshot.collections.items() if rows
    }


@pytest.fixture
def ann():
    return make_profile(
        first_name="Ann",
        email="ann@example.com",
        company="Acme",
        tags=["vip"],
        identities=[{"handle": "shop", "identifier": "1"}],
        addresses=[HOME],
        comms_attributes={"email_promo": True, "email_consent_updated_at": "2026-01-01T00:00:00Z"},
    )


@pytest.fixture
def anna():
    return make_profile(
        first_name="Anna",
        email="anna@example.com",
        occupation="Nurse",
        mobile_phone="+61404123123",
        tags=["vip", "gold"],
        identities=[{"handle": "shop", "identifier": "2"}, {"handle": "till", "identifier": "9"}],
        addresses=[HOME | {"notes": "ring"}, WORK],
        custom_attributes=[{"namespace": "n", "handle": "h", "type": "integer", "value": 7}],
        comms_attributes={"email_optout": True},
    )


def test_both_are_as_if_they_had_never_been_merged(ann, anna):
    before = stored(ann, anna)
    merge(anna, ann, choices=["first_name"])

    plan = unmerge(anna)

    assert stored(ann, anna) == before
    assert (plan.moved, plan.kept) == ([], [])
    for one in (ann, anna):
        assert folded(one) == known(one)
    assert [row.action for row in ProfileChange.objects.filter(profile=anna).order_by("version")] == [
        "created",
        "merged",
        "unmerged",
    ]


def test_rows_tell_who_did_it_and_why_in_one_operation(ann, anna):
    merge(anna, ann)

    unmerge(anna, ann, note="Two sisters")

    rows = ProfileChange.objects.filter(action="unmerged")
    assert {row.profile_id: row.reverts["versions"] for row in rows} == {ann.id: [2], anna.id: [2]}
    assert {(row.note, row.actor_label, row.cause_kind) for row in rows} == {("Two sisters", "staff", "admin")}
    assert len({row.operation_id for row in rows}) == 1


def test_they_are_remembered_as_different_people(ann, anna):
    merge(anna, ann)
    assert not DuplicateCandidate.objects.exists()

    unmerge(anna)

    pair = DuplicateCandidate.objects.get()
    assert ({pair.low_id, pair.high_id}, pair.verdict, pair.reason) == ({ann.id, anna.id}, "different", "unmerged")
    with pytest.raises(DifferentPeopleError):
        merge(anna, ann)


def test_verdict_of_a_pair_that_was_known_is_changed(ann, anna):
    low, high = sorted([ann, anna], key=lambda one: one.id)
    DuplicateCandidate.objects.create(low=low, high=high, reason="ambiguous", created_at=NOW)
    merge(anna, ann)

    unmerge(anna)

    assert [(one.reason, one.verdict) for one in DuplicateCandidate.objects.all()] == [("ambiguous", "different")]


def test_keys_mean_each_of_them_again(ann, anna):
    merge(anna, ann)
    unmerge(anna)

    batch = process(
        [
            {"identities": [{"handle": "shop", "identifier": "2"}], "title": "Dr"},
            {"identities": [{"handle": "shop", "identifier": "1"}], "title": "Ms"},
        ],
        criteria="shop",
    )

    assert [one.profile_id for one in batch.records.order_by("position")] == [anna.id, ann.id]


def test_records_since_go_to_the_side_whose_key_they_came_by(ann, anna):
    merge(anna, ann)
    process([{"email": "anna@example.com", "title": "Dr", "identities": [{"handle": "web", "identifier": "w"}]}])
    process([{"identities": [{"handle": "web", "identifier": "w"}], "company": "Hospital"}], criteria="web")
    process([{"email": "ann@example.com", "title": "Ms"}])

    plan = unmerge(anna)

    ann.refresh_from_db()
    anna.refresh_from_db()
    assert (ann.title, ann.company) == ("Ms", "Acme")
    assert (anna.title, anna.company) == ("Dr", "Hospital")
    assert list(anna.identities.order_by("id").values_list("handle", flat=True)) == ["shop", "till", "web"]
    assert [row.version for row in plan.moved] == [3, 4]
    rows = ProfileChange.objects.filter(profile=anna, action="updated").order_by("version")
    assert [(row.batch_id, row.position) for row in rows] == [
        (row.batch_id, row.position) for row in ProfileChange.objects.filter(profile=ann, version__in=[3, 4])
    ]
    for one in (ann, anna):
        assert folded(one) == known(one)


def test_edits_stay_with_the_survivor_unless_told(ann, anna):
    merge(anna, ann)
    process([{"email": "ann@example.com", "title": "Dr"}])

    plan = unmerge(anna, to_merged=[3])

    ann.refresh_from_db()
    anna.refresh_from_db()
    assert (ann.title, anna.title) == (None, "Dr")
    assert [row.version for row in plan.moved] == [3]


def test_what_was_changed_of_a_row_that_came_along_goes_with_it(ann, anna):
    merge(anna, ann)
    process([{"email": "ann@example.com", "custom_attributes": [
        {"namespace": "n", "handle": "h", "type": "integer", "value": 8}]}])  # fmt: skip

    unmerge(anna)

    assert [(one.profile_id, one.value) for one in CustomAttribute.objects.all()] == [(anna.id, 8)]


# --- Consent -----------------------------------------------------------------------------------------------------


def flags(*profiles):
    for one in profiles:
        one.refresh_from_db()
    return [(one.email_promo, one.email_optout) for one in profiles]


def test_each_has_its_own_word_about_consent_again(ann, anna):
    merge(anna, ann)

    unmerge(anna)

    assert flags(ann, anna) == [(True, None), (None, True)]


def test_refusal_by_a_record_follows_the_record(ann, anna):
    merge(anna, ann)
    process([{"email": "anna@example.com", "comms_attributes": {"sms_optout": True}}])

    unmerge(anna)

    ann.refresh_from_db()
    anna.refresh_from_db()
    assert (ann.sms_optout, anna.sms_optout) == (None, True)


def test_refusal_by_staff_stays_on_both(ann, anna):
    merge(anna, ann)
    edit(ann, comms_attributes={"sms_optout": True})

    plan = unmerge(anna)

    ann.refresh_from_db()
    anna.refresh_from_db()
    assert (ann.sms_optout, anna.sms_optout) == (True, True)
    assert [(profile_id, str(kept.code), kept.pointer) for profile_id, kept in plan.kept] == [
        (anna.id, "kept_consent", "/comms/sms_optout")
    ]


def test_refusal_that_a_record_may_have_repeated_stays(ann, anna):
    merge(anna, ann)
    process([{"email": "ann@example.com", "comms_attributes": {"email_optout": True}}])  # it is so already: no row

    plan = unmerge(anna)

    ann.refresh_from_db()
    assert ann.email_optout is True
    assert "/comms/email_optout" in {kept.pointer for _, kept in plan.kept}


def edit(profile, **fields):
    """Change the profile as staff do."""
    draft = parse_record(fields, cause=Cause(CauseKind.ADMIN, actor_id=1, actor_label="staff"), target=profile.id)
    with transaction.atomic():
        (outcome,) = apply_drafts([draft], criteria=("email",), now=NOW)
    assert not outcome.errors


# --- Families and keys -------------------------------------------------------------------------------------------


def test_those_merged_before_go_with_the_merged_one(ann, anna):
    annie = make_profile(first_name="Annie", email="annie@example.com")
    merge(annie, anna)
    before = stored(ann, anna, annie)
    merge(anna, ann)

    unmerge(anna)

    assert stored(ann, anna, annie) == before
    annie.refresh_from_db()
    assert annie.merged_into_id == anna.id


def test_newest_merge_is_taken_apart_first(ann, anna):
    annie = make_profile(first_name="Annie", email="annie@example.com")
    before = stored(ann, anna, annie)
    merge(anna, ann)
    merge(annie, ann)

    with pytest.raises(MergedSinceError):
        unmerge(anna)
    unmerge(annie)
    unmerge(anna)

    assert stored(ann, anna, annie) == before


def test_whoever_went_along_into_another_one_is_taken_apart_after_that(ann, anna):
    annie = make_profile(first_name="Annie", email="annie@example.com")
    before = stored(ann, anna, annie)
    merge(annie, anna)
    merge(anna, ann)

    with pytest.raises(MergedSinceError):
        unmerge(annie)
    unmerge(anna)
    unmerge(annie)

    assert stored(ann, anna, annie) == before


def test_pair_that_is_merged_twice_is_taken_apart_twice(ann, anna):
    before = stored(ann, anna)
    for _ in range(2):
        merge(anna, ann, despite_verdict=True)
        unmerge(anna)

    assert stored(ann, anna) == before
    with pytest.raises(NotMergedError):
        unmerge(anna)


def test_key_that_somebody_else_has_by_then_stays_with_them(ann, anna):
    merge(anna, ann)
    taker = make_profile(email="taker@example.com")
    process([{"email": "ann@example.com", "mobile_phone": None}])
    process([{"email": "taker@example.com", "mobile_phone": "+61404123123"}])

    plan = unmerge(anna)

    anna.refresh_from_db()
    taker.refresh_from_db()
    assert (anna.mobile_phone, taker.mobile_phone) == (None, "+61404123123")
    assert [(str(kept.code), kept.pointer, kept.holder) for _, kept in plan.kept if kept.holder] == [
        ("kept_key_taken", "/mobile_phone", taker.id)
    ]


# --- Refused -----------------------------------------------------------------------------------------------------


def test_what_was_not_merged_is_refused(ann, anna):
    with pytest.raises(NotMergedError):
        unmerge(anna)
    merge(anna, ann)
    other = make_profile()
    with pytest.raises(NotMergedError):
        unmerge(anna, other)
    with pytest.raises(NotMergedError):
        unmerge(ann)


def test_change_that_is_not_there_is_refused(ann, anna):
    merge(anna, ann)

    with pytest.raises(UnknownChangeError):
        unmerge(anna, to_merged=[2])
    with pytest.raises(UnknownChangeError):
        unmerge(anna, to_merged=[3])


def test_survivor_that_has_ended_is_refused(ann, anna):
    merge(anna, ann)
    Profile.objects.filter(id=ann.id).update(ended="erased")

    with pytest.raises(GoneError):
        unmerge(anna)


def test_unmerge_without_writing_tells_the_same(ann, anna):
    merge(anna, ann)
    rows = ProfileChange.objects.count()
    with transaction.atomic():
        told = unmerge_profiles(Unmerge(anna.id), cause=CAUSE, now=NOW, records_of=records_of, write=False)

    assert ProfileChange.objects.count() == rows
    assert unmerge(anna).differences == told.differences


def test_statements_do_not_depend_on_the_rows(django_assert_num_queries):
    for count in (1, 3, 60):
        survivor, merged = (
            make_profile(
                email=f"{name}{count}@example.com",
                identities=[{"handle": f"{name}{count}", "identifier": str(number)} for number in range(count)],
                tags=[f"{name}{number}" for number in range(count)],
            )
            for name in ("a", "b")
        )
        merge(merged, survivor)
        with django_assert_num_queries(29 if connection.vendor == "postgresql" else 24):
            unmerge(merged)


def test_undo_across_the_merge_is_refused(ann, anna):
    merge(anna, ann)
    version = Profile.objects.get(id=ann.id).version
    ProfileChange.objects.create(
        profile_id=ann.id, version=version + 1, action="reverted", changes={}, at=NOW, cause_kind="admin",
        reverts={"versions": [1], "except": [], "kept": {}},
    )  # fmt: skip
    Profile.objects.filter(id=ann.id).update(version=version + 1)

    with pytest.raises(UndoneAcrossError):
        unmerge(anna)


def test_row_that_came_along_and_was_made_anew_stays_where_it_is(ann, anna):
    """Removed and made again in one batch it is the same row of its table, which the other one cannot get back."""
    Status.objects.create(handle="gold", name="Gold")
    process([{"email": "anna@example.com", "statuses": ["gold"]}])
    merge(anna, ann)
    process([{"email": "ann@example.com", "statuses": []}, {"email": "ann@example.com", "statuses": ["gold"]}])

    unmerge(anna)

    assert {row.profile_id for row in ProfileStatus.objects.all()} == {ann.id, anna.id}
    for one in (ann, anna):
        assert folded(one) == known(one)


@pytest.mark.parametrize("which", ["merged", "survivor"])
def test_taking_apart_is_not_undone_on_one_side(ann, anna, which):
    merge(anna, ann)
    unmerge(anna)
    before = stored(ann, anna)
    profile = anna if which == "merged" else ann
    version = ProfileChange.objects.get(profile=profile, action="unmerged").version

    with transaction.atomic():
        (told,) = take_back([target_of_change(profile.id, version)], cause=CAUSE, now=NOW)

    assert [(str(error.code), error.message) for error in told.outcome.errors] == [
        ("merged_since", "A merge is no change of one profile: take the two apart, or merge them again.")
    ]
    assert stored(ann, anna) == before


def test_batch_whose_record_went_to_the_merged_profile_is_taken_back_there(ann, anna):
    merge(anna, ann)
    batch = process([{"email": "anna@example.com", "title": "Dr"}])
    unmerge(anna)

    with transaction.atomic():
        done = take_back(targets_of_batch(batch.id), cause=CAUSE, now=NOW)

    assert [(one.target.profile_id, str(one.outcome.kind)) for one in done] == [
        (anna.id, "updated"),
        (ann.id, "unchanged"),
    ]
    anna.refresh_from_db()
    assert anna.title is None
