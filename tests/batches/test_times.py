"""Every time that a record may name, from the batch to what is stored."""

import datetime as dt

import pytest

from batches.models import BatchRecord
from profiles.models import ImportantDate, Organisation, OrganisationMembership, Profile
from tests.builders import process, raw_record

pytestmark = pytest.mark.django_db
STORED = dt.datetime(2020, 5, 5, 15, 20, 32, tzinfo=dt.UTC)
WRITTEN = [
    ("2020-05-05T15:20:32Z", STORED),
    ("2020-05-05T15:20:32+00:00", STORED),
    ("2020-05-05 15:20:32", STORED),
    ("2020-05-06T01:20:32+10:00", STORED),
    ("2020-05-05T09:50:32-05:30", STORED),
    ("2020-05-05T15:20:32.5Z", STORED.replace(microsecond=500_000)),
    ("2020-05-05", STORED.replace(hour=0, minute=0, second=0)),
    ("0001-01-01T00:00:00Z", dt.datetime(1, 1, 1, tzinfo=dt.UTC)),
    (" 2020-05-05T15:20:32Z ", STORED),
]
FUTURE = [(text.replace("2020", "2120"), moment.replace(year=2120)) for text, moment in WRITTEN if moment.year > 1]


def created(**fields):
    """Process one record and return its profile."""
    batch = process([raw_record(**fields)])
    (record,) = BatchRecord.objects.filter(batch=batch)
    assert (record.outcome, record.errors, record.warnings) == ("created", [], [])
    return Profile.objects.get(id=record.profile_id)


@pytest.mark.parametrize(("written", "stored"), WRITTEN)
def test_joined_at_is_stored(written, stored):
    assert created(joined_at=written).joined_at == stored


@pytest.mark.parametrize(("written", "stored"), WRITTEN)
@pytest.mark.parametrize(
    ("field", "beside"),
    [
        ("email_consent_updated_at", {"email_promo": True}),
        ("sms_consent_updated_at", {"sms_promo": True}),
        ("terms_accepted_at", {"terms_accepted_version": "7"}),
    ],
)
def test_time_of_consent_is_stored(field, beside, written, stored):
    for profile in (
        created(comms_attributes={field: written, **beside}),
        created(attributes={"comms": {field: written, **beside}}),
    ):
        assert getattr(profile, field) == stored


@pytest.mark.parametrize(("written", "stored"), FUTURE)
def test_end_of_a_membership_is_stored(written, stored):
    organisation = Organisation.objects.create(handle="acme", name="Acme")

    profile = created(organisations=[{"id": organisation.id, "expires_at": written}])

    assert OrganisationMembership.objects.get(profile=profile).expires_at == stored


@pytest.mark.parametrize(
    ("written", "stored"),
    [("2000-02-29", dt.date(2000, 2, 29)), (" 2000-02-29 ", dt.date(2000, 2, 29)), ("0001-01-01", dt.date(1, 1, 1))],
)
def test_date_that_matters_is_stored(written, stored):
    profile = created(dates_attributes=[{"handle": "birth", "name": "Birth", "date": written}])

    assert ImportantDate.objects.get(profile=profile).date == stored
