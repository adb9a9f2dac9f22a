"""Writes the table in docs/reference-faces.md: `python docs/reference_faces.py [--workspace FOLDER] [--check]`.

What was measured is kept in `docs/measured/reference-demo.csv`; `--workspace .` takes over what `make reference-demo`
left there.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from transferpain.core.store import write_text
from transferpain.evaluation.formatting import p_value, with_interval
from transferpain.evaluation.paired_permutation import swap_test
from transferpain.evaluation.predictions import MEANS, PROBE_TITLES
from transferpain.evaluation.statistics import paired_difference
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.study_schema import load_study

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("reference-faces.md")
MEASURED = Path(__file__).with_name("measured") / "reference-demo.csv"
STUDY = "reference-demo"
BEGIN, END = "<!-- made by docs/reference_faces.py -->", "<!-- end -->"
WITHOUT, METRIC = "without", "balanced_accuracy"
BOUNDS = ("", "_low", "_high")
READERS = ("head", MEANS)  # what reads the features: the head, and the linear probe on means
# Of a member with the own face the one with that of a wrong person.
CONTROLS = {"difference-10": "difference-wrong-person", "pair-10": "pair-wrong-person"}
TITLES = {"head": "head", MEANS: PROBE_TITLES[MEANS]}


def table() -> str:
    """Return one row for each member of the study: its score and what a reference is worth, of head and probe."""
    if not MEASURED.is_file():
        return "*Not measured yet.*"
    measured = pd.read_csv(MEASURED).set_index(["member", "reader"])
    scores = [title for name in READERS for title in (TITLES[name], "the difference")]
    rows = [["features", *scores], ["---", *["---:"] * len(scores)]]
    for member in dict.fromkeys(measured.index.get_level_values("member")):
        rows.append([member, *(cell for name in READERS for cell in cells(measured.loc[(member, name)]))])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def cells(row: pd.Series) -> tuple[str, str]:
    """Return a score with its interval, and a difference with its interval and p; a dash for what there is none of."""
    score = with_interval(*(row[f"score{end}"] for end in BOUNDS), digits=3, undefined="-")
    if pd.isna(row["gap"]):
        return score, "-"
    return score, with_interval(
        *(row[f"gap{end}"] for end in BOUNDS), signed=True, digits=3
    ) + f", p {p_value(row['p'])}"


def measure(workspace: Path) -> pd.DataFrame:
    """Return a row for each member of the study and what reads its features, from its run in a workspace.

    Differences are paired over subjects and clips, and averaged over seeds; p is that of swaps of whole subjects.
    """
    answers = {}
    for member in load_study(ROOT / "experiments" / f"{STUDY}.yaml").experiments:
        (folder,) = (workspace / "runs").glob(f"{member}-{'[0-9a-f]' * 16}")
        run, machine = RunFolder(folder), RunFolder(folder).environment()
        tables = {"head": run.predictions("test"), MEANS: run.probe_predictions()[MEANS]}
        made = {"commit": machine["commit"], "processor": machine["machine"]["processor"]}
        answers[member] = tables, run.metrics(), made
    rows = []
    for member, (tables, metrics, made) in answers.items():
        for reader in READERS:
            scores = metrics["all"] if reader == "head" else metrics["linear_probe"][reader]
            row = {"member": member, "reader": reader, "subjects": metrics["subjects"], "clips": metrics["clips"]}
            row |= {
                f"score{end}": scores[METRIC][key] for end, key in zip(BOUNDS, ("value", "low", "high"), strict=True)
            }
            if member != WITHOUT:
                row |= compared(tables[reader], answers[WITHOUT][0][reader])
            rows.append(row | made)
        if member in CONTROLS:
            own, wrong = tables, answers[CONTROLS[member]][0]
            title = f"{member} minus {CONTROLS[member]}"
            rows += [{"member": title, "reader": one, **compared(own[one], wrong[one]), **made} for one in READERS]
    return pd.DataFrame(rows)


def compared(better: pd.DataFrame, worse: pd.DataFrame) -> dict:
    """Return the paired difference of two tables of answers to the same clips, and its p."""
    gap, test = paired_difference(better, worse, METRIC), swap_test(better, worse, METRIC)
    return {"gap": gap.value, "gap_low": gap.low, "gap_high": gap.high, "p": test.p}


def page() -> str:
    """Return the page with the table as it is measured now."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}"


def main(arguments: list[str]) -> int:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workspace", type=Path, help="where `make reference-demo` was run")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if the page is not current")
    asked = parser.parse_args(arguments)
    if asked.workspace is not None:
        measure(asked.workspace).to_csv(MEASURED, index=False, float_format="%.6f", lineterminator="\n")
    text = page()
    if asked.check:
        return int(text != PAGE.read_text(encoding="utf-8"))
    write_text(PAGE, text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
