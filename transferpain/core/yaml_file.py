"""Reading YAML that people write: plain settings of bounded size, and a sentence on whatever is wrong with a file."""

import difflib
import math
import re
from pathlib import Path
from typing import Any

import yaml

from transferpain.core.errors import DamagedFile, UserError
from transferpain.core.text_file import as_text

# Far above any file of settings (our choice): what is larger or deeper is no such file, and may be an attack.
LARGEST_BYTES = 1 << 20
DEEPEST = 32
MOST_PARTS = 100_000
# YAML 1.1 also reads 010 as 8, 1:30 as 90 and 1_0 as 10, which nobody who writes it expects.
WHOLE_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
# The kinds of value that JSON has, too; any other, such as a date or `!!binary`, is nothing that a key here takes.
KINDS = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str", "seq", "map", "merge")}


def read_mapping(path: Path) -> dict[str, Any]:
    """Read one YAML file that must hold a mapping of plain values, without repeated keys.

    Raises:
        UserError: if it cannot be opened, is refused by `parse_yaml`, or holds no mapping.
    """
    try:
        values = read_yaml(path)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UserError(
            "The experiment file could not be opened.",
            rule=error.strerror,
            received=path,
            todo=suggest_file(path),
        ) from error
    if not isinstance(values, dict):
        raise UserError(
            f"{path} holds no experiment.", rule="It must be a mapping of keys.", received=type(values).__name__
        )
    return values


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds, as JSON types; see `parse_yaml`.

    Raises:
        DamagedFile: if it is refused, or not saved as UTF-8; the message names the file and the line.
        OSError: if it cannot be opened.
    """
    content = path.read_bytes()
    try:
        return parse_yaml(content if len(content) > LARGEST_BYTES else as_text(content, path))
    except DamagedFile:
        raise
    except ValueError as error:
        raise DamagedFile(f"{path} is not valid YAML.", rule=str(error)) from error


def parse_yaml(content: bytes | str) -> Any:
    """Return what YAML text says, as JSON types.

    Raises:
        ValueError: if it is no YAML in UTF-8; larger, deeper or with more parts than any settings (`LARGEST_BYTES`,
            `DEEPEST`, `MOST_PARTS`); a key stands twice or is no text; or a value is neither text, true or false,
            nothing, a finite number written in the usual way, a list nor a mapping.
    """
    if len(content) > LARGEST_BYTES:
        raise ValueError(f"Settings have at most {LARGEST_BYTES:,} bytes.")
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        return yaml.load(text, Loader=PlainLoader)
    except Exception as error:  # a parser of what anybody may have written fails in more ways than a list could name
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error


class PlainLoader(yaml.SafeLoader):
    """YAML's safe loader, held to what `parse_yaml` promises."""

    def __init__(self, stream):
        super().__init__(stream)
        self.depth = 0
        # Number of parts and of levels of each finished node: an alias repeats all of what it names.
        self.extents: dict[yaml.Node, tuple[int, int]] = {}

    def compose_node(self, parent, index):
        self.depth += 1
        event = self.peek_event()
        mark = event.start_mark
        _check_extent((0, self.depth), mark)
        if isinstance(event, yaml.AliasEvent) and self.anchors.get(event.anchor, parent) not in self.extents:
            raise refused(f"*{event.anchor[:40]} stands for nothing, or for a part that holds itself", mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        if node not in self.extents:
            self.extents[node] = self._extent(node)
            _check_extent(self.extents[node], mark)
        return node

    def _extent(self, node) -> tuple[int, int]:
        parts = [] if isinstance(node, yaml.ScalarNode) else node.value
        if isinstance(node, yaml.MappingNode):
            parts = [one for pair in parts for one in pair]
        inside = [self.extents[one] for one in parts]
        return 1 + sum(number for number, _ in inside), 1 + max((levels for _, levels in inside), default=0)

    def construct_object(self, node, deep=False):
        if node.tag not in KINDS:
            kind = node.tag.removeprefix("tag:yaml.org,2002:")
            raise refused(f"a value of the kind {kind} ({str(node.value)[:40]}); write text in quotes", node.start_mark)
        value = super().construct_object(node, deep)
        if isinstance(value, str):
            _check_text(value, node.start_mark)
        return value

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if key.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"):
                kind = key.tag.removeprefix("tag:yaml.org,2002:")
                shown = f"a key that YAML reads as {kind}, not as text: {name[:40]}; write it in quotes"
                raise refused(shown, key.start_mark)
            if name in seen:
                raise refused(f"the key `{name[:40]}` stands twice", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node):
        return int(_as_written(node, WHOLE_NUMBER, "a whole number is written 12, with at most 18 digits"))

    def construct_yaml_float(self, node):
        value = float(_as_written(node, DECIMAL, "a number is finite, and written 1.5 or 1.0e-4"))
        if not math.isfinite(value):
            raise refused(f"{node.value[:40]}: a number is finite", node.start_mark)
        return value


PlainLoader.add_constructor("tag:yaml.org,2002:int", PlainLoader.construct_yaml_int)
PlainLoader.add_constructor("tag:yaml.org,2002:float", PlainLoader.construct_yaml_float)


def refused(what: str, mark: yaml.Mark) -> yaml.YAMLError:
    """Return the error for a place in a YAML file that is not taken."""
    return yaml.constructor.ConstructorError(None, None, what, mark)


def _as_written(node: yaml.ScalarNode, form: re.Pattern, rule: str) -> str:
    text = str(node.value)
    if not form.fullmatch(text):
        raise refused(f"{text[:40]}: {rule}; write text in quotes", node.start_mark)
    return text


def _check_extent(extent: tuple[int, int], mark: yaml.Mark) -> None:
    parts, levels = extent
    if levels > DEEPEST:
        raise refused(f"settings have at most {DEEPEST} levels", mark)
    if parts > MOST_PARTS:
        raise refused(f"settings have at most {MOST_PARTS:,} parts", mark)


def _check_text(text: str, mark: yaml.Mark) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise refused("half a character (a lone surrogate)", mark) from error


def suggest_file(path: Path) -> str:
    """Name the experiment file whose name is nearest to one that does not exist."""
    folder = path.parent if path.parent.is_dir() else Path("experiments")
    known = {file.name: file for file in sorted(folder.glob("*.yaml"))}
    near = difflib.get_close_matches(path.name, known, n=1)
    return f"Did you mean {known[near[0]]}?" if near else f"Experiments stand in {folder}/*.yaml."
