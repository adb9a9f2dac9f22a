"""Reading one YAML file of an experiment: what is wrong with it is said, and which file may have been meant."""

import difflib
from pathlib import Path
from typing import Any

import yaml

from transferpain.core.errors import UserError

MOST_VALUES = 100_000  # the largest file of ours has a few hundred


def read_mapping(path: Path) -> dict[str, Any]:
    """Read one YAML file that must hold a mapping without repeated keys."""
    try:
        values = load_yaml(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UserError(
            "The experiment file could not be opened.",
            rule=error.strerror,
            received=path,
            todo=suggest_file(path),
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{path} is not valid YAML.", rule=" ".join(str(error).split())) from error
    if not isinstance(values, dict):
        raise UserError(
            f"{path} holds no experiment.", rule="It must be a mapping of keys.", received=type(values).__name__
        )
    return values


class UniqueKeyLoader(yaml.SafeLoader):
    """YAML's safe loader, which also refuses a key that stands twice in one mapping."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key `{key}` stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def load_yaml(text: str) -> Any:
    """Return the value of a YAML text that, with its aliases written out, has at most `MOST_VALUES` values.

    Raises:
        yaml.YAMLError: if it is no YAML, a key stands twice, or it has more values.
    """
    loader = UniqueKeyLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _count_values(node, {})
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _count_values(node: yaml.Node, counted: dict[int, float]) -> float:
    """Return how many values stand in a node. What an alias stands for is counted once and summed at every place."""
    if id(node) not in counted:
        counted[id(node)] = float("inf")  # where it stands within itself
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        children = parts if isinstance(node, yaml.CollectionNode) else []
        counted[id(node)] = 1 + sum(_count_values(child, counted) for child in children)
    if counted[id(node)] > MOST_VALUES:
        raise yaml.constructor.ConstructorError(
            None, None, f"anchors that stand for more than {MOST_VALUES} values, or for themselves", node.start_mark
        )
    return counted[id(node)]


def suggest_file(path: Path) -> str:
    """Name the experiment file whose name is nearest to one that does not exist."""
    folder = path.parent if path.parent.is_dir() else Path("experiments")
    known = {file.name: file for file in sorted(folder.glob("*.yaml"))}
    near = difflib.get_close_matches(path.name, known, n=1)
    return f"Did you mean {known[near[0]]}?" if near else f"Experiments stand in {folder}/*.yaml."
