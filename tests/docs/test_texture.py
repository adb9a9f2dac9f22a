"""What docs/texture.md says of features is what the extractors have."""

import re
from pathlib import Path

import pytest
import yaml

from transferpain.experiments.source_forms import spread_source
from transferpain.inputs.features.extractors.registry import EXTRACTORS
from transferpain.inputs.features.settings import FeatureSettings

PAGE = (Path(__file__).parents[2] / "docs" / "texture.md").read_text(encoding="utf-8")
TABLE = re.findall(r"(?m)^\| `(\w+)` \| .* \| ([\d,]+) \|$", PAGE)


def test_every_texture_has_a_row():
    assert [name for name, _ in TABLE] == [name for name, kind in EXTRACTORS.items() if kind.Settings]


@pytest.mark.parametrize(("name", "width"), TABLE)
def test_as_many_features_as_the_page_says(name, width):
    assert FeatureSettings(extractor=name).make_extractor(None).width == int(width.replace(",", ""))


def test_the_smallest_face_is_as_the_page_says():
    (stated,) = re.findall(r"(\d+) pixels for `glcm`", PAGE)
    assert FeatureSettings(extractor="glcm").smallest_face == int(stated)


def test_the_experiment_can_be_read():
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    features = FeatureSettings(**spread_source(yaml.safe_load(text))["features"])
    assert (features.extractor, features.extraction.levels, features.fps) == ("glcm", 16, 5)


def test_the_names_are_those_that_are_shown():
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    values: dict = {}
    exec(compile(block, "texture.md", "exec"), values)
    shown = re.findall(r"(?m)^(names\[-?\d\]) +# '(.*)'$", block)
    assert len(shown) == 2
    for expression, name in shown:
        assert eval(expression, values) == name
