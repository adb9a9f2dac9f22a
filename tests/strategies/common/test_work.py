"""Estimates of what the stages of strategies cost."""

import pytest

from transferpain.strategies.common.work import forward_rate


def test_a_forward_pass_costs_as_the_area_of_the_picture():
    assert forward_rate("vgg16", "float32", 112) == pytest.approx(4 * forward_rate("vgg16", "float32", 224))


def test_a_larger_network_takes_longer():
    assert forward_rate("vgg16", "bfloat16", 224) == pytest.approx(30, rel=1e-6)
    assert forward_rate("resnet18", "bfloat16", 224) > forward_rate("vgg16", "bfloat16", 224)
