"""docs/backbones.md: the table of the networks, as it is made today."""

import runpy
from pathlib import Path

import pytest

from transferpain.networks.backbones.registry import BACKBONES

ROOT = Path(__file__).parents[2]
COMMAND = runpy.run_path(str(ROOT / "docs" / "backbones.py"))
PAGE = (ROOT / "docs" / "backbones.md").read_text(encoding="utf-8")


def test_every_backbone_has_a_row():
    rows = [line.split(" | ")[0] for line in PAGE.splitlines() if line.startswith("| `")]
    assert rows[1:] == [f"| `{name}`" for name in BACKBONES]


def test_what_is_said_of_imagenet_is_so():
    for backbone in BACKBONES.values():
        (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{backbone.name}` "))
        assert row.endswith("| no |") == (backbone.imagenet is None)
        assert f" {backbone.cost / 1e6:,.0f} million " in row


@pytest.mark.slow
def test_the_table_is_current():
    assert COMMAND["page"]() == PAGE
