"""Null worlds: what stands in them, and what labels that are dealt anew keep."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.small_study import tiny, write_small_study
from transferpain.core.seeds import derive_seed
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.evaluation.null_worlds import PERMUTATIONS
from transferpain.evaluation.permutation import WIDER, permuted_scores
from transferpain.experiments.chosen_source import source_experiment
from transferpain.experiments.null_probe import probe_steps
from transferpain.experiments.null_worlds import (
    DRAWS,
    declared_leak,
    leaning,
    null_scores,
    null_worlds,
)
from transferpain.experiments.runner import make_plan
from transferpain.experiments.samples import deal_anew, hang_together, labelled_samples
from transferpain.experiments.study import load_batch

TWINS = {"ai4pain": TwinSettings(8, seed=2, clips=1, seconds=0.5, levels=("none", "high"))}


def test_a_file_that_draws_twins_is_run_on_five_null_twins_of_the_same_lengths(tmp_path):
    worlds = list(null_worlds("demo", TWINS, {"ai4pain"}, Places(tmp_path / "data" / "demo", tmp_path)))
    assert [world.draw for world in worlds] == list(range(1, DRAWS + 1))
    assert DRAWS >= 5
    for world in worlds:
        settings = world.twins["ai4pain"]
        assert settings.null
        assert (settings.seconds, settings.levels, settings.clips) == (0.5, ("none", "high"), 1)
        assert not world.permutes
    assert len({world.twins["ai4pain"].seed for world in worlds} | {2}) == DRAWS + 1
    assert len({world.places.data_root for world in worlds} | {tmp_path / "data" / "demo"}) == DRAWS + 1


def test_of_a_twin_that_is_there_null_twins_are_drawn_elsewhere(tmp_path):
    (tmp_path / "ai4pain").mkdir()
    mark = {"synthetic": True, "dataset": "ai4pain", "generator_version": 1, **TWINS["ai4pain"].facts()}
    (tmp_path / "ai4pain" / "SYNTHETIC.json").write_text(json.dumps(mark))
    first = next(null_worlds("mine", {}, {"ai4pain"}, Places(tmp_path, tmp_path / "work")))
    assert first.twins["ai4pain"].levels == ("none", "high")
    assert first.twins["ai4pain"].null
    assert first.places.data_root == tmp_path / "work" / "data" / "null-worlds" / "mine" / "1"


def test_on_licensed_data_labels_are_dealt_anew(tmp_path):
    places = Places(tmp_path, tmp_path)
    worlds = list(null_worlds("mine", {}, {"ai4pain"}, places))
    assert all(world.permutes and not world.twins for world in worlds)
    assert {world.places for world in worlds} == {places}


def samples() -> pd.DataFrame:
    number = np.arange(40)
    table = pd.DataFrame({"dataset": "ai4pain", "subject": (number // 10).astype(str), "num_frames": number})
    labels = {"y": (number % 10 > 5).astype(int), "level": number}
    return table.assign(clip=number, split="train", row=-1, **labels)


def test_labels_stay_with_their_subject_and_go_together():
    before = samples()
    after = deal_anew(before, 1, in_series=False)
    pd.testing.assert_frame_equal(after[["subject", "clip", "num_frames"]], before[["subject", "clip", "num_frames"]])
    assert after["level"].tolist() != before["level"].tolist()
    for (_, old), (_, new) in zip(before.groupby("subject"), after.groupby("subject"), strict=True):
        assert sorted(new["level"]) == sorted(old["level"])
    assert (after["y"] == (after["level"] % 10 > 5)).all()
    assert not after["level"].equals(deal_anew(before, 2, in_series=False)["level"])
    pd.testing.assert_frame_equal(after, deal_anew(before, 1, in_series=False))


def test_neighbours_that_hang_together_keep_like_labels():
    after = deal_anew(samples(), 3, in_series=True)
    assert after["level"].tolist() != samples()["level"].tolist()
    for _, own in after.groupby("subject"):
        assert set(np.diff(own["level"])) <= {1, -9}


def test_pictures_without_people_exchange_labels_within_their_split():
    table = samples().assign(subject=[f"p{number}" for number in range(40)], split=["train"] * 30 + ["test"] * 10)
    after = deal_anew(table, 1, in_series=False)
    assert sorted(after["level"][:30]) == list(range(30))
    assert after["level"].tolist() != table["level"].tolist()


def test_without_a_draw_labels_stay():
    table = samples()
    assert deal_anew(table, None, in_series=False) is table


def test_an_experiment_and_its_source_are_dealt_by_one_draw(small_twin, tmp_path):
    write_small_study(tmp_path)
    places = Places(small_twin, tmp_path)
    plain = tiny(tmp_path, source="small-biovid")
    world = list(null_worlds("x", {}, {"licensed"}, places))[1]
    experiment = world.experiment(plain)
    assert experiment.null_draw == 2
    assert source_experiment(experiment, tmp_path).null_draw == 2
    assert source_experiment(plain, tmp_path).null_draw is None
    before, after = (labelled_samples(one, places)[2] for one in (plain, experiment))
    assert before["clip"].tolist() == after["clip"].tolist()
    assert before["y"].tolist() != after["y"].tolist()


@pytest.mark.parametrize(
    ("protocol", "why"),
    [
        ({"kind": "random_frames", "allow_leakage": True}, "at random"),
        ({"kind": "folders", "selection": "paper"}, "tested subjects"),
        ({"kind": "folders"}, ""),
    ],
)
def test_what_leaks_by_declaration_says_so(tmp_path, protocol, why):
    write_small_study(tmp_path)
    assert why in declared_leak(tiny(tmp_path, protocol=protocol))
    assert bool(why) == bool(declared_leak(tiny(tmp_path, protocol=protocol)))


@pytest.mark.parametrize(
    ("sample", "kinds", "alike"),
    [
        ("clip", ["video", "video"], False),
        ("clip", ["video", "image_span"], True),
        ("clip", ["images", "span"], False),
        ("frame", ["images"], True),
    ],
)
def test_neighbours_that_hang_together_are_kept_together(sample, kinds, alike):
    assert hang_together(sample, pd.DataFrame({"kind": kinds})) is alike


def test_answers_of_one_class_may_lean_to_the_other():
    table = pd.DataFrame({"dataset": "d", "subject": "s", "clip": ["a", "b", "c", "d"], "frame": -1, "seed": 0})
    table = table.assign(fold=["one", "one", "two", "two"], y_true=[0, 1, 0, 1], y_pred=0, coverage=1.0)
    table = table.assign(p_0=[0.9, 0.8, 0.6, 0.6], p_1=[0.1, 0.2, 0.4, 0.4])
    # Where a fold's answers are all alike, none leans.
    assert leaning(table)["y_pred"].tolist() == [0, 1, 0, 0]
    assert leaning(table.assign(y_true=[None, 1, 0, 1]))["clip"].tolist() == ["b", "c", "d"]


@pytest.mark.slow
def test_linear_probes_and_the_sampling_are_judged_beside_the_head(finished_study):
    workspace, study, _ = finished_study
    batch = load_batch(study, Places(workspace / "data", workspace), [])
    plan = make_plan(batch.experiments[0], batch.folder, batch.places)
    scores = {score.cell: score for score in null_scores(plan, 3, batch.places)}
    probes = ["ann: linear probe, mean", "ann: linear probe, mean + maximum"]
    assert list(scores) == ["ann", "ann: leaning", *probes, "ann: steps"]
    metrics = plan.run.metrics()
    known = [metrics["all"], *metrics["linear_probe"].values()]
    for cell, stated in zip(["ann", *probes], known, strict=True):
        assert scores[cell].observed == pytest.approx(stated["balanced_accuracy"]["value"])
    assert {score.draw for score in scores.values()} == {3}
    assert len({len(score.permuted) for score in scores.values()}) == 1
    # The head is tested on one part; what the sampling tells is cross-validated over the people of that part.
    how = {"draws": PERMUTATIONS, "cross_validated": False}
    given = {"ann": plan.run.predictions(), "ann: steps": probe_steps(plan, batch.places)}
    for cell, wider in (("ann", 1.0), ("ann: steps", WIDER)):
        _, permuted = permuted_scores(given[cell], seed=derive_seed("null world", cell, 3), **how)
        assert scores[cell].permuted.std() == pytest.approx(wider * permuted.std())
