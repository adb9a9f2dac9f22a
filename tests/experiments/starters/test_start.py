from pathlib import Path

import numpy as np
import pytest

from tests.data.datasets.trees import make_biovid, touch
from transferpain.core.errors import UserError
from transferpain.data.datasets.biovid import HOLDOUT_SUBJECTS
from transferpain.data.places import Places
from transferpain.experiments.starters.start import start
from transferpain.experiments.study import dry_run_rows
from transferpain.networks.heads.registry import HEADS

FILES = ("loso.yaml", "two-sources.yaml", "gradual.yaml")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRANSFERPAIN_DATA", raising=False)
    return Path()


def film(folder, labels=("rest", "pain"), people=("P01", "P02", "P03", "P04")):
    for person in people:
        for label in labels:
            touch(folder / person / f"{label}.mp4", f"{person} {label}".encode())
    return folder


def begin(folder, source="untrained", test_on=None, out=None):
    return start(folder, out, source, test_on)


def stages(file, root="data"):
    return [row[1] for row in dry_run_rows(file, Places(Path(root), Path()), [])[1]]


def test_what_is_written_runs_as_it_stands(workspace):
    started = begin(film(Path("data/clinic")), source=None)
    assert started.found[0] == "found: 8 videos"
    assert [(row.name, row.clips, row.subjects) for row in started.counts.rows] == [("rest", 4, 4), ("pain", 4, 4)]
    assert all(started.files.values())
    assert started.command == "transferpain run experiments/clinic/loso.yaml"
    for name in FILES:
        assert "faces (mediapipe)" in stages(Path("experiments/clinic") / name)
    assert "were guessed" in started.remarks[0]


def test_files_that_are_no_clips_are_counted_by_their_endings(workspace):
    folder = film(Path("data/clinic"))
    for name in ("P01/face.heic", "P02/face.HEIC", "notes.txt"):
        touch(folder / name)
    assert begin(folder).found[:2] == ("found: 8 videos", "passed over: 2 .heic, 1 .txt")


def test_videos_without_a_frame_are_told(workspace):
    folder = film(Path("data/clinic"))
    touch(folder / "P02" / "rest.mp4", b"")
    (said,) = [remark for remark in begin(folder).remarks if "not one frame" in remark]
    assert "clinic/P02/rest.mp4 (the file is empty)" in said


def test_nothing_is_overwritten(workspace):
    folder = film(Path("data/clinic"))
    first = begin(folder)
    task = Path("experiments/clinic/clinic-task.yaml")
    task.write_text(task.read_text().replace("[rest, pain]", "[calm, hurt]"))
    kept = {path: path.read_bytes() for path in first.files}
    (task.parent / "gradual.yaml").unlink()
    second = begin(folder)
    assert {path.name for path, new in second.files.items() if new} == {"gradual.yaml"}
    assert {path: path.read_bytes() for path in first.files} == kept
    assert [row.name for row in second.counts.rows] == ["calm", "hurt"]


@pytest.mark.parametrize(("source", "other"), [("untrained", "untrained-1"), ("imagenet", "untrained")])
def test_a_built_source_is_compared_with_another(source, other, workspace):
    begin(film(Path("data/clinic")), source=source)
    assert f"{{source: {other}," in Path("experiments/clinic/two-sources.yaml").read_text()
    assert f"source: {source}\n" in Path("experiments/clinic/loso.yaml").read_text()


def test_a_dataset_of_the_same_labels_is_tested_on(workspace):
    ward = film(Path("data/ward"), ("Rest", "pain"))
    rows = [f"P0{n}/{label}.mp4,P0{n},{label}\n" for n in (1, 2, 3) for label in ("Rest", "pain")]
    (ward / "index.csv").write_text("media,subject,label\n" + "".join(rows))
    begin(film(Path("data/clinic")))
    assert "faces (mediapipe)" in stages(Path("experiments/clinic/other-dataset.yaml"))
    assert "mapping: {Rest: 0, pain: 1}" in Path("experiments/clinic/clinic-and-ward-task.yaml").read_text()


def test_a_known_dataset_is_tested_on(workspace):
    make_biovid(Path("data/biovid"), HOLDOUT_SUBJECTS[:2], 1)
    started = begin(film(Path("data/clinic")))
    assert Path("experiments/clinic/clinic-and-biovid-task.yaml") in started.files
    assert "faces (mediapipe)" in stages(Path("experiments/clinic/other-dataset.yaml"))


def test_own_features_are_started_with_alone(workspace):
    for number in (1, 2, 3, 4):
        for label in ("rest", "pain"):
            path = touch(Path(f"data/clinic/P0{number}/{label}.npy"))
            np.save(path, np.zeros((4 + number, 3)))
    started = begin(Path("data/clinic"), source=None)
    assert [path.name for path in started.files] == ["index.csv", "clinic-task.yaml", "loso.yaml"]
    text = Path("experiments/clinic/loso.yaml").read_text()
    assert "window: {frames: 5}" in text
    assert all(f" {head.name}" in text for head in HEADS.values())
    assert stages(Path("experiments/clinic/loso.yaml"))[:2] == ["features (own features)", "head (random_forest)"]
    with pytest.raises(UserError, match="are own features"):
        begin(Path("data/clinic"), source="untrained")


def test_tables_of_action_units_are_started_with_alone(workspace):
    for number in (1, 2, 3, 4):
        for label in ("rest", "pain"):
            lines = ["frame,confidence,success,AU04_r", *(f"{row},0.9,1,{number}" for row in range(1, 5 + number))]
            touch(Path(f"data/clinic/P0{number}/{label}.csv"), "\n".join(lines).encode())
    started = begin(Path("data/clinic"), source=None)
    assert started.found[0] == "found: 8 tables"
    assert [path.name for path in started.files] == ["index.csv", "clinic-task.yaml", "loso.yaml"]
    text = Path("experiments/clinic/loso.yaml").read_text()
    assert "source: {action_units: clinic}" in text
    assert not any(f" {head.name}" in text for head in HEADS.values() if head.reads == "window")
    assert "window: {frames: 5}" in text
    names = ["features (action units over time)", "head (random_forest)"]
    assert stages(Path("experiments/clinic/loso.yaml"))[:2] == names


def test_tables_of_signals_are_not_started_with(workspace):
    rows = []
    for number in (1, 2, 3, 4):
        for label in ("rest", "pain"):
            touch(Path(f"data/clinic/P0{number}/{label}.csv"), b"time,gsr\n0,1\n1,2\n")
            rows.append(f"P0{number}/{label}.csv,P0{number},{label}")
    Path("data/clinic/index.csv").write_text("\n".join(["media,subject,label", *rows]))
    with pytest.raises(UserError, match=r"tables without action units(.|\n)*signal_measures: FOLDER"):
        begin(Path("data/clinic"), source=None)


def test_a_data_root_of_any_name_stands_in_the_commands(workspace):
    started = begin(film(Path("my 'data'/clinic")), out=Path("some where"))
    assert started.command == "transferpain run 'some where/loso.yaml' --data-root 'my '\"'\"'data'\"'\"''"
    assert stages(Path("some where/loso.yaml"), "my 'data'")


def test_labels_of_any_text_are_classes(workspace):
    folder = film(Path("data/clinic"))
    labels = {"rest": "no", "pain": "[a: b,\n#]"}
    rows = [f'P0{n}/{name}.mp4,P0{n},"{label}"\n' for n in (1, 2, 3, 4) for name, label in labels.items()]
    (folder / "index.csv").write_text("media,subject,label\n" + "".join(rows))
    assert [row.name for row in begin(folder).counts.rows] == ["[a: b,\n#]", "no"]
    assert stages(Path("experiments/clinic/loso.yaml"))


def test_names_that_tell_too_little_leave_cells_to_fill_in(workspace):
    folder = Path("data/clinic")
    for number in range(4):
        touch(folder / f"GX0100{number}.mp4")
    with pytest.raises(UserError, match="do not tell the subjects of 4 clips and the labels of 4 clips"):
        begin(folder)
    assert (folder / "index.csv").read_text().splitlines()[1] == "GX01000.mp4,,,"
    with pytest.raises(UserError, match="A row has no subject"):
        begin(folder)
    assert not Path("experiments").exists()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda folder: None, "is not there"),
        (lambda folder: touch(folder), "is a file"),
        (lambda folder: folder.mkdir(parents=True), "There is no clip"),
        (lambda folder: film(folder, ("pain",)), "no two labels"),
        (lambda folder: film(folder, people=("P1", "P2")), "too few subjects"),
        (
            lambda folder: touch(folder / "index.csv", b"media;subject;label\na.mp4;p1;pain\n"),
            "separated by semicolons",
        ),
        (lambda folder: touch(folder / "index.csv", b"media,subject,label\na.mp4,p1,pain\n"), "No data of clinic"),
    ],
)
def test_what_cannot_be_started_with_is_refused(draw, message, workspace):
    draw(Path("data/clinic"))
    with pytest.raises(UserError, match=message):
        begin(Path("data/clinic"))
    assert not Path("experiments").exists()


@pytest.mark.parametrize(
    ("video", "message"),
    [("P01/rest.mp4", "too few subjects"), ("GX01.mp4", "do not tell the subjects of 1 clips")],
)
def test_a_refusal_says_what_was_passed_over(video, message, workspace):
    """A single video among files of features: these are what the user means."""
    folder = Path("data/clinic")
    for number in range(8):
        touch(folder / f"P0{number}_pain.npy")
    touch(folder / video)
    with pytest.raises(UserError, match=rf"{message}(.*\n)+.*Received: .*passed over: 8 \.npy"):
        begin(folder)


def test_a_folder_of_datasets_is_none_itself(workspace):
    for name in ("clinic", "ward"):
        touch(film(Path("data") / name) / "index.csv", b"media,subject,label\n")
    make_biovid(Path("data/biovid"), HOLDOUT_SUBJECTS[:2], 1)
    film(Path("data/new"))
    with pytest.raises(UserError, match=r"biovid, clinic, ward\n.*transferpain init data/biovid"):
        begin(Path("data"))
    assert not Path("data/index.csv").exists()
    begin(Path("data/new"))


def test_a_folder_that_is_called_as_a_dataset_and_is_none_is_part_of_the_clips(workspace):
    assert begin(film(Path("data/clinic/biovid")).parent).found[0] == "found: 8 videos"


@pytest.mark.parametrize(
    ("name", "message"),
    [("My Clips", "mv 'data/My Clips' data/my-clips"), ("biovid", "in its own layout"), ("a" * 101, "100 at most")],
)
def test_a_folder_that_cannot_be_a_dataset_is_refused(name, message, workspace):
    with pytest.raises(UserError, match=message):
        begin(film(Path("data") / name))


@pytest.mark.parametrize(
    ("source", "test_on", "message"), [("nowhere", None, "nowhere"), ("untrained", "unbd", "unknown")]
)
def test_a_wish_that_cannot_be_met_is_refused(source, test_on, message, workspace):
    with pytest.raises(UserError, match=message):
        begin(film(Path("data/clinic")), source=source, test_on=test_on)


def test_other_labels_cannot_be_tested_on(workspace):
    film(Path("data/clinic"), ("sad", "glad"))
    with pytest.raises(UserError, match="cannot be tested on biovid"):
        begin(Path("data/clinic"), test_on="biovid")
