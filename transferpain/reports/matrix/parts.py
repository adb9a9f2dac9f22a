"""Several runs read as one: those of a cell whose subjects are tested in groups, each group by a run of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from transferpain.core.cost import Cost, read_cost
from transferpain.evaluation.predictions import LINEAR_PROBE
from transferpain.evaluation.scores import score
from transferpain.experiments.leakage.checks import read_checks
from transferpain.experiments.leakage.evidence import CheckLine
from transferpain.experiments.probe_scores import probe_scores
from transferpain.experiments.run_folder import RunFolder
from transferpain.reports.facts import run_scores
from transferpain.strategies.common.stated import FinishedFacts, Transferability, read_stated

# Of several runs the worst state stands.
WORST_FIRST = ("fail", "declared", "pass", "not applicable")


def predictions(runs: Sequence[RunFolder]) -> pd.DataFrame:
    """Return the test predictions of all runs, one below the other."""
    return pd.concat([run.predictions() for run in runs], ignore_index=True)


def scores(runs: Sequence[RunFolder]) -> dict[str, Any]:
    """Return the scores of the answers of all runs together, and under `linear_probe` those of their probes."""
    if len(runs) == 1:
        return run_scores(runs[0])
    stated = runs[0].facts(FinishedFacts)
    classes, ordinal = tuple(stated["classes"]), stated.get("ordinal", False)
    probes = [run.probe_predictions() for run in runs]
    shared = [name for name in probes[0] if all(name in one for one in probes)]
    together = {name: pd.concat([one[name] for one in probes], ignore_index=True) for name in shared}
    whole = score(predictions(runs), classes, ordinal=ordinal)
    return whole | {LINEAR_PROBE: probe_scores(together, classes, ordinal)}


def facts(runs: Sequence[RunFolder]) -> dict[str, Any]:
    """Return the facts of the first run with those of the others where they differ by group: shares, source, warnings.

    What any source learned from counts; unknown in one is unknown in all.
    """
    stated = [run.facts(FinishedFacts) for run in runs]
    if len(runs) == 1:
        return stated[0]
    known = [one.get("source", {}).get("datasets") for one in stated]
    learned = None if None in known else sorted({name for names in known for name in names})
    shares = [one.get("training_shares") for one in stated]
    return stated[0] | {
        "training_shares": None if None in shares else {fold: share for one in shares for fold, share in one.items()},
        "source": stated[0].get("source", {}) | {"datasets": learned},
        "synthetic": any(one["synthetic"] for one in stated),
        "warnings": list(dict.fromkeys(warning for one in stated for warning in one.get("warnings", ()))),
    }


def checks(runs: Sequence[RunFolder]) -> tuple[CheckLine, ...]:
    """Return each leakage check with the worst state of any run, and the figures of the runs that have it."""
    lines = [read_checks(run.path) for run in runs]
    if len(runs) == 1 or not all(lines):
        return lines[0] if len(runs) == 1 else ()
    # Runs of another version may have made fewer checks.
    numbers = set.intersection(*({line.number for line in of_run} for of_run in lines))
    found = {number: [line for of_run in lines for line in of_run if line.number == number] for number in numbers}
    return tuple(_worst(found[number]) for number in sorted(numbers))


def _worst(lines: Sequence[CheckLine]) -> CheckLine:
    state = min((line.state for line in lines), key=WORST_FIRST.index)
    found = [line for line in lines if line.state == state]
    figures = "; ".join(dict.fromkeys(filter(None, (line.figure for line in found))))
    return CheckLine(found[0].number, found[0].name, state, figures, found[0].explanation)


def cost(runs: Sequence[RunFolder]) -> dict[str, Any]:
    """Return what the runs cost together; empty if it is not known of one, or that is damaged."""
    costs = [read_cost(run.path) for run in runs]
    if None in costs:
        return {}
    return {key: sum(one[key] for one in map(asdict, costs)) for key in asdict(Cost())}


def nodes(runs: Sequence[RunFolder]) -> str:
    """Return the machines of a cluster that computed the runs, each once; "" where it was this one."""
    machines = [run.environment().get("machine", {}) for run in runs]
    return ", ".join(dict.fromkeys(str(machine["node"]) for machine in machines if machine.get("node")))


def transferability(runs: Sequence[RunFolder]) -> dict[str, dict[str, Any]]:
    """Return score -> `{value, reason}`: the mean over the runs, no value where one has none."""
    found = [_optional(run.path / "transferability.json").get("scores", {}) for run in runs]
    if len(runs) == 1:
        return found[0]
    return {name: _mean([one[name] for one in found]) for name in found[0] if all(name in one for one in found)}


def _mean(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    values = [entry["value"] for entry in entries]
    reason = next((entry["reason"] for entry in entries if entry["reason"]), "")
    return {"value": None if None in values else float(np.mean(values)), "reason": reason}


def _optional(path: Path) -> dict[str, Any]:
    return read_stated(path, Transferability) if path.is_file() else {}
