"""An experiment on features that were made elsewhere: from the file to the rows that a head learns from."""

import numpy as np
import pytest

from tests.data.datasets.media_files import video
from tests.data.datasets.trees import touch
from transferpain.core.errors import UserError
from transferpain.core.store import read_json, write_text
from transferpain.data.places import Places
from transferpain.experiments.registration import NOT_HERE, describe_experiments, differences
from transferpain.experiments.runner import make_plan
from transferpain.experiments.schema import load_experiment
from transferpain.experiments.study import dry_run_rows
from transferpain.inputs.features.cache import read_features
from transferpain.models.bundles.sklearn_bundle import read_any_bundle
from transferpain.reports.studies import run_file
from transferpain.strategies.common.features import features_of

TASK = """\
schema: 2
description: Rest or pain.
sample: clip
classes: [rest, pain]
labels: {clinic: {column: label, mapping: {rest: 0, pain: 1}}}
"""
EXPERIMENT = """\
schema: 2
name: own
task: TASK
protocol: {kind: loso}
source: {features: mine, rate: 10}
strategy: frozen
window: {seconds: 0.5}
head: {kind: ann}
"""
TABLES = {"features": None, "action_units": "units"}


@pytest.fixture
def clinic(tmp_path):
    """Return a workspace whose data root has clips that no decoder could read, and a file of features for each."""
    rows = []
    for number in range(1, 5):
        for label in ("rest", "pain"):
            touch(tmp_path / "data" / "clinic" / f"p{number}" / f"{label}.mp4", f"{number} {label}".encode())
            rows.append(f"p{number}/{label}.mp4,p{number},{label}")
            path = tmp_path / "data" / "mine" / f"p{number}" / f"{label}.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, np.full((6 + number, 3), number, np.float32))
    write_text(tmp_path / "data" / "clinic" / "index.csv", "\n".join(["media,subject,label", *rows]))
    write_text(tmp_path / "task.yaml", TASK)
    write_text(tmp_path / "own.yaml", EXPERIMENT.replace("TASK", str(tmp_path / "task.yaml")))
    return tmp_path


def places(clinic):
    return Places(clinic / "data", clinic)


def plan_of(clinic, changes=None):
    return make_plan(load_experiment(clinic / "own.yaml", changes), clinic, places(clinic))


def test_no_face_is_looked_for_and_each_clip_has_its_rows(clinic):
    _, rows = dry_run_rows(clinic / "own.yaml", places(clinic), [])
    assert [row[1:3] for row in rows[:2]] == [
        ["features (own features)", "68 rows"],
        ["head (ann)", "4 trainings of at most 100 epochs"],
    ]
    plan = plan_of(clinic)
    assert not plan.reads_source
    assert not plan.has_faces_stage
    table = features_of(plan, places(clinic))
    assert table["frames"].tolist() == [7, 7, 8, 8, 9, 9, 10, 10]
    assert set(table["stretch_rows"]) == {5}  # half a second of ten rows a second: of a longer clip no more
    for row in table.itertuples():
        assert (read_features(row.features) == int(row.clip[1])).all()
        np.testing.assert_array_equal(row.sampling(), np.arange(row.frames))


def test_clips_of_uneven_number_need_a_stretch_as_pictures_do(clinic):
    plan = plan_of(clinic, {"source": {"rate": None}})
    with pytest.raises(UserError, match=r"not of one length(.|\n)*window\.frames=7"):
        features_of(plan, places(clinic))
    plan = plan_of(clinic, {"source": {"rate": None}, "window": {"frames": 7}})
    assert set(features_of(plan, places(clinic))["stretch_rows"]) == {-1, 7}


def test_other_features_are_another_run(clinic):
    before = plan_of(clinic).run.path.name
    np.save(clinic / "data" / "mine" / "p1" / "rest.npy", np.zeros((7, 3)))
    assert plan_of(clinic).run.path.name != before


def test_a_registration_knows_what_the_files_hold(clinic):
    write_text(clinic / "folds.csv", "subject,fold\np1,a\np2,a\np3,b\np4,b\n")
    folds = {"protocol": {"kind": "own_folds", "folds_from": str(clinic / "folds.csv")}}
    experiment = load_experiment(clinic / "own.yaml", folds)

    def registered():
        return describe_experiments([experiment], clinic, places(clinic), {})

    first = registered()
    np.save(clinic / "data" / "mine" / "p1" / "rest.npy", np.zeros((7, 3)))
    second = registered()
    write_text(clinic / "folds.csv", "subject,fold\np1,a\np2,b\np3,b\np4,b\n")
    keys = [[one.key for one in differences(first, second)], [one.key for one in differences(second, registered())]]
    assert keys == [["files.own"], ["files.own"]]
    (clinic / "folds.csv").unlink()
    assert registered()["files"] == {"own": [NOT_HERE]}
    plain = load_experiment(clinic / "own.yaml", {"source": "untrained"})
    assert "files" not in describe_experiments([plain], clinic, places(clinic), {})


def test_what_is_missing_is_told_before_anything_is_computed(clinic):
    (clinic / "data" / "mine" / "p1" / "rest.npy").unlink()
    with pytest.raises(UserError, match=r"1 of 8 clips have no features"):
        dry_run_rows(clinic / "own.yaml", places(clinic), [])


def test_another_source_takes_their_place(clinic):
    experiment = load_experiment(clinic / "own.yaml", {"source": "untrained"})
    assert (experiment.source, experiment.features.folder) == ("untrained", None)


def test_what_a_run_has_written_down_is_read_again(clinic):
    experiment = load_experiment(clinic / "own.yaml")
    assert type(experiment).model_validate(experiment.resolved()) == experiment


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": {"features": 3}}, "as a mapping it is"),
        ({"source": {"features": "mine", "rate": True}}, "as a mapping it is"),
        ({"source": {"features": "mine", "fps": 3}}, "as a mapping it is"),
        ({"source": {"features": "mine", "rate": -1}}, "`rate`: more than 0 is meant"),
        ({"source": "own_features"}, "own features are named"),
        ({"source": "untrained", "features": {"folder": "mine"}}, "own features are named"),
        ({"strategy": "last_layer", "head": {"kind": "dense"}}, "own features go with strategy `frozen`"),
        ({"features": {"extractor": "sorce"}}, "did you mean `source`"),
        ({"source": {"action_units": "mine"}}, "as a mapping it is"),
        ({"source": {"least_confidence": 0.5}}, "goes with tables of action units"),
        ({"source": TABLES, "head": {"kind": "lstm"}}, "`lstm` reads the frames of a window"),
        ({"source": TABLES, "head": {"kind": "statistics"}}, "`statistics` reads the frames of a window"),
        ({"source": TABLES, "features": {"frames": 4}}, "a clip has one row"),
        ({"source": TABLES | {"least_confidence": 2}}, "least_confidence"),
    ],
)
def test_what_does_not_go_with_own_features_is_refused(changes, message, clinic):
    with pytest.raises(UserError, match=message):
        load_experiment(clinic / "own.yaml", changes)


def write_tables(clinic, frames=9):
    """Write a table as OpenFace has it for each clip: AU4 is 3 in pain, else 1, and higher behind the stretch."""
    for label, level in (("rest", 1), ("pain", 3)):
        for person in range(1, 5):
            rows = [f"{frame},0.9,1,{level if frame <= 5 else 5},{person}" for frame in range(1, frames + person)]
            lines = ["frame,confidence,success,AU04_r,AU12_r", *rows]
            write_text(clinic / "data" / "units" / f"p{person}" / f"{label}.csv", "\n".join(lines) + "\n")


def test_tables_of_action_units_are_one_row_a_clip_of_the_stretch_that_is_read(clinic):
    write_tables(clinic)
    plan = plan_of(clinic, {"source": TABLES})
    table = features_of(plan, places(clinic))
    assert table["frames"].tolist() == [1] * 8
    assert table["num_frames"].tolist() == [9, 9, 10, 10, 11, 11, 12, 12]
    for row in table.itertuples():
        level = 3 if row.clip.endswith("pain") else 1
        smile = int(row.clip[1])
        expected = [level, 0, level, level, level, smile, 0, smile, smile, smile]
        assert read_features(row.features).tolist() == [expected]
    plan = plan_of(clinic, {"source": TABLES | {"rate": None}})
    with pytest.raises(UserError, match=r"not of one length(.|\n)*window\.frames=9"):
        features_of(plan, places(clinic))


def test_a_table_of_all_the_video_is_not_that_of_a_span(clinic):
    rows = []
    for person in range(1, 5):
        video(clinic / "data" / "clinic" / f"p{person}.mp4", 20)
        spans = {"rest": "0,10", "pain": "10,20"}
        rows += [f"p{person}.mp4,p{person}/{label},p{person},{label},{span}" for label, span in spans.items()]
    write_text(clinic / "data" / "clinic" / "index.csv", "\n".join(["media,clip,subject,label,start,end", *rows]))
    write_tables(clinic, frames=7)
    features_of(plan_of(clinic, {"source": TABLES}), places(clinic))
    write_tables(clinic, frames=20)
    with pytest.raises(UserError, match=r"no table of the clip p1/\w+, but one of a longer clip(.|\n)*frame 20 of 10"):
        features_of(plan_of(clinic, {"source": TABLES}), places(clinic))


def test_a_stretch_in_frames_beside_a_rate_is_refused(clinic):
    with pytest.raises(UserError, match=r"rate: 10, window\.frames: 7(.|\n)*window\.seconds=0\.7"):
        plan_of(clinic, {"window": {"frames": 7}})


def test_rows_at_another_rate_than_the_labelled_frames_are_refused(clinic):
    clips = [f"p{person}/{label}" for person in range(1, 5) for label in ("rest", "pain")]
    for clip in clips:
        video(clinic / "data" / "clinic" / f"{clip}.mp4", 20)
    labels = [f"{clip},{frame},{frame % 2}" for clip in clips for frame in range(4)]
    write_text(clinic / "data" / "clinic" / "frames.csv", "\n".join(["clip,frame,level", *labels]))
    rule = 'labels: {clinic: {column: level, mapping: {"0": 0, "1": 1}}}'
    text = TASK.replace("sample: clip", "sample: frame").replace(TASK.splitlines()[-1], rule)
    write_text(clinic / "task.yaml", text)
    with pytest.raises(UserError, match=r"8 of 8 clips, such as 'p1/rest': 7 rows of 20 frames"):
        features_of(plan_of(clinic), places(clinic))
    for clip in clips:
        np.save(clinic / "data" / "mine" / f"{clip}.npy", np.zeros((20, 3)))
    assert features_of(plan_of(clinic), places(clinic))["frames"].tolist() == [20] * 8


@pytest.mark.slow
def test_a_forest_on_own_features_is_scored_reported_and_kept(clinic):
    for label, shift in (("rest", 0), ("pain", 5)):
        for path in (clinic / "data" / "mine").glob(f"*/{label}.npy"):
            np.save(path, np.random.default_rng(int(path.parent.name[1])).normal(shift, size=(8, 3)))
    changes = ["head={kind: random_forest, trees: 5}", "training.class_weights=true"]
    result = run_file(clinic / "own.yaml", places(clinic), changes, lambda early: None, None)
    (run,) = (clinic / "runs").iterdir()
    metrics = read_json(run / "metrics.json")
    assert metrics["all"]["balanced_accuracy"]["value"] == 1
    assert not (clinic / "cache" / "faces").exists()
    facts = read_json(run / "facts.json")
    assert (facts["source"]["name"], facts["problems"]) == ("own_features", [])
    bundle = read_any_bundle(run / "model")
    assert (bundle.manifest["extractor"], bundle.manifest["start"]) == ("own features", "own features")
    assert bundle.model.answer(np.full((1, 3), 5, np.float32))[0, 1] > 0.5
    (page,) = (clinic / "reports").glob("own*/index.html")  # of a variant, whose report has a name of its own
    assert "own_features" in page.read_text(encoding="utf-8")
    assert any("source own_features, backbone none, head random_forest, detector none" in line for line in result.notes)
