"""The picture of the house is that of its imports."""

import tomllib
from pathlib import Path

import pytest

from docs.architecture import figures, read_house
from transferpain.data.datasets.registry import DATASETS
from transferpain.networks.backbones.registry import BACKBONES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
}


@pytest.fixture(scope="module")
def house():
    return read_house(ROOT)


def test_the_house_has_few_floors_and_all_arrows_lead_down(house):
    numbers = figures(house)
    assert numbers["floors"] <= 9
    assert numbers["arrows that do not lead down"] == 0
    assert numbers["circles between files"] == 0
    assert numbers["modules beside the folders"] <= 3


def test_a_circle_and_an_upward_arrow_would_be_seen(tmp_path):
    package = tmp_path / "transferpain"
    for name, text in {
        "low/a.py": "from transferpain.high.b import x\n",
        "high/b.py": "def f():\n    from transferpain.low import a\n",
        "loose.py": "from transferpain.low.a import y\n",
    }.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    numbers = figures(read_house(tmp_path))
    assert numbers["circles between files"] == 1
    assert numbers["arrows that do not lead down"] == 2
    assert (numbers["floors"], numbers["modules beside the folders"]) == (2, 1)


def test_each_folder_and_each_registry_is_on_the_page(house):
    for room in house.rooms:
        assert f"  {room}" in PAGE
    registries = {module for module in house.modules if module.endswith(".registry")}
    for registry in registries - {"core.registry", "apps.serve.registry"}:
        assert f"`{registry.replace('.', '/')}.py`" in PAGE


@pytest.mark.parametrize(
    ("contract", "folder", "registered"),
    [("datasets", "data.datasets", DATASETS), ("backbones", "networks.backbones", BACKBONES)],
)
def test_siblings_that_must_not_know_each_other_are_all_listed(contract, folder, registered):
    listed = {module.rsplit(".", 1)[1] for module in CONTRACTS[contract]["modules"]}
    assert listed == set(registered)
    assert all(module.startswith(f"transferpain.{folder}.") for module in CONTRACTS[contract]["modules"])
