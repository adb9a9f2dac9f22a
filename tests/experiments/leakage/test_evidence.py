import numpy as np

from tests.command_line import EXPERIMENTS
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.leakage.evidence import fitted_rows
from transferpain.experiments.schema import load_experiment

FOLD = Fold("fold0", np.arange(4), np.arange(4, 7), np.arange(7, 9))


def test_what_three_models_were_fitted_to_is_listed():
    fitted = fitted_rows(load_experiment(EXPERIMENTS / "unbc-hybrid.yaml"), (FOLD,))
    by_step = {one.step: one.rows.tolist() for one in fitted}
    assert by_step["weights of the network"] == by_step["batch normalisation"] == [0, 1, 2, 3]
    assert by_step["scaler and trees on action units, and their threshold"] == list(range(7))
    assert by_step["what stands on the network, and thresholds"] == [4, 5, 6]
