"""The rules that a task file may use, by the key that names each."""

from typing import Any

from pydantic import ValidationError

from transferpain.core.registry import Registry
from transferpain.core.validation import describe_fault
from transferpain.data.tasks.rules.bins import BinsRule
from transferpain.data.tasks.rules.mapping import MappingRule
from transferpain.data.tasks.rules.rule import LabelRule
from transferpain.data.tasks.rules.votes import VotesRule

RULES: Registry[type[LabelRule]] = Registry("label rule", [MappingRule, BinsRule, VotesRule])


def make_rule(values: Any) -> LabelRule:
    """Return the rule that the keys of a mapping name; keys without a value count as left out.

    Raises:
        ValueError: if they name none, or several, or the rule refuses its values.
    """
    if isinstance(values, LabelRule):
        return values
    if not isinstance(values, dict):
        raise ValueError(f"a rule is a mapping of keys, received {values!r}")
    given = {key: value for key, value in values.items() if value is not None}
    named = [name for name in RULES if name in given]
    if len(named) != 1:
        received = " and ".join(f"`{name}`" for name in named) or "none of them"
        raise ValueError(f"a rule has one of {', '.join(f'`{name}`' for name in RULES)}, received {received}")
    try:
        return RULES[named[0]].model_validate(given)
    except ValidationError as error:
        raise ValueError(describe_fault(error, given, RULES[named[0]])) from error
