"""The Python of docs/python.md runs as it stands there, block after block."""

import re
from pathlib import Path

import pandas as pd
import pytest

import transferpain

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SHOWN_IN_README = ("load_dataset", "label", "extract", "cross_validate", "report", "load_model")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return the names that the page leaves, and the folder that it ran in."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "weights").symlink_to(ROOT / "weights")
    values = {"__name__": "notebook"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for number, block in enumerate(BLOCKS, start=1):
            exec(compile(block, f"python.md, block {number}", "exec"), values)
    return values, folder


@pytest.mark.slow
def test_every_block_leaves_what_it_says(ran):
    values, folder = ran
    assert values["means"].shape == (24, 1024)
    assert values["frames"].shape == (6, 1024)
    assert values["probabilities"].shape == (2, 8)
    assert sorted(set(values["forests"]["seed"])) == [0, 1]
    assert set(values["women"]["sex"]) == {"w"}
    for report in ("mine", "both", "elsewhere", "our-clinic"):
        page = (folder / "reports" / report / "index.html").read_text(encoding="utf-8")
        assert "SYNTHETIC DATA" in page


@pytest.mark.slow
def test_own_clips_are_those_that_were_labelled(ran):
    samples = ran[0]["samples"]
    assert (samples.dataset, samples.synthetic, samples.classes) == ("our-clinic", True, ("no pain", "pain"))
    assert samples.y.value_counts().to_dict() == {0: 12, 1: 12}


@pytest.mark.slow
def test_the_declared_comparisons_are_made(ran):
    pairs = pd.read_csv(ran[1] / "reports" / "both" / "differences.csv")
    assert pairs[["better", "worse", "metric"]].to_numpy().tolist() == [
        ["forest", "ann", "balanced_accuracy"],
        ["forest", "ann", "macro_f1"],
    ]


def test_the_page_names_every_function():
    missing = [name for name in transferpain.__all__ if not name.startswith("__") and name not in PAGE]
    assert missing == []


def test_the_readme_shows_the_six_lines():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in SHOWN_IN_README if f"tp.{name}(" not in readme] == []
    assert "docs/python.md" in readme
