"""Settings laid over others: nested mappings, and the `key=value` of the command line."""

from typing import Any

from transferpain.core.errors import UserError
from transferpain.core.yaml_file import DEEPEST, parse_yaml

SHOWN = 200  # letters of an assignment in a message


def nest(key: str, value: Any) -> dict[str, Any]:
    """Return `{"a": {"b": value}}` for the key `a.b`."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


def parse_overrides(assignments: list[str]) -> dict[str, Any]:
    """Turn `["training.epochs=5"]` into `{"training": {"epochs": 5}}`; values are read as YAML.

    Raises:
        UserError: if an assignment has no `=`, or its value is not YAML.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key or key.count(".") >= DEEPEST:
            raise UserError(
                "An override could not be read.",
                rule="It is written key=value, with dots for nested keys.",
                received=assignment[:SHOWN],
                todo="For example: --set training.epochs=5",
            )
        try:
            value: Any = parse_yaml(text)
        except ValueError as error:
            raise UserError(
                f"The value of `{key}` is not YAML.",
                rule=str(error),
                received=text[:SHOWN],
                todo="Quote it: --set 'key=\"text\"'",
            ) from error
        values = merge(values, nest(key, value))
    return values


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with `over` laid on it; mappings merge key by key, everything else is replaced.

    A nested part of another `kind` or `name` replaces the base's part whole: their keys have nothing in common.
    """
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = merge(below, value) if both and not names_another(below, value) else value
    return merged


def names_another(base: dict[str, Any], over: dict[str, Any]) -> bool:
    """Tell whether `over` chooses another alternative (head, protocol, optimiser, paper) than `base`."""
    return any(key in over and over[key] != base.get(key) for key in ("kind", "name"))
