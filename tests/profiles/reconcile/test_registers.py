"""What rows of a ledger wrote, and what was before them."""

import pytest

from profiles import shape
from profiles.reconcile.difference import State
from profiles.reconcile.registers import MemberWrite, RowWrite, Told, fields_of, members_of, read_back, time_register
from profiles.values import Cause, CauseKind, ChangeAction, LedgerRow, Origin


def row(version, changes, action=ChangeAction.UPDATED, times=()):
    cause = Cause(CauseKind.ADMIN)
    return LedgerRow(version, action, changes, cause, at="2026-01-01T00:00:00Z", times=dict(times))


@pytest.mark.parametrize(
    ("name", "together"),
    [
        ("company", ("company",)),
        ("birth_month", ("birth_day", "birth_month", "birth_year")),
        ("comms/terms_accepted_version", ("comms/terms_accepted_at", "comms/terms_accepted_version")),
    ],
)
def test_fields_that_make_sense_together_are_one_register(name, together):
    assert fields_of(name) == together


def test_type_and_value_of_an_attribute_are_one_register():
    assert members_of(shape.CUSTOM_ATTRIBUTES, "value") == ("type", "value")
    assert members_of(shape.ADDRESSES, "notes") == ("notes",)


@pytest.mark.parametrize(
    ("pointer", "register"),
    [("/effective/comms/email_promo", "/comms/email_promo"), ("/source/7/addresses/home", "/addresses/home")],
)
def test_time_is_of_the_register_it_tells_of(pointer, register):
    assert time_register(pointer) == register


def test_changes_are_sorted_by_what_they_are_about():
    told = Told(
        row(
            2,
            {
                "/company": {"from": "A", "to": "B"},
                "/tags/vip": {"to": True},
                "/identities/a~1b/7/is_active": {"from": True, "to": False},
                "/addresses/k/city": {"from": "Perth"},
                "/addresses/k/is_default": {"from": True},
                "/addresses/l/is_default": {"from": False, "to": True},
            },
        )
    )

    assert (set(told.fields), set(told.made), set(told.removed), set(told.changed)) == (
        {"company"},
        {("tags", ("vip",))},
        {("addresses", ("k",))},
        {("identities", ("a/b", "7")), ("addresses", ("l",))},
    )
    assert told.flagged == {"addresses"}
    assert (told.flag_of("addresses", side="from"), told.flag_of("addresses", side="to")) == (("k",), ("l",))


def test_rows_are_read_back_to_what_was_before_them():
    rows = [
        row(2, {"/company": {"from": None, "to": "A"}, "/tags/vip": {"to": True}}),
        row(3, {"/company": {"from": "A", "to": "B"}, "/tags/vip": {"from": True}, "/tags/vip/id": {"from": 5}}),
    ]

    start, writes = read_back(rows, State({"company": "B"}, {"tags": {}}))

    assert start.fields == {"/company": {"company": None}}
    assert start.rows == {("tags", ("vip",)): None}
    assert writes[2].fields == {"/company": {"company": "A"}}
    assert writes[2].rows == {"/tags/vip": RowWrite(("tags", ("vip",)), {}, Origin(5, None))}
    assert writes[3].rows == {"/tags/vip": RowWrite(("tags", ("vip",)), None)}
    assert writes[3].registers == ["/company", "/tags/vip"]


def test_member_is_written_with_those_it_belongs_to():
    place = ("custom_attributes", ("n", "h"))
    rows = [row(2, {"/custom_attributes/n/h/value": {"from": 1, "to": 2}})]
    present = State(collections={"custom_attributes": {("n", "h"): {"type": "integer", "value": 2}}})

    start, writes = read_back(rows, present)

    assert writes[2].members == {"/custom_attributes/n/h/type": MemberWrite(place, {"type": "integer", "value": 2})}
    assert start.rows[place] == {"type": "integer", "value": 1}


def test_row_that_takes_others_back_is_gone_through_and_writes_nothing():
    rows = [
        row(2, {"/company": {"from": None, "to": "A"}}),
        row(3, {"/company": {"from": "A", "to": None}}, ChangeAction.REVERTED),
    ]

    start, writes = read_back(rows, State({"company": None}))

    assert (start.fields, list(writes)) == ({"/company": {"company": None}}, [2])


def test_time_that_a_record_without_a_row_has_moved_is_told_by_itself():
    pointer = "/effective/comms/email_promo"
    rows = [row(2, {}, times={pointer: {"to": "2026-01-01T00:00:00Z"}})]

    start, writes = read_back(rows, State(effective_times={"comms/email_promo": "2026-02-01T00:00:00Z"}))

    assert writes[2].times == {pointer: "2026-01-01T00:00:00Z"}
    assert start.moved == {3: {pointer: "2026-02-01T00:00:00Z"}}
    assert start.times == {pointer: None}
