"""No blocked value ever becomes a key of a stored profile, through whatever door it comes (rules 2.10)."""

import json
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from batches.files import read_slices
from batches.intake import submit_batch
from batches.values import BatchSource
from profiles.models import BlockedValue, Identity, Profile, User
from tests.builders import make_profile, process, process_waiting
from tests.profiles.test_admin import edit
from tests.properties.reference import is_nobodys_email, is_placeholder
from tests.properties.stored import rolled_back
from tests.properties.strategies import EMAILS, IDENTITIES, MOBILES, examples

pytestmark = pytest.mark.django_db

OWN_EMAIL, OWN_MOBILE, OWN_IDENTITY = "info@shop.example", "+61404000999", ("pos", "GUEST")
DIGITS = st.sampled_from(["0", "1", "2", "7", "\uff10", "\u0661", "12", "1234567890"])
SIGNS = st.sampled_from(["", "", "", " ", "-", ".", "/", "(", ")", "+", "\u00a0", "\u2011"])
PLACEHOLDERS = st.builds(
    lambda digit, count, signs, armour: armour.format("".join(sign + digit for sign in signs[:count])),
    DIGITS,
    st.integers(1, 12),
    st.lists(SIGNS, min_size=12, max_size=12),
    st.sampled_from(["{}", "{}", "{}", '="{}"', "'{}", " {} ", "\u202a{}\u202c", "+1{}", "00{}", "+{}"]),
)
PHONES = PLACEHOLDERS | st.sampled_from([*MOBILES, OWN_MOBILE, "+61 (0)404 000-999", "0011 61 404 000 999"])
IDENTIFIERS = PLACEHOLDERS | st.integers(0, 10**12) | st.sampled_from(["GUEST", '="GUEST"', " GUEST", "guest", "7"])
ADDRESSES = st.sampled_from(
    [
        *EMAILS,
        "test@a.example",
        "TEST@a.example",
        "NoEmail@b.example",
        "tester@a.example",
        OWN_EMAIL,
        "Info@Shop.EXAMPLE",
    ]
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "email": ADDRESSES,
        "mobile_phone": PHONES | st.integers(0, 10**12),
        "secondary_phone": PHONES,
        "identities": st.lists(
            st.builds(
                lambda handle, one: {"handle": handle, "identifier": one},
                st.sampled_from(["pos", "shop"]),
                IDENTIFIERS,
            ),
            max_size=3,
        ),
    },
)


@pytest.fixture(autouse=True)
def _own_list(settings):
    settings.PHONE_DEFAULT_COUNTRY = "AU"
    BlockedValue.objects.create(kind="email", exact=OWN_EMAIL)
    BlockedValue.objects.create(kind="mobile", exact=OWN_MOBILE)
    BlockedValue.objects.create(kind="identity", handle="pos", exact="GUEST")


def check_keys():
    """Find no blocked value among the stored keys."""
    for profile in Profile.objects.all():
        assert not is_nobodys_email(profile.email_key)
        assert profile.email_key != OWN_EMAIL
        assert not is_placeholder(profile.mobile_phone)
        assert not is_placeholder(profile.secondary_phone)
        assert profile.mobile_phone != OWN_MOBILE
    for identity in Identity.objects.all():
        assert not is_placeholder(identity.identifier)
        assert (identity.handle, identity.identifier) != OWN_IDENTITY


@examples(60, torture=5_000)
@given(records=st.lists(RECORDS, min_size=1, max_size=6), criteria=st.sampled_from(["email", "pos"]))
def test_batches_store_none(records, criteria):
    process(records, criteria)

    check_keys()


@examples(20, torture=2_000)
@given(records=st.lists(RECORDS, min_size=1, max_size=6))
def test_files_store_none(tmp_path_factory, records):
    path = Path(tmp_path_factory.getbasetemp()) / "blocked.jsonl"
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    for part in read_slices(path, criteria=("email",), size=3):
        submit_batch(body=part.body("email"), source=BatchSource.IMPORT, submitted_by=None)
    process_waiting()

    check_keys()


@examples(20, torture=1_000)
@given(email=ADDRESSES, mobile=PHONES, secondary=PHONES)
def test_staff_store_none(email, mobile, secondary):
    with rolled_back():
        client = Client()
        staff = User.objects.create_superuser("someone", password="a long password")
        client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
        profile = make_profile(identities=[dict(zip(("handle", "identifier"), IDENTITIES[0], strict=True))])

        edit(client, profile, email=email, mobile_phone=mobile, secondary_phone=secondary)

        check_keys()
