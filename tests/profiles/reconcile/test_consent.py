"""Consent never loosens by accident (rules 5): the rule as tables, and as properties of whole histories."""

import datetime as dt
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.reconcile import State, reconcile
from profiles.reconcile.consent import unite_comms
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
JAN, FEB, MAR, APR = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3, 4))
RECEIVED = "2026-06-01T12:00:00Z"
TIME = "email_consent_updated_at"
HOME = {"address_line_1": "1 Main St", "city": "Perth", "postcode": "6000", "country": "AU"}
NUMBERS = itertools.count()
WORK = {**HOME, "address_line_1": "2 Side St"}


def apply(before, record, *, kind=CauseKind.BATCH, is_explicit=False, now=NOW, received_at=None):
    """Return what the record makes of the state."""
    draft = replace(parse_record(record, cause=Cause(kind)), is_explicit=is_explicit)
    return reconcile(before, draft, now=now, received_at=received_at, new_id=lambda _: f"address {next(NUMBERS):06}")


def state_of(stored, times):
    """Return a profile with these comms and effective times; `None` is nobody yet."""
    if stored is None:
        return None
    return State(
        {f"comms/{name}": value for name, value in stored.items()},
        effective_times={f"comms/{name}": time for name, time in times.items()},
    )


def decide(stored, times, sent, **options):
    """Return the comms and effective times after a record, and the codes of warnings and errors by member."""
    done = apply(state_of(stored, times), {"comms_attributes": sent}, **options)
    comms = {name[6:]: value for name, value in done.after.fields.items() if name.startswith("comms/")}
    told = {one.pointer.removeprefix("/comms_attributes/"): one.code.value for one in (*done.warnings, *done.errors)}
    return comms, {name[6:]: time for name, time in done.after.effective_times.items()}, told


TIGHT_AND_LOOSE = [
    ("promo", False, True),
    ("promo", False, None),
    ("optout", True, False),
    ("optout", True, None),
    ("bounced", True, False),
    ("bounced", True, None),
]


# --- Email and sms: what loosens ---------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("word", TIGHT_AND_LOOSE)
@pytest.mark.parametrize("kind", list(CauseKind))
@pytest.mark.parametrize("time", [None, JAN, FEB])
def test_loosening_without_a_newer_time_is_skipped(channel, word, kind, time):
    flag, tight, loose = word
    name, consent_time = f"{channel}_{flag}", f"{channel}_consent_updated_at"
    stored = {name: tight, consent_time: FEB}
    sent = {name: loose} | ({consent_time: time} if time else {})

    comms, times, told = decide(stored, {name: FEB}, sent, kind=kind)

    assert (comms, times) == (stored, {name: FEB})
    older = {consent_time: "consent_older"} if time else {}
    assert told == {name: "consent_not_loosened"} | older


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize(("flag", "tight", "loose"), TIGHT_AND_LOOSE)
def test_newer_time_loosens(channel, flag, tight, loose):
    name, consent_time = f"{channel}_{flag}", f"{channel}_consent_updated_at"

    done = decide({name: tight}, {name: FEB}, {name: loose, consent_time: MAR})

    assert done == ({name: loose, consent_time: MAR}, {name: MAR}, {})


@pytest.mark.parametrize(("flag", "tight", "loose"), TIGHT_AND_LOOSE)
@pytest.mark.parametrize("is_new", [True, False])
def test_untimed_refusal_stands_against_older_dated_consent(flag, tight, loose, is_new):
    name = f"email_{flag}"
    refused = apply(None if is_new else State({"first_name": "Ann"}), {"comms_attributes": {name: tight}}).after

    done = apply(refused, {"comms_attributes": {name: loose, TIME: APR}}, now=NOW + dt.timedelta(days=1))

    assert done.after.fields[f"comms/{name}"] is tight
    assert done.after.effective_times == {f"comms/{name}": RECEIVED}
    assert done.after.fields.get(f"comms/{TIME}") is None
    assert [one.code.value for one in done.warnings] == ["consent_not_loosened", "consent_older"]


@pytest.mark.parametrize(("flag", "tight", "loose"), TIGHT_AND_LOOSE)
def test_untimed_refusal_comes_after_dated_consent(flag, tight, loose):
    name = f"email_{flag}"
    stored = {name: loose, TIME: APR}

    done = decide(stored, {name: APR}, {name: tight})

    assert done == ({name: tight, TIME: APR}, {name: RECEIVED}, {})


@pytest.mark.parametrize(
    ("received_at", "promo"),
    [
        pytest.param(dt.datetime(2026, 3, 1, tzinfo=dt.UTC), True, id="received before the consent, worked off after"),
        pytest.param(dt.datetime(2026, 5, 1, tzinfo=dt.UTC), False, id="received after it"),
    ],
)
def test_untimed_refusal_is_of_the_time_it_was_received(received_at, promo):
    comms, times, told = decide(
        {"email_promo": True}, {"email_promo": APR}, {"email_promo": False}, received_at=received_at
    )

    assert comms == {"email_promo": promo}
    assert times == {"email_promo": APR if promo else "2026-05-01T00:00:00Z"}
    assert told == ({"email_promo": "consent_older"} if promo else {})


def test_consent_by_a_clock_ahead_does_not_outlive_a_refusal_received_after_it():
    ahead = "2026-06-01T12:04:00Z"
    consented = apply(None, {"comms_attributes": {"email_promo": True, TIME: ahead}}).after

    refused = apply(consented, {"comms_attributes": {"email_promo": False}}, now=NOW + dt.timedelta(minutes=1)).after
    again = apply(refused, {"comms_attributes": {"email_promo": True, TIME: ahead}}).after

    assert refused.fields["comms/email_promo"] is False
    assert again.fields["comms/email_promo"] is False


@pytest.mark.parametrize("kind", list(CauseKind))
@pytest.mark.parametrize(
    ("stored", "sent", "expected"),
    [
        pytest.param((None, {}), {"email_promo": True}, ({"email_promo": True}, {}), id="where nothing is decided"),
        pytest.param(
            ({"email_promo": None}, {}), {"email_promo": True}, ({"email_promo": True}, {}), id="null is not decided"
        ),
        pytest.param(
            ({"email_promo": True}, {}),
            {"email_promo": None},
            ({"email_promo": None}, {}),
            id="null clears a loose flag",
        ),
        pytest.param(
            ({"email_promo": True}, {"email_promo": MAR}),
            {"email_promo": None},
            ({"email_promo": None}, {"email_promo": MAR}),
            id="which moves no time",
        ),
        pytest.param(
            ({"email_promo": True}, {"email_promo": MAR}),
            {"email_promo": True},
            ({"email_promo": True}, {"email_promo": MAR}),
            id="nor does saying it again",
        ),
        pytest.param(
            ({"email_promo": True}, {}),
            {"email_promo": False, TIME: JAN},
            ({"email_promo": False, TIME: JAN}, {"email_promo": JAN}),
            id="any tightening comes after it",
        ),
        pytest.param(
            ({"email_promo": True, TIME: MAR}, {}),
            {"email_promo": False, TIME: JAN},
            ({"email_promo": False, TIME: MAR}, {"email_promo": JAN}),
            id="whatever another flag's time is",
        ),
        pytest.param(
            ({"email_promo": True}, {}),
            {"email_promo": True, TIME: JAN},
            ({"email_promo": True, TIME: JAN}, {"email_promo": JAN}),
            id="said again with a time it has one",
        ),
    ],
)
def test_untimed_consent(kind, stored, sent, expected):
    comms, times, told = decide(*stored, sent, kind=kind)

    assert (comms, times) == expected
    assert told in ({}, {TIME: "consent_older"})


@pytest.mark.parametrize(
    ("stored", "sent", "expected", "told"),
    [
        pytest.param((True, FEB), {"email_promo": False, TIME: MAR}, (False, MAR), {}, id="newer tightens"),
        pytest.param((True, FEB), {"email_promo": False, TIME: FEB}, (False, FEB), {}, id="equal: the tighter wins"),
        pytest.param(
            (True, FEB),
            {"email_promo": False, TIME: JAN},
            (True, FEB),
            {"email_promo": "consent_older", TIME: "consent_older"},
            id="older does not",
        ),
        pytest.param(
            (None, FEB), {"email_promo": True, TIME: FEB}, (True, FEB), {}, id="equal and loose: a word, not none"
        ),
        pytest.param(
            (True, FEB),
            {"email_promo": None, TIME: FEB},
            (True, FEB),
            {"email_promo": "consent_older", TIME: "consent_older"},
            id="in either order",
        ),
        pytest.param((False, FEB), {"email_promo": False, TIME: MAR}, (False, MAR), {}, id="said again later"),
        pytest.param((False, FEB), {"email_promo": False}, (False, RECEIVED), {}, id="said again without a time"),
        pytest.param((False, MAR), {"email_promo": False, TIME: FEB}, (False, MAR), {}, id="said again of old"),
        pytest.param((True, FEB), {"email_promo": True, TIME: MAR}, (True, MAR), {}, id="consent said again later"),
    ],
)
def test_decisions_and_their_times(stored, sent, expected, told):
    value, time = stored

    comms, times, found = decide({"email_promo": value}, {"email_promo": time}, sent)

    assert (comms["email_promo"], times["email_promo"]) == expected
    assert found == told


def test_each_flag_has_its_own_time():
    stored = {"email_promo": False, "email_optout": True, TIME: MAR}

    done = decide(
        stored, {"email_promo": MAR, "email_optout": JAN}, {"email_promo": True, "email_optout": False, TIME: FEB}
    )

    assert done == (
        {"email_promo": False, "email_optout": False, TIME: MAR},
        {"email_promo": MAR, "email_optout": FEB},
        {"email_promo": "consent_not_loosened", TIME: "consent_older"},
    )


# --- The consent time everybody sees -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "sent", "expected", "told"),
    [
        pytest.param({TIME: FEB}, {TIME: None}, FEB, {}, id="null never clears it"),
        pytest.param({TIME: FEB}, {"email_promo": False}, FEB, {}, id="an untimed decision leaves it"),
        pytest.param({TIME: FEB}, {TIME: JAN}, FEB, {TIME: "consent_older"}, id="an older one leaves it"),
        pytest.param({TIME: FEB}, {TIME: FEB}, FEB, {}, id="the same one"),
        pytest.param({}, {TIME: JAN}, JAN, {}, id="one without a flag"),
        pytest.param(
            {"email_promo": False},
            {"email_promo": True, TIME: FEB},
            None,
            {"email_promo": "consent_not_loosened", TIME: "consent_older"},
            id="it goes with its decision",
        ),
        pytest.param(
            {"email_promo": False},
            {"email_promo": True, "email_optout": True, TIME: FEB},
            FEB,
            {"email_promo": "consent_not_loosened"},
            id="with any of them",
        ),
    ],
)
def test_public_consent_time(stored, sent, expected, told):
    comms, _, found = decide(stored, {"email_promo": MAR} if "email_promo" in stored else {}, sent)

    assert (comms.get(TIME), found) == (expected, told)


@pytest.mark.parametrize(("minutes", "told"), [(4, {}), (5, {}), (6, {"sms_consent_updated_at": "invalid"})])
@pytest.mark.parametrize("is_explicit", [True, False])
def test_time_ahead_of_the_clock(minutes, told, is_explicit):
    time = (NOW + dt.timedelta(minutes=minutes)).isoformat()

    assert decide(None, {}, {"sms_consent_updated_at": time}, is_explicit=is_explicit)[2] == told


# --- Explicit acts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["email", "sms", "push", "phone", "post"])
@pytest.mark.parametrize(("flag", "tight", "loose"), TIGHT_AND_LOOSE)
@pytest.mark.parametrize("time", [MAR, RECEIVED])
def test_explicit_act_loosens_without_a_time(channel, flag, tight, loose, time):
    name = f"{channel}_{flag}"
    is_timed = channel in {"email", "sms"}

    done = decide({name: tight}, {name: time} if is_timed else {}, {name: loose}, is_explicit=True)

    assert done == ({name: loose}, {name: RECEIVED} if is_timed else {}, {})


@pytest.mark.parametrize("time", [JAN, FEB])
def test_explicit_act_that_is_no_newer_is_skipped(time):
    comms, times, told = decide(
        {"email_promo": False}, {"email_promo": FEB}, {"email_promo": True, TIME: time}, is_explicit=True
    )

    assert (comms, times) == ({"email_promo": False}, {"email_promo": FEB})
    assert told == {"email_promo": "consent_not_loosened", TIME: "consent_older"}


def test_explicit_consent_has_the_time_it_was_received():
    consented = decide({"email_promo": None}, {}, {"email_promo": True}, is_explicit=True)
    older = decide({"email_promo": True}, {"email_promo": RECEIVED}, {"email_promo": False, TIME: APR})

    assert consented == ({"email_promo": True}, {"email_promo": RECEIVED}, {})
    assert older[0] == {"email_promo": True}


# --- The other channels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(CauseKind))
@pytest.mark.parametrize("channel", ["push", "phone", "post"])
@pytest.mark.parametrize(("flag", "tight", "loose"), TIGHT_AND_LOOSE)
def test_other_channels_only_tighten(channel, flag, tight, loose, kind):
    name = f"{channel}_{flag}"
    # A time of another channel says nothing about them.
    assert decide({name: tight}, {}, {name: loose, TIME: APR}, kind=kind) == (
        {name: tight, TIME: APR},
        {},
        {name: "consent_not_loosened"},
    )
    assert decide({name: loose}, {}, {name: tight}, kind=kind) == ({name: tight}, {}, {})
    assert decide({name: None}, {}, {name: loose}, kind=kind) == ({name: loose}, {}, {})


def test_categories_are_plain_values():
    assert decide({"email_discover": False}, {}, {"email_discover": True}) == ({"email_discover": True}, {}, {})


# --- What tells of an address ------------------------------------------------------------------------------------


def told_of_address(state):
    return {
        name.removeprefix("comms/"): value
        for name, value in state.fields.items()
        if name.endswith(("_bounced", "_verification"))
    }


BOUNCED = {
    "email_bounced": True,
    "email_verification": "verified",
    "email_optout": True,
    "sms_bounced": True,
    "sms_verification": "failed",
    "phone_bounced": True,
    "phone_verification": "sent",
    "post_bounced": True,
    "post_verification": "sent",
    "push_bounced": True,
}
FRESH_MOBILE = {"sms_bounced": None, "sms_verification": None, "phone_bounced": None, "phone_verification": None}


@pytest.mark.parametrize(
    ("record", "changed"),
    [
        pytest.param(
            {"email": "new@example.com"}, {"email_bounced": None, "email_verification": None}, id="another email"
        ),
        pytest.param({"email": "Ann@EXAMPLE.com"}, {}, id="the same email"),
        pytest.param({"mobile_phone": "+61404123122"}, FRESH_MOBILE, id="another mobile"),
        pytest.param({"mobile_phone": "+61 404 123 121"}, {}, id="the same mobile"),
        pytest.param({"mobile_phone": None}, {}, id="no mobile"),
        pytest.param(
            {"addresses": [{**WORK, "is_default": True}]},
            {"post_bounced": None, "post_verification": None},
            id="another default address",
        ),
        pytest.param({"addresses": [WORK]}, {}, id="another address beside it"),
        pytest.param(
            {"addresses": [{**HOME, "city": " PERTH", "external_id": "h", "notes": "ring"}]}, {}, id="the same address"
        ),
        pytest.param(
            {"email": "new@example.com", "comms_attributes": {"email_bounced": True}},
            {"email_verification": None},
            id="bounced by the record itself",
        ),
        pytest.param(
            {"email": "new@example.com", "comms_attributes": {"email_bounced": False, "email_verification": "sent"}},
            {"email_bounced": False, "email_verification": "sent"},
            id="not bounced by the record itself",
        ),
        pytest.param({"company": "Acme"}, {}, id="nothing of it"),
    ],
)
@pytest.mark.parametrize("kind", [CauseKind.BATCH, CauseKind.ADMIN])
def test_new_address_starts_unbounced_and_unverified(record, changed, kind):
    before = apply(
        None,
        {
            "email": "ann@example.com",
            "mobile_phone": "+61404123121",
            "addresses": [HOME],
            "comms_attributes": BOUNCED,
        },
    ).after

    done = apply(before, record, kind=kind)

    told = {name: value for name, value in BOUNCED.items() if name != "email_optout"}
    assert told_of_address(done.after) == told | changed
    assert done.after.fields["comms/email_optout"] is True
    forgotten = {name for name in ("email_bounced", "sms_bounced") if changed.get(name, True) is not True}
    assert {name[6:] for name in before.effective_times.keys() - done.after.effective_times.keys()} == forgotten
    assert done.warnings == ()


@pytest.mark.parametrize(
    ("channel", "record"),
    [
        ("email", {"email": "a@example.com"}),
        ("sms", {"mobile_phone": "+61404123121"}),
        ("post", {"addresses": [HOME]}),
    ],
)
def test_first_address_starts_afresh_too(channel, record):
    before = State({f"comms/{channel}_bounced": True, f"comms/{channel}_verification": "failed"})

    after = apply(before, record).after

    assert told_of_address(after) == {f"{channel}_bounced": None, f"{channel}_verification": None}


# --- Two places for one thing ------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("place", ["attributes", "comms_attributes"])
def test_time_in_one_place_is_not_cleared_by_null_in_the_other(place):
    comms, attributes = {"email_promo": False, TIME: FEB}, {TIME: None}
    if place == "attributes":
        comms, attributes = {"email_promo": False, TIME: None}, {TIME: FEB}

    draft = parse_record({"comms_attributes": comms, "attributes": {"comms": attributes}}, cause=Cause(CauseKind.API))

    assert draft.fields == {"comms/email_promo": False, f"comms/{TIME}": FEB}
    assert draft.warnings == ()


# --- Whole histories ---------------------------------------------------------------------------------------------

CHANNELS = ("email", "sms", "push", "phone", "post")
SOME_TIMES = (None, None, JAN, FEB, MAR, "2026-03-01T00:00:00.500000Z")
words = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(("email", "email", "sms", "post")),
        "flag": st.sampled_from(("promo", "optout", "bounced")),
        "value": st.sampled_from((True, False, None)),
        "time": st.sampled_from(SOME_TIMES),
        "kind": st.sampled_from(list(CauseKind)),
        "is_explicit": st.sampled_from((False, False, True)),
        "is_same_moment": st.booleans(),
    }
)
RANK = {"promo": {False: 2, True: 1, None: 0}, "optout": {True: 2, False: 1, None: 0}}
RANK["bounced"] = RANK["optout"]


def heard(history):
    """Return the state after the words of the history, and each with the moment it was received at."""
    state, moment, received = State({"first_name": "Ann"}), NOW, []
    for number, word in enumerate(history):
        # Words of one batch are received at once; nobody acts by hand at the very moment of another.
        if not word["is_same_moment"] or word["is_explicit"] or (number and history[number - 1]["is_explicit"]):
            moment += dt.timedelta(days=1)
        comms = {f"{word['channel']}_{word['flag']}": word["value"]}
        if word["channel"] in {"email", "sms"}:
            comms[f"{word['channel']}_consent_updated_at"] = word["time"]
        record = {"comms_attributes": comms}
        state = apply(state, record, kind=word["kind"], is_explicit=word["is_explicit"], now=moment).after
        received.append((word, moment))
    return state, received


def known(state):
    """Return the fields that have a value."""
    return {name: value for name, value in state.fields.items() if value is not None}


@given(st.lists(words, min_size=1, max_size=12))
def test_latest_decision_stands_the_tighter_first(history):
    state, received = heard(history)

    for channel in ("email", "sms"):
        for flag, rank in RANK.items():
            said = [
                (dt.datetime.fromisoformat(word["time"]) if word["time"] else moment, rank[word["value"]])
                for word, moment in received
                if (word["channel"], word["flag"]) == (channel, flag)
                # An untimed consent is set only where nothing is decided, and yields to any tightening.
                and (word["time"] or word["is_explicit"] or rank[word["value"]] == 2)
            ]
            name = f"comms/{channel}_{flag}"
            is_tight = rank[state.fields.get(name)] == 2
            assert is_tight is (bool(said) and max(said)[1] == 2)
            time = state.effective_times.get(name)
            assert (time and dt.datetime.fromisoformat(time)) == (max(said)[0] if said else None)


@given(st.lists(words, min_size=1, max_size=12))
def test_other_channels_tighten_and_loosen_by_explicit_acts_only(history):
    state, _ = heard(history)

    for flag, rank in RANK.items():
        is_tight = False
        for word in history:
            if (word["channel"], word["flag"]) == ("post", flag):
                is_tight = rank[word["value"]] == 2 or (is_tight and not word["is_explicit"])
        assert (rank[state.fields.get(f"comms/post_{flag}")] == 2) is is_tight


@given(st.lists(words.filter(lambda word: word["time"]), min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_timed_decisions_may_come_in_any_order(history, random):
    history = [{**word, "channel": "email"} for word in history]
    state, _ = heard(history)
    other = list(history)
    random.shuffle(other)

    shuffled, _ = heard(other)

    assert known(shuffled) == known(state)
    assert shuffled.effective_times == state.effective_times


def told_again(state, history, *, now):
    """Return the state after the words of the history came once more, in one batch."""
    for word in history:
        comms = {f"{word['channel']}_{word['flag']}": word["value"]}
        if word["time"] and word["channel"] != "post":
            comms[f"{word['channel']}_consent_updated_at"] = word["time"]
        state = apply(state, {"comms_attributes": comms}, now=now).after
    return state


def tight_flags(fields):
    """Return the flags that keep us from sending."""
    names = {f"comms/{channel}_{flag}": flag for channel in CHANNELS for flag in RANK}
    return {name for name, flag in names.items() if RANK[flag][fields.get(name)] == 2}


@given(st.lists(words, min_size=1, max_size=8))
def test_history_told_again_at_once_loosens_nothing(history):
    state, received = heard(history)

    again = told_again(state, history, now=received[-1][1] + dt.timedelta(days=1))

    assert tight_flags(state.fields) <= tight_flags(again.fields)


@given(st.lists(words, min_size=1, max_size=6), st.lists(words, min_size=1, max_size=6))
def test_merge_is_the_tighter_flag_and_the_newest_time(ours, theirs):
    survivor, merged = heard(ours)[0], heard(theirs)[0]

    fields, times = unite_comms(merged, survivor)

    assert tight_flags(fields) == tight_flags(survivor.fields) | tight_flags(merged.fields)
    both = [state.effective_times for state in (survivor, merged)]
    assert times == {
        name: max((known[name] for known in both if name in known), key=dt.datetime.fromisoformat)
        for name in both[0].keys() | both[1].keys()
    }
    again = told_again(State(fields, {}, times), [*theirs, *ours], now=NOW + dt.timedelta(days=99))
    assert tight_flags(fields) <= tight_flags(again.fields)
