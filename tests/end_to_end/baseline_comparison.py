"""Compares two files of the baseline: exactly on equal machines, else within a tolerance."""

from typing import Any

# A processor with other instructions rounds otherwise, and training multiplies that. With TensorFlow's other kernels
# (TF_ENABLE_ONEDNN_OPTS=0) the same machine gave mean probabilities up to .12 and scores up to .33 apart, of as few as
# four tested clips; these leave half as much again, and more, to processors that differ in more than that.
PROBABILITY_TOLERANCE = 0.25
SCORE_TOLERANCE = 0.5
# Rows are counted, whatever the processor.
TOLERANCES = {"rows": 0.0, "accuracy": SCORE_TOLERANCE, "balanced_accuracy": SCORE_TOLERANCE}

# The table of wrong answers has a row for each: how many there are goes by the processor, as every answer does.
WRONG_ANSWERS = "answer-wrong-with-probability"

Difference = tuple[str, str, str]


def same_machine(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Tell whether two baselines were computed by equal processors and equal versions, so that hashes are equal."""
    return all(before[key] == after[key] for key in ("machine", "versions"))


def compare(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """Return each difference as (name, before, after), in the order of the names.

    Only the parts that `after` has are compared, for a run of some parts says nothing of the others.

    Args:
        before, after: the contents of two files of the baseline.

    Raises:
        ValueError: if they are of different schemas.
    """
    if before["schema"] != after["schema"]:
        raise ValueError(f"schema {before['schema']} cannot be compared with schema {after['schema']}")
    exact = same_machine(before, after)
    differences = []
    for part, entries in after["parts"].items():
        known = before["parts"].get(part, {})
        for name in sorted({*known, *entries}):
            if name not in known or name not in entries:
                differences.append((name, *("there" if name in side else "missing" for side in (known, entries))))
            elif exact and known[name]["hash"] != entries[name]["hash"]:
                differences.append((name, _shown(known[name]), _shown(entries[name])))
            elif not exact:
                differences += _beyond_tolerance(name, known[name]["values"], entries[name]["values"])
    return differences


def _beyond_tolerance(name: str, before: dict[str, float | None], after: dict[str, float | None]) -> list[Difference]:
    found = []
    for key in sorted({*before, *after}):
        if key == "rows" and WRONG_ANSWERS in name:
            continue
        old, new = before.get(key), after.get(key)
        tolerance = TOLERANCES.get(key, PROBABILITY_TOLERANCE)
        if old != new and (old is None or new is None or abs(old - new) > tolerance):
            found.append((f"{name}: {key}", str(old), str(new)))
    return found


def _shown(entry: dict[str, Any]) -> str:
    values = " ".join(f"{key}={value}" for key, value in entry["values"].items())
    return f"{entry['hash'][:12]} {values}".strip()
