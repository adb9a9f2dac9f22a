"""What is wrong with a file of settings, in one line that names the key."""

import difflib
import math
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from transferpain.core.errors import UserError
from transferpain.core.faults import meaning
from transferpain.core.spelling import nearest

# The numbers that text may stand for; Python reads more, such as `1_0`, `010` and `inf`.
NUMBER = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?", re.ASCII)
SHOWN = 3
ANY = "*"  # stands for the keys of a mapping that may have any


def validate(schema: type[BaseModel], values: dict[str, Any], path: Path):
    """Check `values` against `schema`; the first fault becomes one line that names the key."""
    try:
        settings = schema.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{path}: {describe_fault(error, values, schema)}") from error
    for fault in misread(values, settings):
        raise UserError(f"{path}: {fault}")
    return settings


def describe_fault(error: ValidationError, values: dict[str, Any], schema: type[BaseModel]) -> str:
    """Return one line on the first fault: the dotted key, the rule, what was received."""
    fault = error.errors()[0]
    key = dotted_key(fault["loc"], values)
    kind, facts = fault["type"], fault.get("ctx", {})
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"`{key}` is not a known key.{_meant_key(key, schema)}"
    if kind == "missing":
        return f"`{key}` is missing."
    if kind == "value_error":
        prefix = f"`{key}`: " if key else ""
        return prefix + str(facts["error"])
    if kind.startswith("union_tag"):
        return _wrong_tag(key, fault)
    if kind == "literal_error":
        return f"`{key}`: known are {facts['expected']}. Received: {_shown(fault['input'])}{_meant_value(fault)}"
    return f"`{key}`: {meaning(fault)}. Received: {_shown(fault['input'])}"


def misread(values: Any, settings: Any, key: str = "") -> Iterator[str]:
    """Yield a line for each value that was taken for a number and is none, or for a number that is not finite.

    Args:
        values: as they stand in the file.
        settings: what was made of them.
    """
    if isinstance(settings, (BaseModel, dict)):
        made_of = settings if isinstance(settings, dict) else _by_key(settings)
        parts = [(one, made_of.get(one)) for one in values] if isinstance(values, dict) else []
    elif isinstance(settings, (list, tuple)):
        same = isinstance(values, (list, tuple)) and len(values) == len(settings)
        parts = list(enumerate(settings)) if same else []
    else:
        if fault := _misread(values, settings):
            yield f"`{key}`: {fault}. Received: {_shown(values)}"
        return
    for one, made in parts:
        yield from misread(values[one], made, f"{key}.{one}" if key else str(one))


def _by_key(settings: BaseModel) -> dict[str, Any]:
    """Return the values of settings by the keys that a file has for them."""
    return {field.alias or name: getattr(settings, name) for name, field in type(settings).model_fields.items()}


def _misread(value: Any, made: Any) -> str:
    if type(made) not in (int, float):
        return ""
    if not math.isfinite(made):
        return "a finite number is meant"
    if isinstance(value, bool) or (isinstance(value, str) and not NUMBER.fullmatch(value)):
        return "a number is meant"
    return ""


def _shown(value: Any) -> str:
    """Return a value as the file spells it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "nothing"}[value]
    return repr(value)


def _meant_key(key: str, schema: type[BaseModel]) -> str:
    """Name the keys that may be meant, with the whole way to them."""
    front, _, last = key.rpartition(".")
    paths = [path.rpartition(".") for path in key_paths(schema)]
    beside = {name: f"{front}.{name}" if front else name for above, _, name in paths if _fits(front, above)}
    anywhere: dict[str, list[str]] = {}
    for above, dot, name in paths:
        if ANY not in above:
            anywhere.setdefault(name, []).append(above + dot + name)
    if last in beside:  # a part of another kind has it
        return f" It goes with another `{front}.kind`."
    if near := difflib.get_close_matches(last, beside, n=1):
        return f" Did you mean `{beside[near[0]]}`?"
    near = difflib.get_close_matches(last, anywhere, n=1)
    named = " or ".join(f"`{path}`" for path in anywhere[near[0]][:SHOWN]) if near else ""
    return f" Did you mean {named}?" if named else ""


def _fits(front: str, above: str) -> bool:
    """Tell whether a key's way is one of the schema's, where a mapping may have any key."""
    there, known = front.split("."), above.split(".")
    return len(there) == len(known) and all(
        ANY in (two, one) or one == two for one, two in zip(there, known, strict=True)
    )


def _wrong_tag(key: str, fault: dict[str, Any]) -> str:
    """Describe a part whose `kind` is missing or unknown."""
    facts = fault["ctx"]
    where = f"{key}.{facts['discriminator'].strip(chr(39))}" if key else facts["discriminator"]
    if "tag" not in facts:
        return f"`{where}` is missing."
    known = re.findall(r"'([^']*)'", facts["expected_tags"])
    near = nearest(str(facts["tag"]), known)
    hint = f"; did you mean `{near}`?" if near else ""
    return f"`{where}`: known are {', '.join(f'`{name}`' for name in known)}. Received: {facts['tag']!r}{hint}"


def _meant_value(fault: dict[str, Any]) -> str:
    known = re.findall(r"'([^']*)'", fault["ctx"]["expected"])
    near = difflib.get_close_matches(str(fault["input"]), known, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def dotted_key(location: tuple[int | str, ...], values: Any) -> str:
    """Return the key as the file spells it: pydantic adds the chosen `kind` to the path, the file does not.

    A place in a list that stands elsewhere in the file, as those of `source` do, is named with its list.
    """
    of_list = any(isinstance(part, int) for part in location)
    if of_list and isinstance(values, dict) and location[0] not in values:
        return ".".join(map(str, location))
    parts = []
    for position, part in enumerate(location):
        last = position == len(location) - 1
        keys = values if isinstance(values, dict) else range(len(values)) if isinstance(values, list) else ()
        inside = part in keys
        if inside or last:
            parts.append(str(part))
        if inside:
            values = values[part]
    return ".".join(parts)


@cache
def all_keys(schema: type[BaseModel]) -> tuple[str, ...]:
    """Return every key that a schema knows at any depth."""
    return tuple(dict.fromkeys(path.split(".")[-1] for path in key_paths(schema)))


@cache
def key_paths(schema: type[BaseModel]) -> tuple[str, ...]:
    """Return the way to every key that a schema knows at any depth, as `training.epochs`, the shortest first."""
    description = schema.model_json_schema()
    parts = description.get("$defs", {})
    found: dict[str, None] = {}

    def visit(node: dict[str, Any], path: str, above: tuple[str, ...]) -> None:
        name = node.get("$ref", "").rpartition("/")[2]
        if name:
            if name not in above:
                visit(parts[name], path, (*above, name))
            return
        for key, below in node.get("properties", {}).items():
            found[f"{path}.{key}" if path else key] = None
            visit(below, f"{path}.{key}" if path else key, above)
        if isinstance(node.get("additionalProperties"), dict):
            visit(node["additionalProperties"], f"{path}.{ANY}", above)
        for group in ("anyOf", "oneOf", "allOf"):
            for below in node.get(group, []):
                visit(below, path, above)

    visit(description, "", ())
    return tuple(sorted(found, key=lambda path: path.count(".")))
