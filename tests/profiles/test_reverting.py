"""What taking back a record comes to, case by case (rules 10); through the database see `test_undoing`."""

from uuid import UUID

import pytest

from profiles.reconcile.keeping import RecordSince
from profiles.reverting import UndoOptions
from profiles.times import utc_text
from tests.profiles.memory import NOW, REFERENCES, Memory

POS = {"identities": [{"handle": "pos", "identifier": "7"}]}
BOB = {"identities": [{"handle": "pos", "identifier": "8"}]}
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU", "external_id": "h"}
WORK = {"address_line_1": "9 Quay St", "city": "Perth", "postcode": "6000", "country": "AU", "external_id": "w"}
PIER = {"address_line_1": "3 Pier", "city": "Perth", "postcode": "6000", "country": "AU", "external_id": "p"}
DATE = {"handle": "b", "name": "B", "date": "2000-01-01"}


def company(value):
    return {"company": value}


def born(day, month, year=None):
    return {"birth_day": day, "birth_month": month, "birth_year": year}


def tags(*names):
    return {"tags": list(names)}


def member(**columns):
    return {"organisations": [{"id": 1, **columns}]}


def addresses(*rows):
    return {"addresses": list(rows)}


def attribute(**members):
    return {"custom_attributes": [{"namespace": "n", "handle": "h", **members}]}


def comms(**flags):
    return {"comms_attributes": flags}


def till(**members):
    return {"identities": [*POS["identities"], {"handle": "till", "identifier": "1", **members}]}


def seen(hub):
    """Return what the profile shows but for its keys, blanks and what every profile has."""
    (profile,) = hub.people.values()
    fields = {
        name: value
        for name, value in profile.fields.items()
        if value not in {None, "Unknown"} and (name, value) != ("profile_type", "active")
    }
    rows = {}
    for name, some in profile.collections.items():
        for key, row in some.items():
            if key != ("pos", "7"):
                told = row.get("external_id") or "/".join(key)
                rows[f"{name}/{told}"] = {
                    part: value
                    for part, value in row.items()
                    if value not in {None, ""}
                    and part in {"role", "company", "is_default", "is_active", "value", "type"}
                }
    return fields, rows


def take_back(first, taken, *later, **options):
    """Return what shows once the second record was taken back, and what was kept."""
    hub = Memory()
    hub.send(POS | first)
    hub.send(POS | taken)
    for record in later:
        hub.send(POS | record)
    (id_,) = hub.people
    (reversal,) = hub.undo((id_, 2), **options)
    assert not reversal.outcome.errors
    fields, rows = seen(hub)
    return fields, rows, [(one.code.value, one.pointer, one.row.version) for one in reversal.kept]


FIELDS = {
    "untouched": ([company("A"), company("B")], {"company": "A"}, []),
    "untouched, new": ([{}, company("B")], {}, []),
    "away and back": (
        [company("A"), company("B"), company("C"), company("B")],
        {"company": "B"},
        [("kept_newer", "/company", 4)],
    ),
    "another value": ([company("A"), company("B"), company("C")], {"company": "C"}, [("kept_newer", "/company", 3)]),
    "back by somebody": (
        [company("A"), company("B"), company("A")],
        {"company": "A"},
        [("kept_newer", "/company", 3)],
    ),
    "nulled": ([company("A"), company("B"), company(None)], {}, [("kept_newer", "/company", 3)]),
    "group": ([born(1, 2, 1981), born(29, 2, 1980)], {"birth_day": 1, "birth_month": 2, "birth_year": 1981}, []),
    "group, new": ([{}, born(29, 2, 1980)], {}, []),
    "group, one member since": (
        [born(1, 2, 1981), born(29, 2, 1980), born(29, 2, 1984)],
        {"birth_day": 29, "birth_month": 2, "birth_year": 1984},
        [("kept_newer", "/birth_day", 3)],
    ),
    "terms": (
        [
            comms(terms_accepted_at="2026-01-01T00:00:00Z", terms_accepted_version="1"),
            comms(terms_accepted_version="2"),
        ],
        {"comms/terms_accepted_at": "2026-01-01T00:00:00Z", "comms/terms_accepted_version": "1"},
        [],
    ),
    "joined": ([{}, {"joined_at": "2020-01-01T00:00:00Z"}], {}, []),
    "location": ([{}, {"joined_location_external_id": "SYD"}], {}, []),
    "appearance": ([{}, {"attributes": {"appearance": {"eye_colour": "blue"}}}], {}, []),
    "soft delete": ([{}, {"profile_type": "deleted"}], {}, []),
    "soft delete, another type since": (
        [{}, {"profile_type": "deleted"}, {"profile_type": "pending"}],
        {"profile_type": "pending"},
        [("kept_newer", "/profile_type", 3)],
    ),
    "restore": ([{"profile_type": "deleted"}, {"profile_type": "active"}], {"profile_type": "deleted"}, []),
    "soft-deleted since": (
        [company("A"), company("B"), {"profile_type": "deleted"}],
        {"company": "A", "profile_type": "deleted"},
        [],
    ),
}


@pytest.mark.parametrize(("records", "fields", "kept"), FIELDS.values(), ids=FIELDS)
def test_field_goes_back_unless_somebody_said_it_since(records, fields, kept):
    assert take_back(*records) == (fields, {}, kept)


ACME = {"is_active": True}
DEFAULT, OTHER = {"is_default": True}, {"is_default": False}
ROWS = {
    "added tag": ([tags("a"), tags("a", "vip")], {"tags/a": {}}, []),
    "added tag, again since": (
        [tags("a"), tags("a", "vip"), tags("a"), tags("a", "vip")],
        {"tags/a": {}, "tags/vip": {}},
        [("kept_newer", "/tags/vip", 4)],
    ),
    "added tag, gone since": ([tags("a"), tags("a", "vip"), tags("a")], {"tags/a": {}}, []),
    "removed tag": ([tags("a", "vip"), tags("a")], {"tags/a": {}, "tags/vip": {}}, []),
    "removed tag, again since": (
        [tags("vip"), tags(), tags("vip")],
        {"tags/vip": {}},
        [("kept_newer", "/tags/vip", 3)],
    ),
    "removed tag, gone since": ([tags("vip"), tags(), tags("vip"), tags()], {}, []),
    "removed status": ([{"statuses": ["gold"]}, {"statuses": []}], {"statuses/gold": ACME}, []),
    "added membership": ([{}, member()], {}, []),
    "added membership, used since": (
        [{}, member(), member(role_definition_id=1)],
        {"organisations/acme": {"is_active": True, "role": "buyer"}},
        [("kept_in_use", "/organisations/acme", 3)],
    ),
    "changed membership": ([member(), member(role_definition_id=1)], {"organisations/acme": ACME}, []),
    "changed membership, again since": (
        [member(), member(role_definition_id=1), member(role_definition_id=None)],
        {"organisations/acme": ACME},
        [("kept_newer", "/organisations/acme/role", 3)],
    ),
    "added identity": ([{}, till()], {}, []),
    "added identity, used since": (
        [{}, till(), till(is_active=False)],
        {"identities/till/1": {"is_active": False}},
        [("kept_in_use", "/identities/till/1", 3)],
    ),
    "added identity, only the flag since": ([{}, till(), till(is_primary=True)], {}, []),
    "added address": ([addresses(HOME), addresses(WORK)], {"addresses/h": DEFAULT}, []),
    "added address, used since": (
        [addresses(HOME), addresses(WORK), addresses(WORK | {"company": "C"})],
        {"addresses/h": DEFAULT, "addresses/w": {"company": "C", "is_default": False}},
        [("kept_in_use", f"/addresses/{UUID(int=2_001)}", 3)],
    ),
    "changed address": (
        [addresses(HOME), addresses(HOME | {"company": "C"})],
        {"addresses/h": DEFAULT},
        [],
    ),
    "moved flag": (
        [addresses(HOME, WORK), addresses(WORK | {"is_default": True})],
        {"addresses/h": DEFAULT, "addresses/w": OTHER},
        [],
    ),
    "moved flag, moved on since": (
        [addresses(HOME, WORK, PIER), addresses(WORK | DEFAULT), addresses(PIER | DEFAULT)],
        {"addresses/h": OTHER, "addresses/w": OTHER, "addresses/p": DEFAULT},
        [("kept_newer", "/addresses", 3)],
    ),
    "first address with the flag": ([{}, addresses(HOME), addresses(WORK)], {"addresses/w": DEFAULT}, []),
    "attribute": (
        [attribute(type="string", value="x"), attribute(type="integer", value=7)],
        {"custom_attributes/n/h": {"type": "string", "value": "x"}},
        [],
    ),
    "attribute, its type since": (
        [attribute(type="string", value="1"), attribute(type="string", value="2"), attribute(type="integer")],
        {"custom_attributes/n/h": {"type": "integer", "value": 2}},
        [("kept_newer", "/custom_attributes/n/h/type", 3)],
    ),
    "added date": ([{}, {"dates_attributes": [DATE]}], {}, []),
    "added date, used since": (
        [{}, {"dates_attributes": [DATE]}, {"dates_attributes": [DATE | {"note": "cake"}]}],
        {"dates/b/": {}},
        [("kept_in_use", "/dates/b/", 3)],
    ),
    "default region": (
        [{"region": "victoria"}, {"region": "tasmania"}],
        {"regions/victoria": {"is_active": True, "is_default": True}},
        [],
    ),
}


@pytest.mark.parametrize(("records", "rows", "kept"), ROWS.values(), ids=ROWS)
def test_row_goes_and_comes_back_unless_somebody_used_it_since(records, rows, kept):
    fields, shown, why = take_back(*records)

    assert (fields, shown) == ({}, rows)
    assert why == kept


def test_row_that_was_made_anew_does_not_bear_the_flag_its_predecessor_got():
    hub = Memory()
    hub.send(POS)
    hub.send(POS | {"regions": [{"handle": "victoria"}]})
    hub.send(POS | {"region": "victoria"})
    (id_,) = hub.people
    hub.undo((id_, 2))
    hub.send(POS | {"regions": [{"handle": "victoria", "state": "VIC"}]})
    before = seen(hub)

    (reversal,) = hub.undo((id_, 5))
    assert (seen(hub)[1], reversal.kept) == ({}, ())
    hub.undo((id_, 6))
    assert seen(hub) == before


# --- The profile itself --------------------------------------------------------------------------------------------

ENDED = {"ended": "undone", "profile_type": "deleted", "first_name": "", "last_name": ""}


def take_back_creation(*later, **options):
    hub = Memory()
    hub.send(POS | company("A"))
    for record in later:
        hub.send(POS | record)
    (id_,) = hub.people
    (reversal,) = hub.undo((id_, 1), **options)
    return hub, id_, reversal


CREATIONS = {
    "nobody since": ([], ENDED, []),
    "soft-deleted since": ([{"profile_type": "deleted"}], ENDED, []),
    "used since": ([{"title": "Dr"}], {"company": "A", "title": "Dr"}, [("kept_in_use", "", 2)]),
    "used and deleted since": (
        [{"title": "Dr"}, {"profile_type": "deleted"}],
        {"company": "A", "title": "Dr", "profile_type": "deleted"},
        [("kept_in_use", "", 2)],
    ),
    "deleted with an opt-out since": (
        [{"profile_type": "deleted", **comms(email_optout=True)}],
        {"company": "A", "profile_type": "deleted", "comms/email_optout": True},
        [("kept_in_use", "", 2)],
    ),
}


@pytest.mark.parametrize(("later", "fields", "kept"), CREATIONS.values(), ids=CREATIONS)
def test_created_profile_ends_unless_somebody_has_used_it_since(later, fields, kept):
    hub, id_, reversal = take_back_creation(*later)

    assert seen(hub)[0] == fields
    assert [(one.code.value, one.pointer, one.row.version) for one in reversal.kept] == kept
    assert hub.rows[id_][-1].reverts.versions == (1,)
    assert hub.rows[id_][-1].reverts.kept == {pointer: code for code, pointer, _ in kept}


def test_created_profile_ends_once_its_use_is_taken_back_too():
    hub, id_, _ = take_back_creation({"title": "Dr"})

    (reversal,) = hub.undo((id_, 2))

    assert reversal.ends
    assert seen(hub)[0] == ENDED
    assert hub.send(POS).kind == "created"


def test_batch_that_created_and_changed_a_profile_ends_it_whatever_it_said_of_consent():
    hub = Memory()
    hub.send(POS, POS | comms(email_promo=False))
    (id_,) = hub.people

    reversals = hub.undo((id_, 2), (id_, 1))

    assert [(one.outcome.kind.value, one.kept, one.ends) for one in reversals] == [
        ("updated", (), False),
        ("updated", (), True),
    ]


RECORD = RecordSince(UUID(int=1_000), 1, UUID(int=9), 3, utc_text(NOW), "till")


@pytest.mark.parametrize("options", [{"records": (RECORD,)}, {"links": {UUID(int=1_000): [UUID(int=5)]}}])
def test_profile_that_only_a_silent_record_or_a_date_stands_on_is_not_taken_back(options):
    hub, id_, reversal = take_back_creation(**options)

    assert (reversal.outcome.kind, reversal.change) == ("unchanged", None)
    [kept] = reversal.kept
    assert (kept.code, kept.pointer) == ("kept_in_use", "")
    assert (kept.record, kept.holder) == ((RECORD, None) if "records" in options else (None, UUID(int=5)))
    assert [row.version for row in hub.rows[id_]] == [1]
    assert hub.undo((id_, 1))[0].ends


def test_silent_record_since_is_told_where_a_value_went_all_the_same():
    hub = Memory()
    hub.send(POS)
    hub.send(POS | company("B"))
    (id_,) = hub.people
    silent = RecordSince(id_, 2, UUID(int=9), 3, utc_text(NOW))

    (reversal,) = hub.undo((id_, 2), records=(silent, RecordSince(id_, 1, UUID(int=8), 0, utc_text(NOW))))

    assert [(one.code, one.record) for one in reversal.kept] == [("later_records", silent)]
    assert [warning.code for warning in reversal.outcome.warnings] == ["later_records"]
    assert hub.rows[id_][-1].reverts.kept == {}


def test_record_without_a_row_is_unchanged():
    hub, id_, _ = take_back_creation({"title": "Dr"})

    (reversal,) = hub.undo((id_, None))

    assert (reversal.outcome.kind, reversal.outcome.profile_id, reversal.change) == ("unchanged", id_, None)


# --- Force ---------------------------------------------------------------------------------------------------------


def test_profile_ends_by_force_with_all_that_others_said():
    hub, id_, _ = take_back_creation({"title": "Dr"}, company("B"), options=UndoOptions(force=frozenset()))

    (reversal,) = hub.undo((id_, 1), options=UndoOptions(force=frozenset({id_})))

    assert reversal.ends
    assert reversal.change.reverts.versions == (1, 2, 3)
    hub.undo((id_, 5))
    assert seen(hub)[0] == {"company": "B", "title": "Dr"}


def test_force_loses_no_opt_out_of_somebody_else_unless_asked():
    forced = UndoOptions(force=frozenset({UUID(int=1_000)}))
    hub, id_, refused = take_back_creation(comms(sms_optout=True), options=forced)

    assert [error.code for error in refused.outcome.errors] == ["opt_out"]
    assert hub.undo((id_, 1), options=UndoOptions(forced.force, loosen_consent=True))[0].ends


# --- Undo of an undo -----------------------------------------------------------------------------------------------


def test_undo_of_an_undo_brings_everything_back_and_a_third_takes_it_again():
    hub = Memory()
    hub.send(POS | company("A") | tags("a") | addresses(HOME))
    hub.send(POS | company("B") | tags("b") | addresses(WORK | DEFAULT))
    (id_,) = hub.people
    before = seen(hub)
    hub.undo((id_, 2))
    undone = seen(hub)

    hub.undo((id_, 3))
    assert seen(hub) == before
    hub.undo((id_, 4))
    assert seen(hub) == undone
    assert [reversal.outcome.kind.value for reversal in hub.undo((id_, 2), (id_, 3))] == ["unchanged", "updated"]


def test_later_word_stays_when_an_undo_is_taken_back():
    hub = Memory()
    hub.send(POS | company("A"))
    hub.send(POS | company("B"))
    (id_,) = hub.people
    hub.undo((id_, 2))
    hub.send(POS | company("C"))

    (reversal,) = hub.undo((id_, 3))

    assert seen(hub)[0] == {"company": "C"}
    assert [(one.code.value, one.pointer, one.row.version) for one in reversal.kept] == [("kept_newer", "/company", 4)]


def test_what_was_taken_back_is_unchanged_and_leaves_no_row():
    hub, id_, _ = take_back_creation()

    (reversal,) = hub.undo((id_, 1))

    assert (reversal.outcome.kind, reversal.outcome.profile_version, reversal.change) == ("unchanged", 2, None)
    assert len(hub.rows[id_]) == 2


def test_values_never_come_back_through_the_middle():
    hub = Memory()
    for value in ("A", "B", "C"):
        hub.send(POS | company(value))
    (id_,) = hub.people

    hub.undo((id_, 2))
    hub.undo((id_, 3))

    assert seen(hub)[0] == {"company": "A"}


# --- Keys ----------------------------------------------------------------------------------------------------------


def two(first, second):
    hub = Memory()
    hub.send(POS | first)
    hub.send(BOB | second)
    ann, bob = sorted(hub.people)
    return hub, ann, bob


def test_email_goes_back_only_where_nobody_has_it_by_now():
    hub, ann, bob = two({"email": "ann@example.com"}, {"email": "bob@example.com"})
    hub.send(POS | {"email": "ann@example.org"})
    hub.send(BOB | {"email": "ann@example.com"})

    (reversal,) = hub.undo((ann, 2))

    assert [hub.people[id_].fields["email"] for id_ in (ann, bob)] == ["ann@example.org", "ann@example.com"]
    assert [(one.code, one.pointer, one.holder) for one in reversal.kept] == [("kept_key_taken", "/email", bob)]
    assert reversal.change.reverts.excepted == ("/email",)
    assert hub.undo((bob, 2))[0].outcome.kind == "updated"
    (again,) = hub.undo((ann, 2))
    assert (again.outcome.kind, hub.people[ann].fields["email"]) == ("updated", "ann@example.com")


def test_keys_that_went_from_one_to_the_other_go_back_by_themselves():
    hub, ann, bob = two({"email": "ann@example.com"}, {"email": "bob@example.com"})
    hub.send(
        POS | {"email": "free@example.com"},
        BOB | {"email": "ann@example.com"},
        POS | {"email": "bob@example.com"},
    )

    reversals = hub.undo((ann, 3), (bob, 2), (ann, 2))

    assert [hub.people[id_].fields["email"] for id_ in (ann, bob)] == ["ann@example.com", "bob@example.com"]
    assert [one.kept for one in reversals] == [(), (), ()]


@pytest.mark.parametrize(
    "key", [{"email": "ann@example.com"}, {"mobile_phone": "+61404123121"}, {"identities": POS["identities"]}]
)
def test_ended_profile_does_not_come_back_beside_somebody_with_a_key_of_it(key):
    hub = Memory()
    hub.send(POS | {"email": "ann@example.com", "mobile_phone": "+61404123121"})
    (ann,) = hub.people
    hub.undo((ann, 1))
    hub.send({"identities": [{"handle": "till", "identifier": "1"}], **key}, criteria=("pos", "till"))
    other = max(hub.people)

    (reversal,) = hub.undo((ann, 2))

    assert [error.code for error in reversal.outcome.errors] == ["claimed_elsewhere"]
    assert (hub.people[ann].version, len(hub.rows[ann])) == (2, 2)
    hub.undo((other, 1))
    assert hub.undo((ann, 2))[0].outcome.kind == "updated"
    assert hub.people[ann].fields["email"] == "ann@example.com"


def test_address_does_not_come_back_under_a_name_that_another_one_has():
    hub = Memory()
    hub.send(POS)
    hub.send(POS | addresses(HOME))
    (id_,) = hub.people
    hub.undo((id_, 2))
    hub.send(POS | addresses(WORK | {"external_id": "h"}))

    (reversal,) = hub.undo((id_, 3))

    assert seen(hub)[1] == {"addresses/h": DEFAULT}
    assert [(one.code, one.pointer) for one in reversal.kept] == [
        ("kept_key_taken", f"/addresses/{UUID(int=2_001)}"),
        ("kept_newer", "/addresses"),
    ]


# --- References, and what is unclear -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "then", "gone", "register"),
    [
        ({"statuses": ["gold"]}, {"statuses": []}, "status", "/statuses/gold"),
        ({"joined_location_external_id": "SYD"}, {"joined_location_id": None}, "location", "/joined_location_id"),
        (member(role_definition_id=1), member(role_definition_id=None), "role", "/organisations/acme/role"),
    ],
)
def test_what_refers_to_what_is_gone_stays_as_it_is(first, then, gone, register):
    hub = Memory()
    hub.send(POS | first)
    hub.send(POS | then)
    (id_,) = hub.people
    before = seen(hub)
    hub.references = {name: value for name, value in REFERENCES.items() if name.kind != gone}

    (reversal,) = hub.undo((id_, 2))

    assert [(one.code, one.pointer) for one in reversal.kept] == [("kept_reference_gone", register)]
    assert seen(hub) == before
    hub.references = REFERENCES
    assert hub.undo((id_, 2))[0].outcome.kind == "updated"
    assert seen(hub) != before


def test_what_is_not_as_the_ledger_says_stays_as_it_is():
    hub = Memory()
    hub.send(POS | company("A") | {"title": "Dr"})
    hub.send(POS | company("B") | {"title": "Prof"})
    (id_,) = hub.people
    hub.people[id_].fields["company"] = "by hand"

    (reversal,) = hub.undo((id_, 2))

    assert seen(hub)[0] == {"company": "by hand", "title": "Dr"}
    assert [(one.code, one.pointer) for one in reversal.kept] == [("kept_unclear", "/company")]


# --- Consent -------------------------------------------------------------------------------------------------------

FLAGS = [
    (f"{channel}_{flag}", tight)
    for channel in ("email", "sms", "push", "phone", "post")
    for flag, tight in (("promo", False), ("optout", True), ("bounced", True))
]


@pytest.mark.parametrize(("flag", "tight"), FLAGS)
def test_flag_of_consent_does_not_loosen_unless_asked(flag, tight):
    hub = Memory()
    hub.send(POS | comms(**{flag: not tight}))
    hub.send(POS | comms(**{flag: tight}) | company("B"))
    (id_,) = hub.people

    (reversal,) = hub.undo((id_, 2))

    assert seen(hub)[0] == {f"comms/{flag}": tight}
    assert reversal.change.reverts.excepted == (f"/comms/{flag}",)
    assert hub.undo((id_, 2))[0].change is None
    hub.undo((id_, 2), options=UndoOptions(loosen_consent=True))
    assert seen(hub)[0] == {f"comms/{flag}": not tight}


@pytest.mark.parametrize(("flag", "tight"), FLAGS)
def test_flag_of_consent_tightens_always(flag, tight):
    hub = Memory()
    hub.send(POS | comms(**{flag: tight}))
    hub.send(POS | comms(**{flag: not tight}), by_staff=True)
    (id_,) = hub.people

    (reversal,) = hub.undo((id_, 2))

    assert (seen(hub)[0], reversal.kept) == ({f"comms/{flag}": tight}, ())


def test_consent_time_and_effective_time_stay_with_a_flag_that_stays():
    early, late = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    hub = Memory()
    hub.send(POS | comms(email_promo=True, email_consent_updated_at=early, sms_consent_updated_at=early))
    hub.send(POS | comms(email_promo=False, email_consent_updated_at=late, sms_consent_updated_at=late))
    (id_,) = hub.people

    (reversal,) = hub.undo((id_, 2))

    assert seen(hub)[0] == {
        "comms/email_promo": False,
        "comms/email_consent_updated_at": late,
        "comms/sms_consent_updated_at": early,
    }
    assert reversal.change.reverts.excepted == ("/comms/email_consent_updated_at", "/comms/email_promo")
    assert hub.people[id_].effective_times == {"comms/email_promo": late}
    hub.undo((id_, 2), options=UndoOptions(loosen_consent=True))
    assert hub.people[id_].effective_times == {"comms/email_promo": early}
    assert seen(hub)[0]["comms/email_consent_updated_at"] == early


def test_profile_does_not_end_for_want_of_the_record_that_brought_the_opt_out():
    hub, id_, _ = take_back_creation(comms(email_optout=True))

    (reversal,) = hub.undo((id_, 2))

    assert seen(hub)[0] == {"company": "A", "comms/email_optout": True}
    assert [(one.code, one.pointer) for one in reversal.kept] == [("kept_consent", "/comms/email_optout")]
    assert hub.undo((id_, 2), options=UndoOptions(loosen_consent=True))[0].ends
