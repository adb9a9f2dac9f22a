"""docs/reference: every key, as the schemas have it today."""

import re
import runpy
from pathlib import Path

import pytest
from pydantic import BaseModel

from transferpain.core.validation import key_paths
from transferpain.experiments.matrix.settings import Matrix
from transferpain.experiments.schema import Experiment
from transferpain.experiments.study_schema import Study

ROOT = Path(__file__).parents[2]
COMMAND = runpy.run_path(str(ROOT / "docs" / "reference.py"))


def page(name: str) -> str:
    return (ROOT / "docs" / "reference" / f"{name}.md").read_text(encoding="utf-8")


def test_the_pages_are_current():
    assert COMMAND["outdated"]() == []


@pytest.mark.parametrize(("name", "schema"), [("experiment", Experiment), ("study", Study), ("matrix", Matrix)])
def test_every_key_that_the_schema_knows_stands_there(name, schema):
    shown = {path.rpartition(".")[2] for path in re.findall(r"^\| `(\S+)` \|", page(name), re.MULTILINE)}
    assert [path for path in key_paths(schema) if path.rpartition(".")[2] not in shown] == []


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("experiment", "| `features.fps` | number or null | `null` |"),
        ("experiment", "`kernel_l2 * sum"),
        ("experiment", "one of `vgg16`, `resnet18`"),
        ("experiment", "with kind `holdout`, and only with it"),
        ("experiment", "for strategy `frozen`"),
        ("study", "| `twins.NAME.subjects` | whole number | **required** | the number of people. |"),
        ("task", "| `labels.NAME.bins` |"),
        ("dataset", "| `redistributable` | true or false | `false` |"),
        ("columns", "| `media` | yes |"),
        ("columns", "| `fps` | no |"),
        ("columns", "## `frames.csv`"),
    ],
)
def test_kind_default_meaning_and_rule_are_those_of_the_schema(name, row):
    assert row.strip("`") in page(name)


def test_a_key_without_a_meaning_is_refused():
    class Silent(BaseModel):
        """Says nothing of its key."""

        key: int = 0

    with pytest.raises(ValueError, match="`key` is explained nowhere"):
        COMMAND["section"]("", Silent)
