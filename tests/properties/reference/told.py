"""Where the rules put what they find."""

from dataclasses import dataclass

from profiles.values import ErrorCode, WarningCode


@dataclass(frozen=True)
class Told:
    """Where the rules put what they find."""

    errors: set[tuple[str, str]]
    warnings: set[tuple[str, str]]

    def refuse(self, code: ErrorCode, pointer: str) -> None:
        if not any(known.startswith(pointer) for _, known in self.errors):
            self.errors.add((code.value, pointer))

    def warn(self, code: WarningCode, pointer: str) -> None:
        self.warnings.add((code.value, pointer))


def place(pointer: str) -> str:
    """Return where an error is; a birthday is wrong as a whole, whichever part of it the hub points at."""
    return "/birthday" if pointer.startswith("/birth_") else pointer
