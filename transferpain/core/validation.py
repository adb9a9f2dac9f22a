"""What is wrong with a file of settings, in one line that names the key."""

import difflib
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from transferpain.core.errors import UserError


def validate(schema: type[BaseModel], values: dict[str, Any], path: Path):
    """Check `values` against `schema`; the first fault becomes one line that names the key."""
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{path}: {describe_fault(error, values, schema)}") from error


def describe_fault(error: ValidationError, values: dict[str, Any], schema: type[BaseModel]) -> str:
    """Return one line on the first fault: the dotted key, the rule, what was received."""
    fault = error.errors()[0]
    key = dotted_key(fault["loc"], values)
    if fault["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        near = difflib.get_close_matches(key.split(".")[-1], all_keys(schema), n=1)
        return f"`{key}` is not a known key." + (f" Did you mean `{near[0]}`?" if near else "")
    if fault["type"] == "missing":
        return f"`{key}` is missing."
    if fault["type"] == "value_error":
        prefix = f"`{key}`: " if key else ""
        return prefix + str(fault["ctx"]["error"])
    return f"`{key}`: {fault['msg'].removesuffix('.')}. Received: {fault['input']!r}"


def dotted_key(location: tuple[int | str, ...], values: Any) -> str:
    """Return the key as the file spells it: pydantic adds the chosen `kind` to the path, the file does not."""
    parts = []
    for position, part in enumerate(location):
        last = position == len(location) - 1
        inside = (isinstance(values, dict) and part in values) or (isinstance(values, list) and isinstance(part, int))
        if inside or last:
            parts.append(str(part))
        if inside:
            values = values[part]
    return ".".join(parts)


@cache
def all_keys(schema: type[BaseModel]) -> tuple[str, ...]:
    """Return every key that a schema knows at any depth, to suggest the nearest one."""
    description = schema.model_json_schema()
    parts = [description, *description.get("$defs", {}).values()]
    return tuple(key for part in parts for key in part.get("properties", {}))
