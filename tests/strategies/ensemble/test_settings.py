"""What an experiment file may say of an ensemble."""

import pytest

from tests.command_line import EXPERIMENTS
from transferpain.core.errors import UserError
from transferpain.experiments.schema import Experiment, load_experiment

BOTH = {"strategy": "ensemble", "source": {"runs": ["one", "two"]}, "head": {"kind": "averaging"}}


def load(**changes) -> Experiment:
    return load_experiment(EXPERIMENTS / "biovid-ensemble.yaml", BOTH | changes)


def test_runs_become_members():
    experiment = load()
    assert (experiment.source, experiment.members) == ("finished_runs", ("one", "two"))
    assert not experiment.finds_faces


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source": {"runs": ["one"]}}, "two members or more"),
        ({"source": {"runs": []}}, "two members or more"),
        ({"source": {"runs": ["one", "two", "one"]}}, "each run once"),
        ({"source": {"runs": "one"}}, "members"),
        ({"source": {"runs": ["one", 2]}}, "text is meant"),
        ({"source": {"runs": ["one", "two"], "rate": 5}}, "runs stand alone"),
        ({"source": "untrained"}, "finished runs are named"),
        ({"strategy": "frozen", "source": "untrained", "members": ["one"], "head": {"kind": "ann"}}, "members"),
        ({"reference": {"form": "pair", "frames": 3}}, "an ensemble reads no faces, so `withheld`"),
        ({"head": {"kind": "ann"}}, "does not go with strategy `ensemble`"),
        ({"head": {"kind": "stacking"}, "protocol": {"selection": "paper"}}, "selects on tested subjects"),
    ],
)
def test_what_is_no_ensemble_is_refused_with_the_key(changes, said):
    with pytest.raises(UserError, match=said):
        load(**changes)
