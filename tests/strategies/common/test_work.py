"""Estimates of what the stages of strategies cost."""

import json
from pathlib import Path

import pytest

from transferpain.networks.backbones.registry import BACKBONES
from transferpain.strategies.common.work import felt_cost, forward_rate

ROOT = Path(__file__).parents[3]


def test_a_forward_pass_costs_as_the_area_of_the_picture():
    assert forward_rate("vgg16", "float32", 112) == pytest.approx(4 * forward_rate("vgg16", "float32", 224))


def test_a_larger_network_takes_longer():
    assert forward_rate("vgg16", "bfloat16", 224) == pytest.approx(30, rel=1e-6)
    assert forward_rate("resnet18", "bfloat16", 224) > forward_rate("vgg16", "bfloat16", 224)


@pytest.mark.parametrize("name", BACKBONES)
def test_what_a_network_takes_is_as_it_was_measured(name):
    """By multiply-adds alone a MobileNetV2 would be ten times as fast as it is."""
    figures = json.loads((ROOT / "benchmarks" / "results" / "backbones.json").read_text(encoding="utf-8"))["figures"]
    took = {figure["what"]: figure["value"] for figure in figures}
    measured = took[f"{name}: the stage"] / took["vgg16: the stage"]
    assert 0.5 < felt_cost(name, 224) / felt_cost("vgg16", 224) / measured < 2
