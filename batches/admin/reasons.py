"""Why a record means whom it means, and what is wrong with it: the tables that tell staff."""

from collections.abc import Sequence
from typing import Any, Final

from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString

from profiles.admin.ledger import cut
from profiles.admin.panels import profile_link
from profiles.desk.lists import label, table
from profiles.desk.parts import part_of
from profiles.models import Profile
from profiles.values import MatchRule, Step, StepResult

LONGEST_SENTENCE: Final = 300

RULES: Final = {
    MatchRule.CRITERION: "the match criterion's value found the profile",
    MatchRule.ROUTED: "no criterion found anybody, another identity of the record did",
    MatchRule.NEW: "nobody had any of the record's keys",
    MatchRule.TARGET: "the profile itself was named",
    "holder": "holds a key that the record also has",
}


def shown_key(key: dict[str, str] | None) -> str:
    """Return a key as people say it: `email sam@example.test`, `pos 7`."""
    if not key:
        return "-"
    if "handle" in key:
        return f"{key['handle']} {key['identifier']}"
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in key.items())


def rule_in_words(rule: str) -> str:
    """Return the rule that decided, in words."""
    return f"{rule}: {RULES[rule]}" if rule else "-"


def first_problem(problems: list[dict[str, str]]) -> SafeString:
    """Return the first of a record's errors, and how many more there are."""
    first, more = problems[0], len(problems) - 1
    sentence = cut(first["message"]) + (f" (+{more})" if more else "")
    return format_html(
        '<span class="block" style="max-width: 28rem" title="{}">{}</span>', cut(first["pointer"]), sentence
    )


def problems_panel(problems: list[dict[str, str]], kind: str, *, asked: QueryDict, name: str) -> dict[str, object]:
    """Return a part of a record's errors or warnings."""
    shown, part = part_of(problems, asked=asked, name=name)
    rows = [
        [
            label(one["code"], kind),
            format_html(
                '<span class="text-xs" style="font-family: monospace">{}</span>', cut(one["pointer"]) or "the record"
            ),
            cut(one["message"], longest=LONGEST_SENTENCE),
        ]
        for one in shown
    ]
    return {"table": table(["Code", "Where", "What"], rows), "part": part}


def considered_panel(considered: list[dict[str, Any]], *, asked: QueryDict) -> dict[str, object]:
    """Return a part of the candidates, with links to those that are still there; one query."""
    shown, part = part_of(considered, asked=asked, name="considered")
    profiles = Profile.objects.in_bulk([one["profile_id"] for one in shown if one["profile_id"]])
    found = {str(profile_id): profile for profile_id, profile in profiles.items()}
    rows = [
        [
            profile_link(found[one["profile_id"]]) if one["profile_id"] in found else one["profile_id"] or "nobody",
            _why_considered(one),
            shown_key(one["key"]),
        ]
        for one in shown
    ]
    return {"table": table(["Profile", "Because", "Key"], rows), "part": part}


def _why_considered(one: dict[str, Any]) -> str:
    rule: str = one["rule"]
    if one["profile_id"] is None:
        return f"nobody was found by {one['criterion']}" if one["key"] else f"the record has no {one['criterion']}"
    return RULES.get(rule, rule)


_STEP_LABELS: Final = {
    StepResult.DECIDES: "success",
    StepResult.APPLIES: "info",
    StepResult.DOES_NOT_APPLY: "",
    StepResult.REFUSES: "danger",
}


def steps_table(steps: Sequence[Step]) -> dict[str, object]:
    """Return the rules that were tried for a record, with what came of each."""
    rows = [[step.rule, label(step.result, _STEP_LABELS[step.result]), step.message] for step in steps]
    return table(["Rule", "Result", "Why"], rows)
