"""Writes docs/reference/: every key of the files that people write, from the schemas that read them.

    python docs/reference.py [--check]

Kind, default and rule of a key are those of its field; what it means stands in the `Attributes:` of its class.
"""

import inspect
import re
import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticUndefined

from transferpain.core.registry import Registry
from transferpain.core.schema import SCHEMA
from transferpain.data.datasets.columns import FRAMES_COLUMNS, INDEX_COLUMNS, Column
from transferpain.data.datasets.csv_index import OwnData
from transferpain.data.protocols.kinds.registry import KINDS
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.data.tasks.rules.registry import RULES
from transferpain.data.tasks.rules.rule import LabelRule
from transferpain.data.tasks.task import Task
from transferpain.experiments.matrix.settings import Matrix
from transferpain.experiments.schema import OWNERS, Experiment
from transferpain.experiments.study_schema import Study
from transferpain.strategies.registry import STRATEGIES

FOLDER = Path(__file__).parent / "reference"
NOTE = "Written by `make reference` from the schemas; edit it there."
SHOWN = "[datasets.md](../datasets.md#your-own-data-no-code)"
FURTHER = (
    "Comma separated values in UTF-8, with the names of the columns in the first line. Any further column is a raw "
    "label, which a task may name (`column`)."
)
BASE = "`base: other.yaml` names a file beside it, whose keys count where this one is silent (one level). "


@dataclass(frozen=True)
class Page:
    """A page: the file that it describes, its schema, and what stands above its tables."""

    name: str
    schema: type
    head: str


PAGES = (
    Page(
        "experiment",
        Experiment,
        f"One experiment: `transferpain run FILE.yaml`. {BASE}`--set key.key=value` changes a key on the command line.",
    ),
    Page("study", Study, f"Several experiments in one report: `transferpain run FILE.yaml`. {BASE}"),
    Page("matrix", Matrix, f"Sources, targets and heads, each with each: `transferpain matrix FILE.yaml`. {BASE}"),
    Page(
        "task",
        Task,
        f"Which labels are which class. `schema: {SCHEMA}` stands in front; the task is called as its file. A rule has "
        "one of the keys " + ", ".join(f"`{name}`" for name in RULES) + ".",
    ),
    Page(
        "dataset",
        OwnData,
        "`dataset.yaml`, beside the `index.csv` of own data; it may be left out. The columns of the index, and of "
        "`frames.csv`, stand in [columns.md](columns.md).",
    ),
)
# What a part of a file may be, where its type is that of all of them.
KINDS_OF = {LabelRule: tuple(RULES.values())}
LEFT_OUT = {Task: {"name"}}  # not keys of the file
MAPPINGS, LISTS, UNIONS = (dict, Mapping), (tuple, list), (Union, types.UnionType)
COLUMNS = ("key", "kind", "default", "meaning", "rule")


def page_text(page: Page) -> str:
    """Return a page as Markdown.

    Raises:
        ValueError: if a key's meaning stands nowhere.
    """
    title = f"# Keys of {page.name} files" if page.name != "dataset" else "# Keys of dataset.yaml"
    parts = [f"{title}\n\n{page.head}\n\n*{NOTE}*\n"]
    parts += [section(heading, schema) for heading, schema in walk(page.schema)]
    return "\n".join(parts)


def walk(schema: type) -> Iterator[tuple[str, type]]:
    """Yield each part of a file with its heading, the whole of it first; what stands at several places comes once."""
    seen: set[type] = set()

    def visit(schema: type, path: str) -> Iterator[tuple[str, type]]:
        if schema in seen:
            return
        seen.add(schema)
        yield path, schema
        for key, kind, *_ in keys_of(schema):
            own = f"{path}.{key}" if path else key
            for below, suffix in parts_in(kind):
                yield from visit(below, own + suffix + told_apart(below))

    yield from visit(schema, "")


def told_apart(schema: type) -> str:
    """Return what tells a part from others that may stand in its place: the `kind` of a head, the key of a rule."""
    if hasattr(schema, "model_fields") and "kind" in schema.model_fields:
        values = get_args(schema.model_fields["kind"].annotation)
        return f", kind: {values[0]}" if len(values) == 1 else ""
    return f", by {schema.name}" if schema in RULES.values() else ""


def parts_in(kind: Any) -> Iterator[tuple[type, str]]:
    """Yield the schemas in a type, and what the way to each has behind the key: `.NAME`, `[]` of a list, or nothing."""
    if is_schema(kind):
        yield from ((one, "") for one in KINDS_OF.get(kind, (kind,)))
        return
    origin, arguments = get_origin(kind), get_args(kind)
    step = ".NAME" if origin in MAPPINGS else "[]" if origin in LISTS else ""
    for one in arguments[:1] if origin is Annotated else arguments:
        yield from ((schema, step + suffix) for schema, suffix in parts_in(one))


def is_schema(kind: Any) -> bool:
    """Tell whether a type has keys of its own."""
    return isinstance(kind, type) and (issubclass(kind, BaseModel) or is_dataclass(kind))


def section(path: str, schema: type) -> str:
    """Return the table of one part."""
    rows = []
    meanings = meanings_of(schema)
    for key, kind, default, metadata in keys_of(schema):
        if key not in meanings:
            raise ValueError(f"{schema.__name__}: `{key}` is explained nowhere; write it into the class's Attributes")
        rule = "; ".join(filter(None, [rules(kind, metadata), further_rule(schema, key)]))
        own = f"{path.partition(',')[0]}.{key}" if path else key
        said = "name" if registry_of(metadata) is not None else kind_text(kind)
        rows.append([f"`{own}`", said, default, as_yaml_says(meanings[key]), rule])
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (COLUMNS, *rows)]
    lines.insert(1, "|" + "---|" * len(COLUMNS))
    return "\n".join([f"## {f'`{path}`' if path else 'The file'}\n", first_sentence(schema), "", *lines, ""])


def keys_of(schema: type) -> Iterator[tuple[str, Any, str, list]]:
    """Yield key, type, default as the page shows it, and constraints of each field."""
    if is_dataclass(schema):
        for one in fields(schema):
            yield one.name, one.type, shown(one.default, one.default is MISSING), []
        return
    for name, field in schema.model_fields.items():
        if name not in LEFT_OUT.get(schema, ()):
            default = field.get_default(call_default_factory=True)
            yield field.alias or name, field.annotation, shown(default, field.is_required()), list(field.metadata)


def shown(default: Any, required: bool) -> str:
    if required or default is PydanticUndefined:
        return "**required**"
    if isinstance(default, BaseModel):
        return "as below"
    plain = list(default) if isinstance(default, tuple) else default
    text = yaml.safe_dump(plain, default_flow_style=True, width=1e9).removesuffix("...\n").strip()
    return "" if default == "" else f"`{text}`"


def kind_text(kind: Any) -> str:
    """Return a type in words."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        known = registry_of(arguments[1:])
        return "name" if known is not None else kind_text(arguments[0])
    if origin in UNIONS:
        parts = list(dict.fromkeys(kind_text(one) for one in arguments if one is not type(None)))
        return " or ".join([*parts, *(["null"] if type(None) in arguments else [])])
    if origin is Literal:
        return "name" if all(isinstance(one, str) for one in arguments) else "number"
    if origin in LISTS:
        of = [one for one in arguments if one is not Ellipsis]
        fixed = origin is tuple and len(of) > 1
        return "[" + ", ".join(map(kind_text, of)) + "]" if fixed else f"list of {kind_text(of[0])}"
    if origin in MAPPINGS:
        return f"mapping of names to {kind_text(arguments[1])}"
    if is_schema(kind):
        return "mapping"
    words = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "any value"}
    return words[kind]


def registry_of(metadata: Any) -> Registry | None:
    """Return the registry whose names a field takes, if its type says so."""
    for one in metadata:
        owner = getattr(getattr(one, "func", None), "__self__", None) if isinstance(one, AfterValidator) else None
        if isinstance(owner, Registry):
            return owner
    return None


def rules(kind: Any, metadata: list) -> str:
    """Return the bounds of a key, and the values that it knows."""
    words = [text for one in metadata if (text := bound(one))]
    if (known := registry_of(metadata)) is not None:
        words.append("one of " + ", ".join(f"`{name}`" for name in known))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        words.append(("one of " if len(arguments) > 1 else "") + ", ".join(f"`{value}`" for value in arguments))
    elif origin is Annotated:
        words.append(rules(arguments[0], list(arguments[1:])))
    elif origin in (*UNIONS, *LISTS):
        inside = [rules(one, []) for one in arguments if one not in (type(None), Ellipsis)]
        each = "each " if origin in LISTS else ""
        words += [each + text for text in dict.fromkeys(filter(None, inside))]
    elif origin in MAPPINGS:
        if name := rules(arguments[0], []):
            words.append(f"names: {name}")
        if values := rules(arguments[1], []):
            words.append(f"values: {values}")
    return "; ".join(filter(None, words))


def bound(one: Any) -> str:
    """Return a constraint in words; "" for one that says nothing to a reader."""
    for kind, text in ((Ge, "{ge} or more"), (Gt, "above {gt}"), (Le, "{le} or less"), (Lt, "below {lt}")):
        if isinstance(one, kind):
            return text.format(**{kind.__name__.lower(): getattr(one, kind.__name__.lower())})
    if isinstance(one, MinLen):
        return f"{one.min_length} at least"
    if isinstance(one, MaxLen):
        return f"{one.max_length} at most"
    if pattern := getattr(one, "pattern", None):
        return f"of the form `{pattern}`"
    inside = [bound(part) for part in getattr(one, "metadata", [])]
    return "; ".join(filter(None, inside))


def further_rule(schema: type, key: str) -> str:
    """Return with what a key goes: a strategy, or a kind of protocol."""
    if schema is Experiment and key in OWNERS:
        return "for strategy " + ", ".join(f"`{name}`" for name in OWNERS[key])
    if schema is ProtocolSettings:
        kinds = [name for name, kind in KINDS.items() if key in kind.needs]
        return "with kind " + " or ".join(f"`{name}`" for name in kinds) + ", and only with it" if kinds else ""
    return ""


def meanings_of(schema: type) -> dict[str, str]:
    """Return what each key means, as the docstrings of a schema and of what it is built from say."""
    found: dict[str, str] = {}
    further = [strategy.Settings for strategy in STRATEGIES.values()] if schema is Experiment else []
    for one in (*schema.__mro__, *(base for settings in further for base in settings.__mro__)):
        aliases = {name: field.alias or name for name, field in getattr(one, "model_fields", {}).items()}
        for name, text in attributes(one).items():
            found.setdefault(aliases.get(name, name), text)
    return found


def attributes(one: type) -> dict[str, str]:
    """Return the section `Attributes:`, or `Args:`, of a class's own docstring."""
    doc = inspect.cleandoc(one.__dict__.get("__doc__") or "")
    match = re.search(r"^(?:Attributes|Args):\n((?:(?: {4}.*)?\n?)*)", doc, re.MULTILINE)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in (match[1] if match else "").splitlines():
        begins = re.match(r"    ((?:\w+, )*\w+): (.*)", line)
        if begins:
            names = begins[1].split(", ")
            found |= dict.fromkeys(names, begins[2])
        elif line.strip():
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found


def first_sentence(schema: type) -> str:
    """Return what a schema says of itself, before the section of its keys."""
    doc = inspect.cleandoc(schema.__doc__ or "")
    return as_yaml_says(" ".join(re.split(r"^(?:Attributes|Args|Raises):", doc, flags=re.MULTILINE)[0].split()))


def as_yaml_says(text: str) -> str:
    """Return a sentence of a docstring with what Python calls `None` as YAML has it."""
    return re.sub(r"`?\bNone\b`?", "`null`", text)


def outdated() -> list[Path]:
    """Return the pages that are not as the schemas have them today."""
    return [path for path, text in pages().items() if not path.is_file() or path.read_text(encoding="utf-8") != text]


def columns_text() -> str:
    """Return the page of the columns of own data's tables as Markdown."""
    tables = (
        (
            "index.csv",
            f"One row for each clip; {SHOWN} shows one.",
            INDEX_COLUMNS,
        ),
        ("frames.csv", "Labels of single frames; it may be left out.", FRAMES_COLUMNS),
    )
    parts = [f"# Columns of index.csv and frames.csv\n\n{FURTHER}\n\n*{NOTE}*\n"]
    return "\n".join([*parts, *(columns_section(*table) for table in tables)])


def columns_section(file: str, head: str, columns: tuple[Column, ...]) -> str:
    """Return the table of one file's columns."""
    rows = [(f"`{one.name}`", "yes" if one.required else "no", one.meaning, one.rule) for one in columns]
    lines = ["| " + " | ".join(row) + " |" for row in (("column", "required", "meaning", "a cell is"), *rows)]
    lines.insert(1, "|" + "---|" * 4)
    return "\n".join([f"## `{file}`\n", head, "", *lines, ""])


def pages() -> dict[Path, str]:
    """Return file -> text of all pages."""
    return {FOLDER / f"{page.name}.md": page_text(page) for page in PAGES} | {FOLDER / "columns.md": columns_text()}


if __name__ == "__main__":
    if "--check" in sys.argv:
        late = outdated()
        print("\n".join(f"{path} is not current: make reference" for path in late) or "docs/reference is current")
        sys.exit(bool(late))
    FOLDER.mkdir(exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path)
