"""What is answered where batches refuse something."""

import inspect

import orjson
import pytest

import batches.intake
from batches.api.errors import ANSWERS
from batches.confirming import ConfirmingError
from batches.intake import (
    BodyError,
    EnvelopeError,
    QueueFullError,
    UserQueueFullError,
)
from batches.undoing import NothingToTakeBackError, OvertakenError, TooManyError, UnfinishedError
from profiles.erasing import EraseError, GoneProfileError, StaleEraseError
from profiles.http.errors import add_answers, answer_exception
from profiles.unmerging import UnknownChangeError, UnknownProfileError, UnmergeError


class FullerError(QueueFullError):
    """A kind of refusal that has no answer of its own."""


@pytest.fixture(autouse=True)
def _table():
    add_answers(ANSWERS)


@pytest.mark.parametrize(
    ("error", "status", "body", "retry_after"),
    [
        (BodyError("The body is empty."), 400, {"message": "The body is empty."}, None),
        (
            EnvelopeError({"profiles": ["The profiles must be a list."]}),
            422,
            {"message": "The given data was invalid.", "errors": {"profiles": ["The profiles must be a list."]}},
            None,
        ),
        (ConfirmingError("The batch is no preview."), 409, {"message": "The batch is no preview."}, None),
        (
            UnfinishedError(),
            409,
            {"message": "The batch is not finished, so that it cannot be taken back yet."},
            None,
        ),
        (
            NothingToTakeBackError("Nothing."),
            422,
            {"message": "The given data was invalid.", "errors": {"batch": ["Nothing."]}},
            None,
        ),
        (
            UserQueueFullError(),
            429,
            {"message": "Too many batches of this user are waiting, or too large ones; try again when some are done."},
            "10",
        ),
        (QueueFullError(), 503, {"message": "Too many batches are waiting; try again later."}, "10"),
        (FullerError(), 503, {"message": "A kind of refusal that has no answer of its own."}, "10"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_refusal_is_answered(error, status, body, retry_after):
    answer = answer_exception(error, {})

    assert (answer.status_code, orjson.loads(answer.content)) == (status, body)
    assert answer.headers.get("Retry-After") == retry_after


ERASING = {EraseError, GoneProfileError, StaleEraseError}
UNDOING = {NothingToTakeBackError, OvertakenError, TooManyError, UnfinishedError}
UNMERGING = {UnmergeError, UnknownProfileError, UnknownChangeError}


def test_every_refusal_of_intake_has_its_answer():
    refusals = {getattr(batches.intake, name) for name in batches.intake.__all__}

    others = {ConfirmingError, *UNDOING, *UNMERGING, *ERASING}
    assert {one for one in refusals if inspect.isclass(one)} | others == set(ANSWERS)


def test_what_nobody_foresaw_has_no_answer():
    assert answer_exception(KeyError("x"), {}) is None
