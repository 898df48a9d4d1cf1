"""What is answered where batches refuse something: the one table of it."""

from typing import Final

from rest_framework.exceptions import NotFound, ParseError

from batches.confirming import ConfirmingError
from batches.intake import (
    BodyError,
    EnvelopeError,
    QueueFullError,
    UserQueueFullError,
)
from batches.undoing import NothingToTakeBackError, OvertakenError, TooManyError, UnfinishedError
from profiles.api.single import StaleError
from profiles.erasing import EraseError, GoneProfileError, StaleEraseError
from profiles.http.errors import Answers, ConflictError, InvalidFieldsError, TooManyRequestsError, UnavailableError
from profiles.unmerging import UnknownChangeError, UnknownProfileError, UnmergeError

ANSWERS: Final[Answers] = {
    BodyError: lambda error: ParseError(str(error)),
    EnvelopeError: lambda error: InvalidFieldsError(error.errors),
    ConfirmingError: lambda error: ConflictError(str(error)),
    UserQueueFullError: lambda error: TooManyRequestsError(str(error), retry_after=error.retry_after),
    UnfinishedError: lambda error: ConflictError(str(error)),
    NothingToTakeBackError: lambda error: InvalidFieldsError({"batch": [str(error)]}),
    TooManyError: lambda error: InvalidFieldsError({"batch": [str(error)]}),
    OvertakenError: lambda error: ConflictError(str(error)),
    UnknownProfileError: lambda error: InvalidFieldsError({"source_profile_id": [str(error)]}),
    UnknownChangeError: lambda error: InvalidFieldsError({"to_merged": [str(error)]}),
    GoneProfileError: lambda _: NotFound(),
    StaleEraseError: lambda _: StaleError(),
    EraseError: lambda error: ConflictError(str(error)),
    UnmergeError: lambda error: ConflictError(str(error)),
    QueueFullError: lambda error: UnavailableError(str(error), retry_after=error.retry_after),
}
