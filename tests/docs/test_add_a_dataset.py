"""The worked example of docs/add-a-dataset.md is run as it stands there."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.data.datasets.trees import touch
from transferpain.core.registry import Registry
from transferpain.data.datasets import index, registry
from transferpain.data.datasets.index import read_index

PAGE = Path(__file__).parents[2] / "docs" / "add-a-dataset.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def load(name: str, code: str) -> ModuleType:
    module = ModuleType(name)
    exec(compile(code, f"{PAGE.name}:{name}", "exec"), module.__dict__)
    return module


@pytest.fixture
def shown_test(monkeypatch) -> ModuleType:
    """The page's test, with the page's dataset in the registry."""
    code, test = blocks("python")
    toy = load("toy", code)
    extended = Registry("dataset", [*registry.DATASETS.values(), toy.DATASET])
    for module in (registry, index):
        monkeypatch.setattr(module, "DATASETS", extended)
    return load("test_toy", test)


@pytest.mark.parametrize("name", ["test_pictures_carry_their_label", "test_another_layout_is_an_error"])
def test_the_shown_tests_pass_on_the_shown_module(shown_test, tmp_path, name):
    getattr(shown_test, name)(tmp_path)


def test_every_shown_test_is_run(shown_test):
    assert [name for name in vars(shown_test) if name.startswith("test_")] == [
        "test_pictures_carry_their_label",
        "test_another_layout_is_an_error",
    ]


def test_the_shown_own_data_are_read(tmp_path):
    (table,), (facts,) = blocks("csv"), blocks("yaml")
    folder = tmp_path / "our-clinic"
    for media in ("rest", "lift"):
        touch(folder / "videos" / "p01" / f"{media}.mp4")
    (folder / "index.csv").write_text(table)
    (folder / "dataset.yaml").write_text(facts)
    found = read_index("our-clinic", tmp_path)
    assert found.clips["label"].tolist() == ["no pain", "pain"]
    assert found.dataset.title == "Our clinic, shoulder patients"
