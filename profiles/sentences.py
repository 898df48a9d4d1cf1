"""Errors that are told to whoever asked."""


class ToldError(Exception):
    """Something could not be done, and whoever asked is told why in a sentence.

    Without one of its own an error says what its class does: the docstring is the message.
    """

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or " ".join((type(self).__doc__ or "").split()))
