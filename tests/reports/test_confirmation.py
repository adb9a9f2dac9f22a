"""The confirmation of a study: computed once, the same figures again, and registered or not, said so."""

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.small_study import STUDY, write_small_study
from transferpain.data.places import Places
from transferpain.evaluation.statistics import paired_difference
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.study import load_batch
from transferpain.reports.confirmation import UNREGISTERED, Expected, Measured, _concluded, confirm_file
from transferpain.reports.registered import register_file

SEEDS = [101, 102, 103]


@pytest.fixture(scope="module")
def confirmed(tmp_path_factory):
    """A registered study of one dataset with two heads, confirmed on three sets."""
    folder = tmp_path_factory.mktemp("confirmed")
    path = write_small_study(folder / "experiments")
    settings = {"source": "untrained", "training": {"epochs": 1}}
    members = {name: {"experiment": f"ai4pain-{name}", "set": settings} for name in ("ann", "lstm")}
    twins = {"ai4pain": STUDY["twins"]["ai4pain"]}
    study = STUDY | {"twins": twins, "experiments": members, "confirmation_seeds": SEEDS}
    path.write_text(yaml.safe_dump(study), encoding="utf-8")
    places = Places(folder, folder)
    register_file(path, places, [], None)
    return path, places, confirm_file(path, places, [])


@pytest.mark.slow
def test_every_difference_is_that_of_its_sets(confirmed):
    _, places, _ = confirmed
    table = pd.read_csv(places.reports / "small-confirmation" / "confirmation.csv", dtype={"set": str})
    own = table[(table["first"] == "ann") & (table["second"] == "lstm")].set_index("set")
    assert own.index.tolist() == ["1", "2", "3", "all"]
    for place, seed in enumerate(SEEDS, start=1):
        data = places.workspace / "data-confirmation" / str(seed)
        assert (data / "ai4pain" / "SYNTHETIC.json").is_file()
        assert own.loc[str(place), "difference"] == pytest.approx(
            own.loc[str(place), "first_score"] - own.loc[str(place), "second_score"]
        )
    assert own.loc["all", "difference"] == pytest.approx(own.loc[["1", "2", "3"], "difference"].mean())
    assert table["synthetic"].all()


@pytest.mark.slow
def test_the_paired_difference_is_that_of_the_runs(confirmed):
    _, places, _ = confirmed
    table = pd.read_csv(places.reports / "small-confirmation" / "confirmation.csv", dtype={"set": str})
    runs = {name: sorted((places.workspace / "runs").glob(f"{name}-*")) for name in ("ann", "lstm")}
    assert {name: len(found) for name, found in runs.items()} == {"ann": 3, "lstm": 3}
    pairs = []
    for ann in runs["ann"]:
        answers = RunFolder(ann).predictions()
        for lstm in runs["lstm"]:
            other = RunFolder(lstm).predictions()
            # People of different sets have different faces, and so different clips are drawn; contents tell them apart.
            if RunFolder(ann).facts()["index"] == RunFolder(lstm).facts()["index"]:
                pairs.append(paired_difference(answers, other).value)
    own = table[(table["first"] == "ann") & (table["set"] != "all")]
    assert sorted(pairs) == pytest.approx(sorted(own.loc[own["second"] == "lstm", "difference"]))


@pytest.mark.slow
def test_linear_probes_are_judged_against_chance(confirmed):
    _, _, result = confirmed
    probes = [row for row in result.rows if "linear probe" in row[0]]
    assert len(probes) == 2
    assert all(row[0].endswith("over chance") and float(row[3]) == pytest.approx(1 / 3, abs=1e-3) for row in probes)


@pytest.mark.slow
def test_it_is_said_to_be_drawn_and_registered(confirmed):
    path, places, result = confirmed
    assert "SYNTHETIC" in result.title
    assert any("and run as registered" in note for note in result.notes)
    page = (places.reports / "small-confirmation" / "index.html").read_text(encoding="utf-8")
    assert "no evidence about pain" in page
    assert "SYNTHETIC DATA: drawn faces." in page
    (places.reports / "small" / "registration.json").unlink()
    again = confirm_file(path, places, [])
    assert UNREGISTERED in again.notes
    assert again.rows == result.rows


@pytest.mark.slow
def test_a_second_run_trains_nothing(confirmed):
    path, places, _ = confirmed
    before = {run: run.stat().st_mtime_ns for run in places.workspace.glob("runs/*/folds/*/done")}
    assert len(before) == 2 * 2 * len(SEEDS)
    confirm_file(path, places, [])
    assert {run: run.stat().st_mtime_ns for run in places.workspace.glob("runs/*/folds/*/done")} == before
    assert np.all(list(before.values()))


def concluded(tmp_path, measured, faces="drawn faces"):
    batch = load_batch(write_small_study(tmp_path), Places(tmp_path, tmp_path), [])
    return _concluded(batch, measured, None, faces), tmp_path / "reports" / f"{batch.report}-confirmation"


def test_the_banner_names_the_faces_of_the_runs(tmp_path):
    sets = [Measured(0.6, 0.5, 0.1), Measured(0.7, 0.5, 0.2), Measured(0.65, 0.5, 0.15)]
    faces = "drawn faces and 3DPain, synthetic faces"
    result, folder = concluded(tmp_path, {Expected("ann", "lstm", "balanced_accuracy"): sets}, faces)
    assert f"SYNTHETIC DATA: {faces}." in (folder / "index.html").read_text(encoding="utf-8")
    assert result.title.endswith(f"SYNTHETIC data: {faces}")


def test_one_pair_by_two_metrics_is_judged_twice(tmp_path):
    up, down = ([Measured(0.5 + gap, 0.5, gap) for gap in gaps] for gaps in ((0.1, 0.11, 0.12), (-0.1, -0.11, -0.12)))
    metrics = ("balanced_accuracy", "macro_f1")
    result, _ = concluded(
        tmp_path, {Expected("ann", "lstm", metric): sets for metric, sets in zip(metrics, (up, down), strict=True)}
    )
    assert [row[-1] for row in result.rows] == ["holds", "the opposite"]
    assert [row[4][:6] for row in result.rows] == ["+0.110", "-0.110"]
