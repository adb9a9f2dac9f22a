"""Writes the table in docs/known-answers.md: `python docs/known_answers.py [--workspace FOLDER] [--check]`.

What was measured is kept in `docs/measured/known-answers.csv`; `--workspace .` takes over what `make known-answers`
left there. Ceilings are those of `python -m benchmarks twins`.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from transferpain.core.store import read_json, write_text
from transferpain.evaluation.formatting import number, p_value, with_interval
from transferpain.evaluation.predictions import MEANS, PROBE_TITLES
from transferpain.experiments.study_schema import load_study

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("known-answers.md")
MEASURED = Path(__file__).with_name("measured") / "known-answers.csv"
CEILINGS = ROOT / "benchmarks" / "results" / "twins.json"
STUDY = "known-answers"
BEGIN, END = "<!-- made by docs/known_answers.py -->", "<!-- end -->"
UNKNOWN = "-"
PROBED = f": {PROBE_TITLES[MEANS]}"
# What the literature knows, by what the study compares.
ANSWERS = {
    ("five-tcn", "five-vote"): "the order of frames helps: a TCN over a vote of frames",
    ("five-lstm", "five-vote"): "the order of frames helps: an LSTM over a vote of frames",
    ("tuned", "vote"): "a tuned network over a frozen one",
    ("few-subjects", "few-subjects-scratch"): "emotions learned before over nothing, at few subjects",
    ("fused", "pictures"): "pictures and landmarks over pictures alone",
    ("fused", "landmarks"): "pictures and landmarks over landmarks alone",
    ("from-biovid", "from-ai4pain"): "people of the own dataset over those of another",
    ("standardized", "vote"): "each person's features standardised over features as they are",
    ("beside-neutral", "without-neutral"): "minus a neutral face of the person over none",
    ("frames-at-random", "frames-by-subject"): "frames dealt at random over frames dealt by subject",
    ("vote", "few-subjects"): "more subjects over fewer",
}
# The ceiling of the faces that an experiment is tested on, and the chance of their task.
BINARY, FIVE, FRAMES = (
    ("BioVid, BL1 v PA4", 0.5),
    ("BioVid, five levels", 0.2),
    ("UNBC, frames with pain v without", 0.5),
)
TESTED_ON = {
    **dict.fromkeys(("five-tcn", "five-lstm", "five-vote"), FIVE),
    **dict.fromkeys(("vote", "tuned", "few-subjects", "few-subjects-scratch", "standardized"), BINARY),
    **dict.fromkeys(("from-ai4pain", "from-biovid"), BINARY),
    **dict.fromkeys(("fused", "pictures", "landmarks", "beside-neutral", "without-neutral"), BINARY),
    "frames-by-subject": FRAMES,
}
COURSE, MEAN = "both, course", "both, mean"


def table(measured: pd.DataFrame, ceilings: dict) -> str:
    """Return one row for each comparison and linear probe, in Markdown.

    Args:
        measured: `confirmation.csv` of the study.
        ceilings: of each task and cue, balanced accuracy with its bounds.
    """
    means = measured[measured["set"] == "all"]
    head = ["what is known", "first", "second", "first minus second", "p", "on five sets", "of the ceiling"]
    rows = [head, ["---", "---:", "---:", "---:", "---:", "---", "---:"]]
    for _, row in means.iterrows():
        pair = (row["first"], row["second"])
        known = ANSWERS.get(pair) or f"a linear probe over chance: `{row['first'].removesuffix(PROBED)}`"
        difference = with_interval(
            *(row[f"difference{end}"] for end in ("", "_low", "_high")), signed=True, digits=3, undefined=UNKNOWN
        )
        scores = [number(row[f"{side}_score"]) for side in ("first", "second")]
        share = share_of_ceiling(row["first"], row["first_score"], ceilings)
        rows.append([known, *scores, difference, p_value(row["adjusted_p"]), row["verdict"], share])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def share_of_ceiling(name: str, score: float, ceilings: dict) -> str:
    """Return how much of the way from chance to its ceiling a score went; a dash where there is no ceiling of its own.

    Args:
        name: of the experiment, or of its linear probe on means, whose ceiling is that of means.
        score: its balanced accuracy.
    """
    own = name.removesuffix(PROBED)
    if own not in TESTED_ON:
        return UNKNOWN
    task, chance = TESTED_ON[own]
    cue = MEAN if name != own or TESTED_ON[own] == FRAMES else COURSE
    return f"{(score - chance) / (ceilings[task][cue][0] - chance):.0%}"


def measure(workspace: Path) -> pd.DataFrame:
    """Return what `make known-answers` left in a workspace, with the commits and processors of its runs."""
    found = pd.read_csv(workspace / "reports" / f"{STUDY}-confirmation" / "confirmation.csv", dtype={"set": str})
    names = load_study(ROOT / "experiments" / f"{STUDY}.yaml").experiments
    files = [path for name in names for path in (workspace / "runs").glob(f"{name}-{'[0-9a-f]' * 16}/environment.json")]
    made = [read_json(path) for path in files]
    return found.assign(
        commit=" ".join(sorted({one["commit"] for one in made})),
        processor=" ".join(sorted({one["machine"]["processor"] for one in made})),
    )


def page() -> str:
    """Return the page with the table that follows from what is kept."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    made = "*Not measured yet.*"
    if MEASURED.is_file():
        made = table(pd.read_csv(MEASURED, dtype={"set": str}), read_json(CEILINGS)["ceilings"])
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


def main(arguments: list[str] | None = None) -> None:
    """Write the page, or with `--check` say whether it is current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, help="where `make known-answers` was run: its results are kept")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is not current")
    chosen = parser.parse_args(arguments)
    if chosen.workspace:
        measure(chosen.workspace).to_csv(MEASURED, index=False, float_format="%.6f", lineterminator="\n")
    if not chosen.check:
        write_text(PAGE, page())
    elif page() != PAGE.read_text(encoding="utf-8"):
        sys.exit("docs/known-answers.md is not current: write it with `python docs/known_answers.py`.")


if __name__ == "__main__":
    main()
