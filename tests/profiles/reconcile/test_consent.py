"""Consent never loosens by accident (design 3.5): the rule as tables, and as a property."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.reconcile import State, reconcile
from profiles.reconcile.consent import is_tight
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
OLDER, STORED, NEWER = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"


def decide(stored, sent, *, kind=CauseKind.BATCH, now=NOW):
    """Return the comms after a record, and the codes of warnings and errors."""
    before = State({f"comms/{name}": value for name, value in stored.items()}) if stored is not None else None
    draft = parse_record({"comms_attributes": sent}, cause=Cause(kind))
    done = reconcile(before, draft, now=now, new_id=lambda: pytest.fail("nothing is created"))
    comms = {name[6:]: value for name, value in done.after.fields.items() if name.startswith("comms/")}
    return comms, [(one.code.value, one.pointer) for one in (*done.warnings, *done.errors)]


@pytest.mark.parametrize("time", [None, OLDER, STORED])
@pytest.mark.parametrize(
    ("flag", "tight", "loose"),
    [
        ("email_promo", False, True),
        ("email_promo", False, None),
        ("email_optout", True, False),
        ("email_optout", True, None),
        ("email_bounced", True, False),
        ("sms_promo", False, True),
        ("sms_optout", True, False),
        ("sms_bounced", True, None),
    ],
)
def test_loosening_without_a_newer_time_is_skipped(flag, tight, loose, time):
    times = f"{flag.split('_')[0]}_consent_updated_at"
    sent = {flag: loose} | ({times: time} if time else {})

    comms, told = decide({flag: tight, times: STORED}, sent)

    assert comms == {flag: tight, times: STORED}
    assert ("consent_not_loosened", f"/comms_attributes/{flag}") in told


@pytest.mark.parametrize(
    ("stored", "sent", "expected"),
    [
        pytest.param(
            {"email_promo": False, "email_consent_updated_at": STORED},
            {"email_promo": True, "email_consent_updated_at": NEWER},
            {"email_promo": True, "email_consent_updated_at": NEWER},
            id="a newer decision loosens",
        ),
        pytest.param(
            {"email_promo": False},
            {"email_promo": True, "email_consent_updated_at": OLDER},
            {"email_promo": True, "email_consent_updated_at": OLDER},
            id="a dated decision loosens an undated one",
        ),
        pytest.param(
            {"email_promo": True, "email_consent_updated_at": STORED},
            {"email_promo": False},
            {"email_promo": False, "email_consent_updated_at": STORED},
            id="tightening needs no time",
        ),
        pytest.param(
            {"email_promo": True, "email_consent_updated_at": STORED},
            {"email_promo": False, "email_consent_updated_at": STORED},
            {"email_promo": False, "email_consent_updated_at": STORED},
            id="of equal times the tighter wins",
        ),
        pytest.param(
            {"email_promo": None},
            {"email_promo": True},
            {"email_promo": True},
            id="where nothing was decided anything may be",
        ),
        pytest.param(None, {"email_promo": True}, {"email_promo": True}, id="a new profile takes what is sent"),
        pytest.param(
            {"email_consent_updated_at": STORED},
            {"email_consent_updated_at": None},
            {"email_consent_updated_at": STORED},
            id="null never clears a time",
        ),
        pytest.param(
            {"email_promo": True}, {"email_promo": None}, {"email_promo": None}, id="null clears a flag that is loose"
        ),
        pytest.param({"post_promo": True}, {"post_promo": False}, {"post_promo": False}, id="other channels tighten"),
        pytest.param({"email_discover": False}, {"email_discover": True}, {"email_discover": True}, id="categories"),
    ],
)
def test_what_the_rule_allows_is_set(stored, sent, expected):
    assert decide(stored, sent) == (expected, [])


def test_older_tightening_is_skipped():
    stored = {"email_promo": True, "email_consent_updated_at": STORED}

    comms, told = decide(stored, {"email_promo": False, "email_consent_updated_at": OLDER})

    assert comms == stored
    assert sorted(told) == [
        ("consent_older", "/comms_attributes/email_consent_updated_at"),
        ("consent_older", "/comms_attributes/email_promo"),
    ]


@pytest.mark.parametrize("kind", [CauseKind.BATCH, CauseKind.COMMAND])
@pytest.mark.parametrize("channel", ["push", "phone", "post"])
def test_other_channels_do_not_loosen_by_batches(channel, kind):
    comms, told = decide({f"{channel}_optout": True}, {f"{channel}_optout": False}, kind=kind)

    assert comms == {f"{channel}_optout": True}
    assert told == [("consent_not_loosened", f"/comms_attributes/{channel}_optout")]


@pytest.mark.parametrize("kind", [CauseKind.API, CauseKind.ADMIN])
def test_other_channels_loosen_by_api_and_staff(kind):
    assert decide({"post_optout": True}, {"post_optout": False}, kind=kind) == ({"post_optout": False}, [])


@pytest.mark.parametrize(
    ("minutes", "told"),
    [(4, []), (6, [("invalid", "/comms_attributes/sms_consent_updated_at")])],
)
def test_time_ahead_of_the_clock(minutes, told):
    time = (NOW + dt.timedelta(minutes=minutes)).isoformat()

    assert decide(None, {"sms_consent_updated_at": time})[1] == told


def test_comms_attributes_win_over_attributes_comms():
    raw = {
        "comms_attributes": {"sms_promo": False},
        "attributes": {"comms": {"sms_promo": True, "email_promo": True}},
    }

    draft = parse_record(raw, cause=Cause(CauseKind.BATCH))

    assert draft.fields == {"comms/sms_promo": False, "comms/email_promo": True}
    assert [(one.code.value, one.pointer) for one in draft.warnings] == [
        ("comms_disagree", "/comms_attributes/sms_promo")
    ]


times = st.sampled_from([None, OLDER, STORED, NEWER])
flags = st.sampled_from([True, False, None])
records = st.fixed_dictionaries(
    {},
    optional={
        "email_promo": flags,
        "email_optout": flags,
        "email_bounced": flags,
        "sms_promo": flags,
        "post_promo": flags,
        "email_consent_updated_at": times,
        "sms_consent_updated_at": times,
    },
)


@given(st.lists(records, min_size=1, max_size=8))
def test_no_channel_ends_looser_than_the_rule_allows(batches):
    comms = None
    for sent in batches:
        before = comms or {}

        comms, _ = decide(comms, sent)

        for name, value in before.items():
            channel, _, flag = name.partition("_")
            if flag not in {"promo", "optout", "bounced"} or not is_tight(flag, value) or is_tight(flag, comms[name]):
                continue
            # It was loosened: by email or sms only, and by a decision newer than the one stored.
            time = f"{channel}_consent_updated_at"
            assert channel in {"email", "sms"}
            assert sent[time] is not None
            assert before.get(time) is None or sent[time] > before[time]
            assert comms[time] == sent[time]
        for time in ("email_consent_updated_at", "sms_consent_updated_at"):
            assert (comms.get(time) or "") >= (before.get(time) or "")
