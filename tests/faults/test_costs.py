"""What is received, read and processed costs time and memory in proportion to its bytes, whatever it is.

What is sent sixteen times as long may cost a few times sixteen: far more than chance adds on a busy machine, and far
less than the 256 times of what is quadratic. Memory is counted, and judged more closely. Nothing is judged that is too
short to be measured. With HUB_TORTURE=1 sizes between are measured too; `-s` prints the table, as costs per doubling.
"""

import datetime as dt
import gc
import math
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pytest
from django.db import transaction

from batches.bodies import BodyError, EnvelopeError, RecordReader, find_record, read_envelope, record_texts
from profiles.applying import apply_drafts
from profiles.schema import parse_record
from profiles.values import Cause, CauseKind, OutcomeKind, ProfileDraft
from tests.faults.costly import BATCHES, ENVELOPES, HEAVY, PROCESSED, RECORDS, Shape
from tests.faults.hub import TORTURE, times
from tests.profiles.schema.test_types import FIELDS, record_with

pytestmark = pytest.mark.slow

# The power of the size that a cost may be in proportion to; the square is what is to be found.
MOST_POWER_OF_TIME: Final = 1.5
MOST_POWER_OF_MEMORY: Final = 1.2
# Of a body, for each of its bytes; and of the drafts of a batch, which are many small values.
MOST_MEMORY_OF_BODY: Final = 12
MOST_MEMORY_OF_DRAFTS: Final = 150
# What one request may take of a web process to look at a record, where the next may be only another's position.
MOST_TIMES_RECEIVING: Final = 4
# Shorter than that, and smaller, it is chance that is measured.
FLOOR_SECONDS: Final = 0.004
FLOOR_BYTES: Final = 500_000
TRIES: Final = 5
RECORD_SIZES: Final = (15_000, 30_000, 60_000, 120_000, 240_000) if TORTURE else (7_500, 120_000)
BATCH_SIZES: Final = (9_375, 18_750, 37_500, 75_000, 150_000) if TORTURE else (5_000, 80_000)
BODY_SIZES: Final = (550_000, 1_100_000, 2_200_000, 4_400_000, 8_800_000) if TORTURE else (62_500, 1_000_000)
CAUSE: Final = Cause(CauseKind.BATCH, position=0)
NOW: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass
class Cost:
    """What one size of a shape took."""

    size: int
    seconds: float
    memory: int = 0


def receive(body: bytes) -> bool:
    """Check the envelope, as receiving does; return whether the body is a batch."""
    try:
        read_envelope(body)
    except (BodyError, EnvelopeError):
        return False
    return True


def read(body: bytes) -> list[ProfileDraft]:
    """Make drafts of the records, as processing does."""
    reader = RecordReader()
    records = (reader.read(position, text) for position, text in enumerate(record_texts(body)))
    return [parse_record(record.value, cause=CAUSE, flaws=record.flaws) for record in records]


def handle(body: bytes) -> object:
    """Receive and read the body."""
    return receive(body) and read(body)


def least_seconds(work: Callable[[], object], *, tries: int = 3) -> float:
    """Return the least time this process was at it."""
    least, spent = float("inf"), 0.0
    for _ in range(tries):
        began = time.process_time()
        work()
        took = time.process_time() - began
        least, spent = min(least, took), spent + took
        if spent > 0.1:  # long enough to be measured once
            break
    return least


def most_memory(work: Callable[[], object]) -> int:
    """Return how many bytes were taken at most."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def power(costs: Sequence[Cost], what: Callable[[Cost], float], floor: float) -> float:
    """Return the power of the size that the cost is in proportion to; 0 where it is too small to be judged."""
    small, *_, large = costs
    if what(large) <= floor or large.size < 2 * small.size:  # as only so many entries may stand in a list
        return 0.0
    return math.log(what(large) / what(small)) / math.log(large.size / small.size)


def judge(name: str, measure: Callable[[], list[Cost]], *, of: str = "byte") -> list[Cost]:
    """See that cost grows with size as it may, measured again before that is denied; print a line of the table."""
    gc.disable()
    try:
        for _ in range(TRIES):
            costs = measure()
            in_time = power(costs, lambda cost: cost.seconds, FLOOR_SECONDS)
            in_memory = power(costs, lambda cost: cost.memory, FLOOR_BYTES)
            if in_time <= MOST_POWER_OF_TIME and in_memory <= MOST_POWER_OF_MEMORY:
                break
    finally:
        gc.enable()
    last = costs[-1]
    cells = (
        name,
        f"{last.size:,}",
        f"{2**in_time:.2f}" if in_time else "",
        f"{2**in_memory:.2f}" if in_memory else "",
        f"{last.seconds / last.size * 1e9:,.0f} ns",
        f"{last.memory / last.size:.1f} bytes" if last.memory else "",
    )
    print(f"| {' | '.join(cells)} | per {of}")
    assert in_time <= MOST_POWER_OF_TIME, costs
    assert in_memory <= MOST_POWER_OF_MEMORY, costs
    return costs


def costs_of(shape: Shape, sizes: Sequence[int]) -> list[Cost]:
    """Measure a shape, received and read."""
    bodies = map(shape, sizes)
    works = [(len(body), partial(handle, body)) for body in bodies]
    return [Cost(size, least_seconds(work), most_memory(work)) for size, work in works]


@pytest.mark.parametrize("name", RECORDS)
def test_reading_a_record_costs_in_proportion_to_its_bytes(name):
    judge(name, lambda: costs_of(RECORDS[name], RECORD_SIZES))


@pytest.mark.parametrize("name", BATCHES)
def test_reading_a_batch_costs_in_proportion_to_its_bytes(name):
    judge(name, lambda: costs_of(BATCHES[name], BATCH_SIZES))


# A text of one field is short, and can be read and refused in no time at all, whatever it is made of.
SIGNS: Final = (
    *("@", "a@", "a@,", ",", ", ", "a ", "/", "1/", "( ", "(0)", "+", "0-", "a.", "..", "'", ":", "T", "1E", "0.0"),
    *('"', '="', "<", "[", "\\", "#", "xn--", "\u0301a", "\u200b", "\u200d", "\u3000", "\u1f82", "\u0130", ""),
)
MOST_TIMES_PLAIN: Final = 40


@pytest.mark.parametrize(
    "path", {kind: path for path, kind, _ in FIELDS}.values(), ids=lambda path: "/".join(map(str, path))
)
def test_text_of_a_field_costs_little_whatever_it_is_made_of(path):
    def seconds(text):
        began = time.perf_counter()
        parse_record(record_with(path, text), cause=CAUSE)
        return time.perf_counter() - began

    plain = min(seconds("x" * 253) for _ in range(TRIES))
    most = max(FLOOR_SECONDS, MOST_TIMES_PLAIN * plain)
    costly = {(one, other): (one * 127)[:127] + (other * 126)[:126] for one in SIGNS for other in SIGNS}
    for _ in range(TRIES):  # what was slow by chance is not so again
        costly = {signs: text for signs, text in costly.items() if seconds(text) > most}

    assert costly.keys() == set()


@pytest.mark.parametrize("name", ENVELOPES)
def test_receiving_costs_in_proportion_to_bytes(name):
    costs = judge(name, lambda: costs_of(ENVELOPES[name], BODY_SIZES))

    assert costs[-1].memory <= MOST_MEMORY_OF_BODY * costs[-1].size


@pytest.mark.parametrize("name", ENVELOPES)
def test_looking_at_a_record_costs_little_more_than_receiving_its_body(name):
    body = ENVELOPES[name](BODY_SIZES[-1])
    if not receive(body):
        return

    received = least_seconds(lambda: receive(body))

    for position in (0, 2, 499):
        looked_at = least_seconds(lambda position=position: find_record(body, position))
        assert looked_at <= MOST_TIMES_RECEIVING * received + FLOOR_SECONDS


@pytest.mark.parametrize("name", HEAVY)
def test_drafts_of_a_batch_are_not_much_larger_than_the_batch(name):
    body = HEAVY[name](times_record=times(3, 20))

    assert most_memory(lambda: read(body)) <= MOST_MEMORY_OF_DRAFTS * len(body)


# --- Processing --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("name", PROCESSED)
def test_processing_costs_in_proportion_to_what_is_sent_and_stored(name):
    make, sizes = PROCESSED[name]
    judge(
        name,
        lambda: [processed(size, *make(size)) for size in (sizes if TORTURE else sizes[:: len(sizes) - 1])],
        of="entry",
    )


def processed(size: int, stored: Sequence[Sequence[dict[str, Any]]], sent: Sequence[dict[str, Any]]) -> Cost:
    """Measure what is sent, while what is stored is there."""
    with taken_back():
        for records in stored:
            assert all(outcome.kind is not OutcomeKind.REJECTED for outcome in apply(drafts_of(records)))
        drafts = drafts_of(sent)

        def work() -> None:
            with taken_back():
                apply(drafts)

        return Cost(size, least_seconds(work))


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def drafts_of(records: Sequence[dict[str, Any]]) -> list[ProfileDraft]:
    return [
        parse_record(record, cause=Cause(CauseKind.BATCH, position=position))
        for position, record in enumerate(records)
    ]


def apply(drafts: Sequence[ProfileDraft]) -> list[Any]:
    return apply_drafts(drafts, criteria=("email",), now=NOW)
