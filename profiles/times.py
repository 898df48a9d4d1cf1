"""Times as states and the ledger have them: in UTC; one without a zone is UTC (rules 8.13)."""

import datetime as dt
from typing import Final

CLOCK_TOLERANCE: Final = dt.timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours."""


def utc_text(moment: dt.datetime) -> str:
    """Return a time as states and the ledger write it: `2020-05-05T15:20:32Z`, with microseconds if it has any."""
    return f"{moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat()}Z"


def as_utc(moment: dt.datetime) -> dt.datetime:
    """Return the time in UTC; raises `OverflowError` at the calendar's ends."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
