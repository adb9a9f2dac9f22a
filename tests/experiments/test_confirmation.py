"""Confirmation sets: each has its own people and folders, and what cannot be confirmed is refused before it is run."""

import pytest
import yaml

from tests.small_study import STUDY, write_small_study
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.experiments.confirmation import confirmation_sets
from transferpain.experiments.study import load_batch
from transferpain.reports.registered import describe_batch

SEEDS = [101, 102, 103]


def load(folder, **changes):
    path = write_small_study(folder / "experiments")
    path.write_text(yaml.safe_dump(STUDY | {"confirmation_seeds": SEEDS} | changes), encoding="utf-8")
    return load_batch(path, Places(folder / "licensed", folder), [])


def test_each_set_has_people_and_folders_of_its_own(tmp_path):
    batch = load(tmp_path)
    sets = list(confirmation_sets(batch))
    seeds = {settings.seed for one in sets for settings in one.twins.values()}
    assert len(seeds) == len(SEEDS) * len(batch.twins)
    assert seeds.isdisjoint({settings.seed for settings in batch.twins.values()})
    assert [one.places.data_root for one in sets] == [tmp_path / "data-confirmation" / str(seed) for seed in SEEDS]
    for one in sets:
        assert one.experiments == batch.experiments
        assert {name: settings.subjects for name, settings in one.twins.items()} == {"biovid": 9, "ai4pain": 8}


def test_the_same_seeds_give_the_same_sets(tmp_path):
    first, second = (list(confirmation_sets(load(tmp_path))) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("changes", "received"),
    [
        ({"confirmation_seeds": []}, "It names no sets"),
        ({"comparisons": []}, "It names no comparison"),
        ({"twins": {"biovid": {"subjects": 9}}}, "data that it does not draw: ai4pain"),
    ],
)
def test_what_cannot_be_confirmed_is_refused(tmp_path, changes, received):
    with pytest.raises(UserError, match="small cannot be confirmed") as refused:
        list(confirmation_sets(load(tmp_path, **changes)))
    assert received in str(refused.value)


@pytest.mark.parametrize("seeds", [[1, 2], [1, 2, 2], [1], [-1, 2, 3], [1.5, 2, 3]])
def test_sets_are_three_or_more_and_each_once(tmp_path, seeds):
    with pytest.raises(UserError, match="confirmation_seeds"):
        load(tmp_path, confirmation_seeds=seeds)


def test_the_sets_are_part_of_what_is_registered(tmp_path):
    assert describe_batch(load(tmp_path))["confirmation_seeds"] == SEEDS
    assert "confirmation_seeds" not in describe_batch(load(tmp_path, confirmation_seeds=[]))
