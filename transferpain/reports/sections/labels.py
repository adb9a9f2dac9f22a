"""What each class of a run has of clips and people, and what its task left out and why."""

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection

TITLES = {"dataset": "Dataset", "label": "Class", "clips": "Clips", "subjects": "Subjects"}


def build(run: RunFacts) -> Section | None:
    """Return the counts; `None` where nobody has counted: runs of former versions, and those made elsewhere."""
    counted = run.facts.get("labels")
    if not counted:
        return None
    table = labels_of(run.name, counted)
    text = table.drop(columns=["run", "use"]).astype(str).rename(columns=TITLES)
    text["Class"] = [f"left out: {name}" if use == "left out" else name for name, use in table[["label", "use"]].values]
    text["samples"] = [f"{number} {one}s" for number, one in zip(table["samples"], table["sample"], strict=True)]
    text = text.drop(columns="sample").rename(columns={"samples": "Predicted"})
    shown = Table("labels", table, text, f"Labels of {run.name}", kind="scores", text_columns=3)
    return Section(title="Labels, and what was left out", tables=(shown,))


def labels_of(run: str, counted: list[dict]) -> pd.DataFrame:
    """Return one row for each dataset and class, or reason to leave out.

    Args:
        counted: `LabelCounts.facts` of each dataset.
    """
    return pd.DataFrame(
        [
            {"run": run, "dataset": one["dataset"], "label": row["name"], "use": row["use"], "sample": one["sample"]}
            | {column: row[column] for column in ("samples", "clips", "subjects")}
            for one in counted
            for row in one["rows"]
        ]
    )


LABELS = ReportSection("labels", "run", build)
