"""What docs/datasets.md shows of own data is read as it stands there."""

import re
from pathlib import Path

from tests.data.datasets.trees import touch
from transferpain.data.datasets.index import read_index

PAGE = Path(__file__).parents[2] / "docs" / "datasets.md"


def block(language: str) -> str:
    (text,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return text


def test_the_shown_own_data_are_read(tmp_path):
    folder = tmp_path / "our-clinic"
    for media in ("rest", "lift"):
        touch(folder / "videos" / "p01" / f"{media}.mp4")
    (folder / "index.csv").write_text(block("csv"))
    (folder / "dataset.yaml").write_text(block("yaml"))
    found = read_index("our-clinic", tmp_path)
    assert found.clips["label"].tolist() == ["no pain", "pain"]
    assert found.dataset.title == "Our clinic, shoulder patients"
