"""Bodies are kept compressed, and come back byte for byte."""

import pytest
from django.db import connection

from batches.models import BatchBody
from tests.builders import raw_record, submit


@pytest.mark.django_db
def test_body_takes_a_fraction_of_its_size_and_comes_back_whole():
    batch = submit([raw_record(email=f"p{number}@example.com") for number in range(500)])

    with connection.cursor() as cursor:
        cursor.execute("SELECT length(content) FROM batches_batchbody")
        ((stored,),) = cursor.fetchall()

    assert stored < batch.body_size / 5
    assert len(BatchBody.objects.get(batch=batch).content) == batch.body_size
