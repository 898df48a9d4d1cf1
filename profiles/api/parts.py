"""Parts of a profile, read and written by themselves: the same drafts as for all of it (rules 12.6)."""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final, TypeVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from profiles.api.documents import WRITTEN
from profiles.api.once import IDEMPOTENCY_KEY
from profiles.api.single import (
    DRY_RUN,
    IF_MATCH,
    Document,
    answer_with,
    document_of,
    etag_of,
    find_profile,
    write_draft,
    written_profile,
)
from profiles.http.documents import answers
from profiles.http.permissions import HubView
from profiles.models import Profile
from profiles.values import Outcome, ProfileDraft, RowKey

_Method = TypeVar("_Method", bound=Callable[..., HttpResponse])
Pick = Callable[[Document], Any]
Ask = Callable[[Profile, Document], ProfileDraft]


def described(
    operation_id: str,
    summary: str,
    *,
    description: str = "",
    writes: bool = True,
    asks: type[BaseModel] | None = None,
    more: Collection[int] = (),
    **answer: Any,
) -> Callable[[_Method], _Method]:
    """Return how the OpenAPI document describes a method of a part."""
    if writes:
        answer["ok"] = WRITTEN[answer.get("ok")]
    codes = {308, 404, *more, *((409, 412, 413, 415, 422, 503) if writes else ())}
    describe: Callable[[_Method], _Method] = extend_schema(
        operation_id=operation_id,
        summary=summary,
        description=description,
        tags=["parts of profiles"],
        request=asks,
        parameters=[DRY_RUN, IF_MATCH, *([IDEMPOTENCY_KEY] if "created" in answer else [])] if writes else [],
        responses=answers(*codes, **answer),
    )
    return describe


class PartView(HubView):
    """A part of a profile."""

    required_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "GET": ("read-profiles",),
        **dict.fromkeys(("POST", "PUT", "DELETE"), ("update-profiles",)),
    }

    def answer_part(self, request: Request, profile_id: str, pick: Pick) -> HttpResponse:
        """Answer with what is picked of the profile, which may raise `Http404`."""
        profile = find_profile(request, profile_id)
        if isinstance(profile, HttpResponse):
            return profile
        return Response({"data": pick(document_of(profile))}, headers=etag_of(profile))

    def write_part(
        self,
        request: Request,
        profile_id: str,
        ask: Ask,
        pick: Pick | None,
        *,
        status: int | Callable[[Any, Outcome], int] = HTTPStatus.OK,
        below: str = "",
    ) -> HttpResponse:
        """Write what is asked for by the profile as it is read, and answer with what is picked then, or nothing.

        `ask` may raise `Http404`. `status` may depend on what is picked, and on the outcome. Fields are named from the
        place `below` a record on.
        """
        profile = find_profile(request, profile_id)
        if isinstance(profile, HttpResponse):
            return profile
        draft = ask(profile, document_of(profile))
        outcome = write_draft(request, draft, read=profile, below=below)
        if isinstance(outcome, Response):
            return outcome
        if pick is None:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        profile = written_profile(outcome)
        data = pick(document_of(profile))
        code = status(data, outcome) if callable(status) else status
        return answer_with(data, outcome, profile, status=code, below=below)


def removing(draft: ProfileDraft, collection: str, key: RowKey) -> ProfileDraft:
    """Return the draft that also removes a row."""
    return dataclasses.replace(draft, removals=frozenset({(collection, key)}))


def only_one(draft: ProfileDraft, collection: str) -> RowKey | None:
    """Return the key of the draft's one row of the collection; `None` where what was sent has none."""
    return next(iter(draft.collections.get(collection, {})), None)


READ_ONLY: Final = frozenset({"id", "profile_id", "created_at", "updated_at"})


def without_read_only(body: Mapping[str, Any], current: Mapping[str, Any]) -> Document:
    """Return what is sent of a part and is not as it is read, nor nobody's to write."""
    return {
        name: value
        for name, value in body.items()
        if name not in READ_ONLY
        and not name.endswith("_raw")
        and not (name in current and value == current[name] and type(value) is type(current[name]))
    }
