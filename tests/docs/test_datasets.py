"""What docs/datasets.md shows of own data is read as it stands there."""

import re
from pathlib import Path

import pandas as pd

from tests.data.datasets.trees import touch
from transferpain.data.datasets.index import read_index
from transferpain.data.tasks.task import load_task

PAGE = Path(__file__).parents[2] / "docs" / "datasets.md"


def block(language: str, number: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[number]


def test_the_shown_own_data_are_read(tmp_path):
    folder = tmp_path / "our-clinic"
    for media in ("rest", "lift"):
        touch(folder / "videos" / "p01" / f"{media}.mp4")
    (folder / "index.csv").write_text(block("csv"))
    (folder / "dataset.yaml").write_text(block("yaml"))
    found = read_index("our-clinic", tmp_path)
    assert found.clips["label"].tolist() == ["no pain", "pain"]
    assert found.dataset.title == "Our clinic, shoulder patients"


def test_the_shown_task_reads_what_it_names_and_leaves_out_what_it_ignores(tmp_path):
    (tmp_path / "mine.yaml").write_text(block("yaml", 1))
    task = load_task(str(tmp_path / "mine.yaml"))
    labels = pd.Series(["no pain", "severe pain", "unclear", "9", "other"])
    rule = task.rule_for("our-clinic")
    assert rule.classify(labels).tolist() == [0, 1, pd.NA, pd.NA, pd.NA]
    assert rule.ignores(labels).tolist() == [False, False, True, True, False]
    numbers = task.rule_for("another-clinic")
    assert numbers.ignores(pd.Series(["0", "2", "3.9", "99", "99.0"])).tolist() == [False, True, False, True, True]
