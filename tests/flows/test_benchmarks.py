"""The benchmark still finds what it measures: it runs by hand, and would notice too late."""

import pytest

from tests.benchmarks.contenders import CONTENDERS, recording
from tests.benchmarks.records import full_record, load_references
from tests.builders import process

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("contender", sorted(CONTENDERS.keys() - {"copy"}))
def test_contender_writes_what_a_batch_wrote(contender):
    load_references()
    process([full_record(1)])
    with recording() as recorded:
        process([full_record(1, version=1), full_record(2)])

    assert [len(plan.results) for plan in recorded.plans] == [2]
    assert {one.kind for one in recorded.differences} >= {"insert", "update"}
    CONTENDERS[contender]([one for one in recorded.differences if one.kind == "update"])
