"""Reading one YAML file of an experiment: what is wrong with it is said, and which file may have been meant."""

import difflib
from pathlib import Path
from typing import Any

import yaml

from transferpain.core.errors import UserError


def read_mapping(path: Path) -> dict[str, Any]:
    """Read one YAML file that must hold a mapping without repeated keys."""
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=UniqueKeyLoader)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UserError(
            "The experiment file could not be opened.",
            rule=error.strerror,
            received=path,
            todo=suggest_file(path),
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
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


def suggest_file(path: Path) -> str:
    """Name the experiment file whose name is nearest to one that does not exist."""
    folder = path.parent if path.parent.is_dir() else Path("experiments")
    known = {file.name: file for file in sorted(folder.glob("*.yaml"))}
    near = difflib.get_close_matches(path.name, known, n=1)
    return f"Did you mean {known[near[0]]}?" if near else f"Experiments stand in {folder}/*.yaml."
