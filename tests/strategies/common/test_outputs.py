"""Ordered levels through whole trainings: fine-tuning moves what its phase names, whatever the network ends in."""

import numpy as np
import pytest

from tests.strategies.common import test_network_phases as phases
from transferpain.networks.outputs.registry import OUTPUTS, ending_in

pytestmark = pytest.mark.slow
ORDERED = [name for name, output in OUTPUTS.items() if output.ordered]


def trained(loss: str, strategy: str, folder):
    settings = phases.experiment(strategy, "resnet18", training=phases.TRAINING | {"loss": loss})
    start = ending_in(phases.tiny_network(), loss, 2, 0)
    before = {variable.path: variable.numpy() for variable in start.variables}
    network = phases.train(settings, folder, start)[1]
    after = {variable.path: variable.numpy() for variable in network.model.variables}
    return network, {path for path in before if not np.array_equal(before[path], after[path])}


@pytest.mark.parametrize("loss", ORDERED)
def test_the_last_layer_alone_moves_all_that_learns_of_an_output(loss, tmp_path):
    _, moved = trained(loss, "last_layer", tmp_path)
    assert moved
    assert all(path.startswith("logits") for path in moved)
    assert "logits/kernel" in moved or "logits/bias" in moved
    if loss == "cumulative_link":
        assert "logits_distances/bias" in moved


@pytest.mark.parametrize("loss", ORDERED)
def test_tuning_everything_leaves_fixed_weights_as_they_are(loss, tmp_path):
    network, moved = trained(loss, "full_fine_tuning", tmp_path)
    assert {path.split("/")[0] for path in moved} >= {"stem_conv", "embedding", "logits"}
    assert not {path for path in moved if path.startswith(("levels_", "probabilities"))}
    shares = network.predictions[["p_0", "p_1"]].to_numpy(float)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
