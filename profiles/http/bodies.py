"""What a request says, in its body as a model's fields: whatever is wrong is told by its field (rules 8.14)."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from rest_framework.request import Request

from profiles.http.errors import InvalidFieldsError

_Model = TypeVar("_Model", bound=BaseModel)
_MOST_TOLD: Final = 100


def _must_be(what: str) -> Callable[[str, Mapping[str, Any]], str]:
    return lambda name, _: f"The {name} must be {what}."


_SENTENCES: Final[Mapping[str, Callable[[str, Mapping[str, Any]], str]]] = {
    "missing": lambda name, _: f"The {name} field is required.",
    "string_type": _must_be("text"),
    "bool_type": _must_be("true or false"),
    "int_type": _must_be("an integer"),
    "list_type": _must_be("a list"),
    "dict_type": _must_be("an object"),
    "uuid_type": _must_be("an id"),
    "uuid_parsing": _must_be("an id"),
    "string_too_long": lambda name, told: f"The {name} must not be longer than {told['max_length']:,} characters.",
    "too_long": lambda name, told: f"The {name} must not have more than {told['max_length']:,} entries.",
}


_TRUTHS: Final = {"1": True, "true": True, "0": False, "false": False}


def read_flag(request: Request, name: str) -> bool:
    """Return whether a parameter of the address says yes; raises `InvalidFieldsError` for what says neither."""
    asked = request.query_params.getlist(name)
    if not asked:
        return False
    if len(asked) > 1 or asked[0].lower() not in _TRUTHS:
        raise InvalidFieldsError({name: [f"The {name} must be 1 or 0, and stand once."]})
    return _TRUTHS[asked[0].lower()]


def read_fields(request: Request, model: type[_Model]) -> _Model:
    """Return what the body says, an object in JSON; what the model does not know is ignored.

    Raises `InvalidFieldsError`, and what the parser raises.
    """
    body = request.data
    if not isinstance(body, dict):
        raise InvalidFieldsError({"body": ["The body must be an object."]})
    try:
        return model.model_validate(body)
    except ValidationError as failure:
        errors: dict[str, list[str]] = {}
        for fault in failure.errors(include_url=False, include_input=False)[:_MOST_TOLD]:
            name = ".".join(map(str, fault["loc"]))
            errors.setdefault(name, [_sentence(name, fault)])
        raise InvalidFieldsError(errors) from failure


def _sentence(name: str, fault: ErrorDetails) -> str:
    say = _SENTENCES.get(fault["type"])
    return f"The {name} is invalid." if say is None else say(name, fault.get("ctx", {}))


def as_sent(title: str, **example: Any) -> ConfigDict:
    """Return how the OpenAPI document names a body, and one as it may be sent."""
    return ConfigDict(json_schema_extra={"title": title, "examples": [example]})
