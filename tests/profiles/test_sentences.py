"""Errors that are told to whoever asked."""

import pytest

from batches.bodies.envelope import EnvelopeError
from batches.intake import QueueFullError, UserQueueFullError
from batches.undoing import NothingToTakeBackError, UnfinishedError
from profiles.merging import DifferentPeopleError
from profiles.sentences import ToldError


class FullError(ToldError):
    """There is no room.

    Try again later.
    """


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (FullError(), "There is no room. Try again later."),
        (FullError("The shelf is full."), "The shelf is full."),
        (QueueFullError(), "Too many batches are waiting; try again later."),
        (
            UserQueueFullError(),
            "Too many batches of this user are waiting, or too large ones; try again when some are done.",
        ),
        (EnvelopeError({}), "The given data was invalid."),
        (UnfinishedError(), "The batch is not finished, so that it cannot be taken back yet."),
        (NothingToTakeBackError("A preview has written nothing."), "A preview has written nothing."),
        (DifferentPeopleError(), "Staff have said that the two are different people."),
    ],
)
def test_error_is_a_sentence(error, sentence):
    assert str(error) == sentence
