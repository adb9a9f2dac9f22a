"""Broken files, full disks, crowded caches, wrong paths and wrong keys, all through the real command line."""

import ctypes
import os
import re
import resource
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from tests.command_line import transferpain
from tests.data.media import faulty_videos
from tests.small_study import write_small_study
from transferpain.core.cost import read_cost
from transferpain.core.store import checksum_path, file_hash, is_intact
from transferpain.experiments.run_folder import RunFolder

pytestmark = pytest.mark.slow

# The study's `ann`, called by its own file; its source is the study's trained one.
SMALL = ("faces.size=32", "faces.detector=mediapipe", "features.fps=10", "window.seconds=0.5", "training.epochs=2")
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def settings(*overrides: str) -> list[str]:
    return [word for override in overrides for word in ("--set", override)]


def call(command: str, workspace: Path, *overrides: str, data_root: Path | None = None, **options):
    """Call `run`, `extract` or `faces` for the study's `ann`."""
    experiment = workspace / "experiments" / "ai4pain-ann.yaml"
    places = ("--workspace", workspace, "--data-root", data_root or workspace / "data")
    ann = (*SMALL, "seeds=[0, 1]", f"source={workspace / 'source'}")
    return transferpain(command, experiment, *places, *settings(*ann, *overrides), **options)


def succeed(result: subprocess.CompletedProcess) -> str:
    """Return what a command that went well has written to standard error, on one line."""
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.split())


def fail(result: subprocess.CompletedProcess) -> str:
    """Return the message of a command that could not go on, on one line."""
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    return " ".join(result.stderr.split())


def copy_parts(finished: Path, workspace: Path, *parts: str) -> Path:
    """Make a workspace with the source and parts of a finished one, such as `data`; files are hard links."""
    write_small_study(workspace / "experiments")
    (source,) = (finished / "runs").glob("small-biovid-vgg16-*/model")
    shutil.copytree(source, workspace / "source", copy_function=os.link)
    for part in parts:
        shutil.copytree(finished / part, workspace / part, copy_function=os.link)
    return workspace


def predictions_of(workspace: Path, name: str) -> pd.DataFrame:
    (path,) = (workspace / "runs").glob(f"{name}-*")
    return RunFolder(path).predictions()


def assert_predicts_as(finished: Path, workspace: Path, name: str = "ai4pain-ann") -> None:
    """Compare with the finished study's `ann`, bit for bit."""
    expected = predictions_of(finished, "ann")
    pd.testing.assert_frame_equal(predictions_of(workspace, name), expected, check_exact=True)


@pytest.fixture
def finished(finished_study) -> Path:
    return finished_study[0]


# --- videos ---


def test_clips_that_cannot_be_used_are_listed_and_the_run_goes_on(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data")
    videos = workspace / "data" / "ai4pain"
    faulty_videos.truncate(videos / "Train/video/1/1_Pain_LOW_1.mp4")
    faulty_videos.empty(videos / "Train/video/2/2_Pain_HIGH_1.mp4")
    faulty_videos.show_nobody(videos / "Train/video/3/3_Baseline.mp4")
    faulty_videos.state_rate(videos / "Train/video/4/4_Pain_LOW_1.mp4", factor=2)
    faulty_videos.state_rate(videos / "Train/video/5/5_Pain_LOW_1.mp4", factor=1000)
    faulty_videos.state_more_frames(videos / "Train/video/6/6_Pain_LOW_1.mp4")
    faulty_videos.show_nobody(videos / "Validation/video/7/7_Pain_LOW_1.mp4")
    faulty_videos.truncate(videos / "Validation/video/7/7_Pain_HIGH_1.mp4")
    warnings = succeed(call("run", workspace))
    unusable = {
        "train-1-1_Pain_LOW_1": "the file cannot be opened as a video; it may be truncated or of another kind",
        "train-2-2_Pain_HIGH_1": "the file is empty",
        "train-3-3_Baseline": "no face was found in any frame",
        "validation-7-7_Pain_LOW_1": "no face was found in any frame",
        "validation-7-7_Pain_HIGH_1": "the file cannot be opened as a video; it may be truncated or of another kind",
    }
    departing = [
        "train-4-4_Pain_LOW_1: its header states 60 frames/s, the dataset 30.",
        "train-6-6_Pain_LOW_1: it has 8 frames, not 15.",
        "train-3-3_Baseline: it has 10 frames, not 90.",
        "validation-7-7_Pain_LOW_1: it has 10 frames, not 15.",
    ]
    (path,) = (workspace / "runs").glob("ai4pain-ann-*")
    listed = pd.read_csv(path / "unusable.csv")
    assert dict(zip(listed["clip"], listed["problem"], strict=True)) == unusable
    problems = RunFolder(path).facts()["problems"]
    assert sorted(problems) == sorted(departing)
    page = (workspace / "reports" / "ai4pain-ann" / "index.html").read_text(encoding="utf-8")
    for sentence in [*departing, *(f"clip {clip} cannot be used: {problem}" for clip, problem in unusable.items())]:
        assert f"warning: {sentence}" in warnings
    for text in [*unusable, *departing]:
        assert text in page
    answers = RunFolder(path).predictions().query("frame == -1 and seed == 0").set_index("clip")
    assert answers["coverage"].to_dict() == {
        "validation-7-7_Baseline": 1.0,
        "validation-7-7_Pain_HIGH_1": 0.0,
        "validation-7-7_Pain_LOW_1": 0.0,
    }


def test_without_one_usable_video_the_run_stops(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data")
    for video in (workspace / "data" / "ai4pain").rglob("*.mp4"):
        faulty_videos.empty(video)
    message = fail(call("run", workspace))
    assert "Not one clip could be used." in message
    assert "the file is empty" in message


# --- damaged caches ---


def cut_short(path: Path) -> None:
    faulty_videos.replace(path, path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    faulty_videos.replace(path, bytes(content))


def lose_its_checksum(path: Path) -> None:
    checksum_path(path).unlink()


DAMAGES = (cut_short, flip_a_bit, lose_its_checksum, faulty_videos.empty)


def test_a_damaged_cache_is_computed_again_and_predicts_the_same(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data", "cache/faces")
    succeed(call("extract", workspace))
    kinds = {"faces": "*/*.parquet", "features": "*/*.npy"}
    whole = {kind: sorted((workspace / "cache" / kind).glob(pattern)) for kind, pattern in kinds.items()}
    before = {path: file_hash(path) for paths in whole.values() for path in paths}
    damaged = [path for paths in whole.values() for path in paths]
    for number, path in enumerate(damaged):
        DAMAGES[number % len(DAMAGES)](path)
    for memory in (workspace / "cache" / "hashes").glob("*/*"):
        faulty_videos.empty(memory)
    (workspace / "cache" / "faces" / ".partial-left.parquet").write_bytes(b"half")
    notes = succeed(call("run", workspace))
    clips = len(whole["features"])
    assert len(re.findall(r"The faces of clip \S+ are damaged in the cache: they are computed again", notes)) == clips
    assert (
        len(re.findall(r"The features of clip \S+ are damaged in the cache: they are computed again", notes)) == clips
    )
    mended = {path for path in damaged if is_intact(path)}
    assert set(whole["features"]) <= mended
    assert {path: file_hash(path) for path in mended} == {path: before[path] for path in mended}
    assert_predicts_as(finished, workspace)


# --- full disks ---


def full_at(number_of_bytes: int):
    """Let no file grow beyond a size, as on a full disk: writes fail, with another error number."""
    return partial(resource.setrlimit, resource.RLIMIT_FSIZE, (number_of_bytes, number_of_bytes))


def test_on_a_full_disk_every_stage_says_so_and_goes_on_afterwards(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data")
    # What has room so far, and the largest file that the next stage's do not fit into.
    for stage, room, bar in [
        ("faces", 10_000, "faces"),
        ("extract", 5_000, "features"),
        ("run", 1_000_000, "ann test"),
    ]:
        message = fail(call("run", workspace, preexec_fn=full_at(room)))
        assert bar in message
        assert re.search(r"cannot be read or written|could not be read or written", message)
        assert re.search(r"What (is|was) finished is kept", message)
        assert not list((workspace / "runs").rglob(".partial-*"))
        succeed(call(stage, workspace))
    assert_predicts_as(finished, workspace)
    shutil.rmtree(workspace / "reports")
    message = fail(call("run", workspace, preexec_fn=full_at(5_000)))
    assert "File too large" in message
    succeed(call("run", workspace))
    assert (workspace / "reports" / "ai4pain-ann" / "index.html").is_file()


def test_a_twin_cut_short_by_a_full_disk_is_drawn_to_its_end(finished, tmp_path):
    command = ("data", "twin", "biovid", "--out", tmp_path, "--subjects", "9", "--clips", "1", "--seconds", "0.6")
    message = fail(transferpain(*command, preexec_fn=full_at(30_000)))
    assert "the disk may be full" in message
    succeed(transferpain(*command))
    assert not list(tmp_path.rglob(".partial-*"))
    drawn = {path.relative_to(tmp_path): file_hash(path) for path in tmp_path.rglob("*.mp4")}
    first = finished / "data"
    assert drawn == {path.relative_to(first): file_hash(path) for path in (first / "biovid").rglob("*.mp4")}


# --- one cache, two processes ---


def test_two_experiments_fill_one_cache_at_once(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data")
    names = ("one", "other")
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda name: call("run", workspace, f"name={name}"), names))
    for name, result in zip(names, results, strict=True):
        succeed(result)
        assert_predicts_as(finished, workspace, name)
    for path in [*workspace.glob("cache/*/*/*.parquet"), *workspace.glob("cache/*/*/*.npy")]:
        assert is_intact(path)
    assert not list(workspace.rglob(".partial-*"))
    costs = [read_cost(path) for path in (workspace / "runs").iterdir()]
    clips = len(list(workspace.glob("cache/features/*/*.npy")))
    assert sum(cost.clips_embedded for cost in costs) == clips
    assert {cost.clips_embedded + cost.clips_from_cache for cost in costs} == {clips}


def test_one_run_at_once_is_one_process(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data", "cache")
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda _: call("run", workspace), range(2)))
    first, second = sorted(results, key=lambda result: result.returncode)
    succeed(first)
    assert "Another process is working on this run." in fail(second)
    succeed(call("run", workspace))
    assert_predicts_as(finished, workspace)


# --- permissions ---


def obey_permissions() -> None:
    """Let permission bits count in a program started by root as well."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def chmod_folders(folder: Path, mode: int) -> None:
    for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())][::-1]:
        path.chmod(mode)


@pytest.mark.parametrize("mode", [0o555, 0o000])
@pytest.mark.parametrize("part", ["cache", "runs"])
def test_a_folder_without_permission_is_named(finished, tmp_path, part, mode):
    workspace = copy_parts(finished, tmp_path, "data")
    (workspace / part).mkdir()
    if part == "runs":
        shutil.copytree(finished / "cache", workspace / "cache", copy_function=os.link)
    (workspace / part).chmod(mode)
    try:
        message = fail(call("run", workspace, preexec_fn=obey_permissions))
    finally:
        (workspace / part).chmod(0o755)
    assert str(workspace / part) in message
    assert "Permission denied" in message or "Change its permissions" in message
    assert "video cannot be read" not in message


def test_a_complete_cache_needs_no_permission_to_write(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data", "cache")
    succeed(call("extract", workspace))
    chmod_folders(workspace / "cache", 0o555)
    try:
        succeed(call("run", workspace, preexec_fn=obey_permissions))
    finally:
        chmod_folders(workspace / "cache", 0o755)
    assert_predicts_as(finished, workspace)


def test_a_video_without_permission_is_unusable(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data")
    folder = workspace / "data" / "ai4pain" / "Train" / "video" / "1"
    (folder / "1_Baseline.mp4").rename(folder / "kept.tmp")
    shutil.copyfile(folder / "kept.tmp", folder / "1_Baseline.mp4")
    (folder / "1_Baseline.mp4").chmod(0o000)
    result = call("faces", workspace, preexec_fn=obey_permissions)
    succeed(result)
    assert "unusable: train-1-1_Baseline: the video cannot be read: Permission denied" in result.stdout


# --- several data roots ---


def test_nothing_is_shared_between_data_of_the_same_names(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path / "both", "data", "cache")
    alone = copy_parts(finished, tmp_path / "alone")
    drawn = tmp_path / "drawn"
    twin = ("--subjects", "8", "--clips", "1", "--seconds", "0.5", "--seed", "1", "--out", drawn)
    succeed(transferpain("data", "twin", "ai4pain", *twin))
    shutil.copytree(workspace / "data" / "ai4pain", tmp_path / "licensed" / "ai4pain", copy_function=os.link)
    (tmp_path / "licensed" / "ai4pain" / "SYNTHETIC.json").unlink()
    one = {path.name for path in workspace.glob("cache/features/*/*.npy")}
    succeed(call("run", workspace))
    assert {path.name for path in workspace.glob("cache/features/*/*.npy")} == one
    succeed(call("run", alone, data_root=drawn))
    other = {path.name for path in alone.glob("cache/features/*/*.npy")}
    assert not one & other
    succeed(call("run", workspace, data_root=drawn))
    assert {path.name for path in workspace.glob("cache/features/*/*.npy")} == one | other
    succeed(call("run", workspace, data_root=tmp_path / "licensed"))
    runs = [RunFolder(path) for path in sorted((workspace / "runs").glob("ai4pain-ann-*"))]
    assert len(runs) == 3
    assert len({run.facts()["index"] for run in runs}) == 3
    (of_drawn,) = (alone / "runs").glob("ai4pain-ann-*")
    expected = RunFolder(of_drawn)
    # The source is named by its path, which stands in the experiment, so the two runs bear different names.
    (same_place,) = (run for run in runs if run.facts()["index"] == expected.facts()["index"])
    pd.testing.assert_frame_equal(same_place.predictions(), expected.predictions(), check_exact=True)
    assert not expected.predictions().equals(predictions_of(finished, "ann"))


@pytest.mark.parametrize(
    ("root", "message"),
    [
        ("nowhere", "There is no data folder for AI4Pain"),
        ("file", "There is no data folder for AI4Pain"),
        ("nothing", "No data of AI4Pain"),
        ("biovid", "No data of AI4Pain"),
        ("renamed", "No data of AI4Pain"),
        ("unfinished", "is unfinished"),
    ],
)
@pytest.mark.parametrize("command", ["run", "faces"])
def test_a_data_root_without_the_dataset_is_refused(finished, tmp_path, root, message, command):
    workspace = copy_parts(finished, tmp_path)
    place = tmp_path / "root"
    if root == "file":
        place.write_text("no folder")
    elif root == "nothing":
        place.mkdir()
    elif root == "biovid":
        shutil.copytree(finished / "data" / "biovid", place / "biovid", copy_function=os.link)
    elif root == "renamed":
        shutil.copytree(finished / "data" / "biovid", place / "ai4pain", copy_function=os.link)
    elif root == "unfinished":
        shutil.copytree(finished / "data" / "ai4pain", place / "ai4pain", copy_function=os.link)
        (place / "ai4pain" / "SYNTHETIC.json").rename(place / "ai4pain" / "SYNTHETIC.unfinished.json")
    assert message in fail(call(command, workspace, data_root=place))
    assert not (workspace / "runs").exists()


# --- experiments ---


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["featurs.fps=10"], "`featurs` is not a known key. Did you mean `features`?"),
        (["training.optimizer.learning_rte=1"], "`training.optimizer.learning_rte` is not a known key."),
        (["training.epochs=many"], "`training.epochs`: Input should be a valid integer"),
        (["training.epochs=[1, 2]"], "`training.epochs`: Input should be a valid integer"),
        (["seeds=3"], "`seeds`: Input should be a valid tuple"),
        (["window=10"], "`window`: Input should be"),
        (["window.seconds=-1"], "`window.seconds`: Input should be greater than 0"),
        (["faces.detector=opencv"], "`faces.detector`: Input should be"),
        (["task=ai4pain-thre"], "ai4pain-thre"),
        (["source=biovid-vgg"], "The source of ai4pain-ann was not found."),
        (["source=ai4pain-lstm"], "cannot be a source"),
        (["source=small-biovid-vgg16", "faces.size=48"], "It reads faces of 32x32 pixels"),
        (["source=imagenet", "backbone=resnet18"], "ImageNet weights are there for VGG16 only."),
    ],
)
def test_an_experiment_that_cannot_be_run_is_refused(finished, tmp_path, overrides, message):
    workspace = copy_parts(finished, tmp_path, "data", "runs")
    runs = set((workspace / "runs").iterdir())
    assert message in fail(call("run", workspace, *overrides))
    assert set((workspace / "runs").iterdir()) == runs


def test_a_damaged_source_is_refused(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data", "cache/faces")
    (bundle,) = (finished / "runs").glob("small-biovid-vgg16-*/model")
    for damaged in ("model.keras", "manifest.json"):
        folder = tmp_path / damaged
        shutil.copytree(bundle, folder, copy_function=os.link)
        cut_short(folder / damaged)
        message = fail(call("extract", workspace, f"source={folder}"))
        assert re.search(r"is damaged: model.keras is not the file|is not a bundle", message)
