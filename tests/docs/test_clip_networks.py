"""What docs/clip-networks.md says of the networks is what they have."""

import re
from pathlib import Path

import pytest
import yaml

from transferpain.experiments.schema import Experiment
from transferpain.networks.clips.registry import CLIP_NETWORKS

PAGE = (Path(__file__).parents[2] / "docs" / "clip-networks.md").read_text(encoding="utf-8")
STATED = re.findall(r"`(\w+)`(?: has)?\s+([\d,]+)(?: parameters)? and (\d+) million", PAGE)


def test_every_clip_network_has_a_row_and_figures():
    assert re.findall(r"(?m)^\| `(\w+)` \|", PAGE) == list(CLIP_NETWORKS) == [name for name, _, _ in STATED]


@pytest.mark.parametrize(("name", "parameters", "millions"), STATED)
def test_parameters_and_multiply_adds_are_those_of_the_page(name, parameters, millions):
    network = CLIP_NETWORKS[name]
    settings = network.Settings(kind=name)
    assert round(network.cost(settings, 64) / 1e6) == int(millions)
    assert network.build(settings, 64, 2, 0).count_params() == int(parameters.replace(",", ""))


def test_the_experiment_can_be_read():
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    rest = {"name": "clips", "task": "biovid-five", "protocol": {"kind": "group_kfold"}}
    assert Experiment.model_validate(rest | yaml.safe_load(text)).network.kind == "vivit"
