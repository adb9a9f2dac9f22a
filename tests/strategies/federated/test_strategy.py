"""The strategy `federated` before anything is computed: clients of a column, and what a round costs."""

import numpy as np
import pandas as pd
import pytest

from tests.strategies.federated.federated_clips import experiment
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.strategies.base import Workload
from transferpain.strategies.federated.strategy import FEDERATED

CLIPS = pd.DataFrame(
    {
        "dataset": "ai4pain",
        "subject": ["a", "a", "b", "c"],
        "clip": ["1", "2", "3", "4"],
        "kind": "video",
        "fps": 25.0,
        "site": ["x", "x", "y", "y"],
    }
)


def test_a_column_of_the_index_may_name_clients():
    FEDERATED.check_clips(experiment(), CLIPS.drop(columns="site"))
    FEDERATED.check_clips(experiment({"client": "site"}), CLIPS)


def test_a_column_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(UserError, match=r"a client for each `ward`(.|\n)*site(.|\n)*federated.client=subject"):
        FEDERATED.check_clips(experiment({"client": "ward"}), CLIPS)


@pytest.mark.parametrize("empty", [None, " "])
def test_a_clip_of_no_client_is_refused_by_its_name(empty):
    clips = CLIPS.assign(site=["x", empty, "y", "y"])
    with pytest.raises(UserError, match=r"1 of 4 clips of test belong to no client(.|\n)*without one: 2"):
        FEDERATED.check_clips(experiment({"client": "site"}), clips)


def test_a_dataset_that_is_only_tested_on_needs_no_clients():
    recipe = experiment({"client": "site"}, protocol={"kind": "cross_dataset", "test_dataset": "biovid"})
    other = CLIPS.assign(dataset="biovid", site=None, clip=["5", "6", "7", "8"])
    FEDERATED.check_clips(recipe, pd.concat([CLIPS, other], ignore_index=True))


@pytest.mark.parametrize(("how", "clients"), [({}, 3), ({"client": "site"}, 2), ({"share": 0.34}, 1)])
def test_an_estimate_counts_rounds_and_clients(how, clients):
    samples = CLIPS[["dataset", "subject", "clip"]].assign(file_clip=CLIPS["clip"], row=-1)
    fold = Fold("0", np.arange(4), np.arange(0), np.arange(0))
    work = Workload(experiment(how), CLIPS, pd.Series(50.0, index=CLIPS.index), samples, [fold], 224)
    features, head = FEDERATED.stages(work)
    assert features.name.startswith("features (")
    assert head.work == f"1 trainings of at most 3 rounds of {clients} clients, 1 epochs each"
    assert head.trainings == 1
    longer = experiment(how | {"local_epochs": 5})
    assert FEDERATED.stages(Workload(longer, *list(vars(work).values())[1:]))[1].seconds > head.seconds > 0
