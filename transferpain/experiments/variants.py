"""Names of reports for variants by `--set`: each has one of its own, and leaves that of the file to the file."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from transferpain.core.errors import UserError
from transferpain.core.store import fingerprint

# No name of a file has an underscore, so that no report of a file is called like a variant's.
BETWEEN = "_"
LONGEST = 60  # letters of settings in a name
UNSAFE = re.compile(r"[^A-Za-z0-9.]+")
ABSENT = "absent"


def variant_name(name: str, plain: Callable[[], Mapping[str, Any]], asked: Mapping[str, Any]) -> str:
    """Return the name of a report: `ai4pain-ann`, or of a variant `ai4pain-ann_seeds-7_1a2b3c4d`.

    Of a variant the settings that differ stand in it, as many as there is room for, and 8 digits of all of them.

    Args:
        name: of the file.
        plain: returns what the file says without `--set`: the settings of each experiment, JSON types, by its name;
            where the file alone is no experiment, all of them count as changed.
        asked: the same of what is run.
    """
    now = dict(_flat(asked))
    try:
        before = dict(_flat(plain()))
    except UserError:
        before = {}
    changed = {key: now.get(key, ABSENT) for key in dict.fromkeys((*now, *before)) if now.get(key) != before.get(key)}
    if not changed:
        return name
    digest = fingerprint([[*key, value] for key, value in changed.items()])[:8]
    return BETWEEN.join([name, *_told(changed), digest])


def _told(changed: Mapping[tuple[str, str], str]) -> list[str]:
    """Return what differs, in letters that every file system takes; what differs in several experiments stands once."""
    told: list[str] = []
    for (_, setting), value in changed.items():
        text = UNSAFE.sub("-", f"{setting}-{value}").strip("-.")
        if value != ABSENT and text not in told and len(BETWEEN.join([*told, text])) <= LONGEST:
            told.append(text)
    return told


def _flat(experiments: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield experiment and setting, with the value as text; their names decide on nothing."""
    for experiment, settings in experiments.items():
        for key, value in settings.items():
            if key != "name":
                for setting, text in _leaves(key, value):
                    yield (experiment, setting), text


def _leaves(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name, below in value.items():
            yield from _leaves(f"{key}.{name}", below)
    else:
        yield key, value if isinstance(value, str) else json.dumps(value, sort_keys=True)
