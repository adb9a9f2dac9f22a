import csv
import re
import signal
import subprocess
import sys
import time
from itertools import repeat
from pathlib import Path

import cv2
import pytest

from tests.apps.live.live_models import LABELS, save_live_model
from tests.apps.live.streams import serve_pictures
from tests.apps.serve.test_head_assessor import save as save_head_bundle
from tests.forked_program import forked
from tests.inputs.faces.drawing import write_video
from tests.inputs.landmarks.drawn import NOBODY, drawn_person
from transferpain.apps.live.session import SessionOptions, live_settings, run_session
from transferpain.core.errors import UserError


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(save_live_model(tmp_path_factory.mktemp("model") / "bundle"))


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> str:
    pictures = [drawn_person(2)] * 8 + [NOBODY] * 4
    return str(write_video(tmp_path_factory.mktemp("video") / "clip.mp4", pictures))


def test_a_recording_is_watched_to_its_end_and_kept_as_asked(model, video, tmp_path):
    wanted = SessionOptions(tmp_path / "out.mp4", tmp_path / "out.csv", tmp_path / "out.png")
    summary = run_session(model, video, live_settings(alert_level=0, alert_seconds=0.1), wanted)
    assert summary.frames == 12
    assert summary.without_face == 4
    assert summary.dropped == 0
    assert summary.skipped > 0
    assert sum(summary.levels.values()) == 8
    assert list(summary.levels) == list(LABELS)
    assert summary.alerts == 1
    assert 0 < summary.median_ms <= summary.p95_ms
    assert summary.answered_by == "Keras"
    assert summary.ended == "the recording ended"
    assert summary.undecided == ""
    assert summary.warning == "trained on drawn faces: not valid for people"
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["face"]) for row in rows] == [1] * 8 + [0] * 4
    assert len({row["label"] for row in rows[:8]}) == 1
    assert cv2.imread(str(tmp_path / "out.png")).size
    capture = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert sum(capture.read()[0] for _ in range(20)) == 12


def test_nothing_is_stored_unless_asked(model, video, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_session(model, video, live_settings(), SessionOptions()).frames == 12
    assert not list(tmp_path.iterdir())


def test_a_stream_is_watched_until_it_stays_away(model):
    pictures = [drawn_person(2)] * 10
    with serve_pictures(lambda number: [] if number else pictures) as (url, sent):
        summary = run_session(model, url, live_settings(), SessionOptions(), retry_seconds=(0.05,))
    assert sent[0] == 10
    assert summary.frames + summary.dropped == 10
    assert summary.frames > summary.without_face
    assert summary.ended == "the source was cut and did not come back"


@pytest.mark.slow
def test_a_session_that_is_shorter_than_a_heads_stretch_says_so(video, tmp_path):
    head = save_head_bundle(tmp_path, "logistic_regression")
    summary = run_session(str(head), video, live_settings(), SessionOptions())
    assert not any(summary.levels.values())
    assert "reads 1 s together, about 25 frames of this source, and 12 came" in summary.undecided
    answer = forked("live", head, "--source", video, "--no-window", "--encoder", "keras")
    assert answer.returncode == 0, answer.stderr
    assert "--clip SECONDS" in answer.stdout
    assert "nan" not in answer.stdout.replace(str(tmp_path), "")
    summary = run_session(str(head), video, live_settings(clip=0.25), SessionOptions())
    assert any(summary.levels.values())
    assert summary.undecided == ""


def test_a_level_that_there_is_not_is_refused(model, video):
    with pytest.raises(UserError, match=r"no such level[\s\S]*2 \(strong\)[\s\S]*Received: 3"):
        run_session(model, video, live_settings(alert_level=3), SessionOptions())


@pytest.mark.parametrize(("name", "value"), [("skip", "all"), ("window", 0), ("alert_seconds", -1)])
def test_wrong_settings_are_a_message(name, value):
    with pytest.raises(UserError, match=f"`{name}`: .*Received: '?{value}"):
        live_settings(**{name: value})


@pytest.mark.slow
def test_the_command(model, video, tmp_path):
    places = ["--csv", tmp_path / "out.csv", "--workspace", tmp_path]
    answer = forked("live", model, "--source", video, "--no-window", *places)
    assert answer.returncode == 0, answer.stderr
    assert "the recording ended" in " ".join(answer.stdout.split())
    assert re.search(r"answered by\W+(encoder-|Keras)", answer.stdout)
    assert "Research only, no medical device." in answer.stdout
    assert "not valid for people" in answer.stdout
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 13


@pytest.mark.slow
def test_stopped_by_ctrl_c_the_recording_can_be_played(model, tmp_path):
    csv_file, video_file = tmp_path / "out.csv", tmp_path / "out.mp4"
    picture = drawn_person(2)
    program = Path(sys.executable).with_name("transferpain")
    with serve_pictures(lambda number: repeat(picture)) as (url, _):
        command = [program, "live", model, "--source", url, "--no-window", "--encoder", "keras"]
        command += ["--csv", csv_file, "--record", video_file]
        live = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while live.poll() is None and (not csv_file.exists() or csv_file.read_text().count("\n") < 10):
            time.sleep(0.05)
        live.send_signal(signal.SIGINT)
        _, said = live.communicate(timeout=60)
    assert live.returncode == 130
    assert "Traceback" not in said
    assert cv2.VideoCapture(str(video_file)).read()[0]
    assert csv_file.read_text().endswith("\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--source", "missing.mp4", "--no-window"], "there is no such file"),
        (["--source", "0", "--skip", "all", "--no-window"], "`skip`: known are"),
    ],
)
def test_what_cannot_be_done_is_a_message_and_no_traceback(model, arguments, reason):
    answer = forked("live", model, *arguments, "--encoder", "keras")
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: ")
    assert reason in answer.stderr
    assert "Traceback" not in answer.stderr
