import csv
import time

import cv2
import numpy as np
import pytest

from transferpain.apps.live.decision import Decision
from transferpain.apps.live.outputs import CsvFile, VideoFile, Window
from transferpain.apps.live.source import Frame
from transferpain.apps.live.watch import View
from transferpain.core.errors import UserError


def grey(level: int, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    return np.full((*size, 3), level, np.uint8)


def read(path) -> list[np.ndarray]:
    capture, frames = cv2.VideoCapture(str(path)), []
    while (got := capture.read())[0]:
        frames.append(got[1])
    return frames


def test_a_video_has_as_many_frames_as_its_time_takes(tmp_path):
    with VideoFile(tmp_path / "out.mp4", rate=10) as video:
        # Nobody was there before 7 s, and frames between 7.1 and 7.4 s were dropped.
        for seconds, level in ((7.0, 40), (7.1, 40), (7.4, 200), (7.5, 200)):
            video.write(grey(level), seconds)
    levels = [frame.mean() for frame in read(tmp_path / "out.mp4")]
    assert len(levels) == 6
    assert max(levels[:2]) < 60
    assert min(levels[2:]) > 180


def test_frames_of_another_size_are_fitted(tmp_path):
    with VideoFile(tmp_path / "out.mp4", rate=10) as video:
        video.write(grey(40), 0.0)
        video.write(grey(40, (96, 128)), 0.1)
    assert {frame.shape for frame in read(tmp_path / "out.mp4")} == {(48, 64, 3)}


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, RuntimeError])
def test_whatever_stops_it_the_video_can_be_played(tmp_path, stop):
    def film() -> None:
        with VideoFile(tmp_path / "out.mp4", rate=10) as video:
            for number in range(3):
                video.write(grey(40), number / 10)
            raise stop

    with pytest.raises(stop):
        film()
    assert len(read(tmp_path / "out.mp4")) == 3


def test_colours_are_kept(tmp_path):
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 0] = 200
    with VideoFile(tmp_path / "out.mp4", rate=10) as video:
        video.write(red, 0.0)
    assert read(tmp_path / "out.mp4")[0].mean(axis=(0, 1)) == pytest.approx((0, 0, 200), abs=12)


def test_a_video_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(UserError, match="video cannot be written"), VideoFile(tmp_path / "no" / "out.mp4", 10) as video:
        video.write(grey(40), 0.0)


def test_nothing_written_leaves_no_file(tmp_path):
    with VideoFile(tmp_path / "out.mp4", rate=10):
        pass
    assert not list(tmp_path.iterdir())


def view(number: int, decision: Decision | None) -> View:
    landmarks = None if decision is None else np.zeros((478, 3))
    return View(Frame(grey(0), number, number / 25, time.monotonic()), landmarks, decision, False, number == 1, 0.0123)


def test_a_row_a_frame(tmp_path):
    with CsvFile(tmp_path / "out.csv", ("none", "pain")) as rows:
        rows.write(view(0, Decision(1, np.array([0.25, 0.75]))))
        rows.write(view(1, None))
        # Readable while it is written.
        with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
            first, second = csv.DictReader(file)
    said = {"level": "1", "label": "pain", "confidence": "0.7500", "p_none": "0.2500", "p_pain": "0.7500"}
    always = {"alert": "0", "latency_ms": "12.3"}
    assert first == {"frame": "0", "seconds": "0.000", "face": "1", "skipped": "0"} | said | always
    nothing = dict.fromkeys(said, "")
    assert second == {"frame": "1", "seconds": "0.040", "face": "0", "skipped": "1"} | nothing | always


def test_a_level_is_no_formula(tmp_path):
    with CsvFile(tmp_path / "out.csv", ("none", "=1+1", "a;=1")) as rows:
        for level in (1, 2):
            rows.write(view(level, Decision(level, np.eye(3)[level])))
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        header, first, second = csv.reader(file)
    assert header[-3:] == ["p_none", "p_=1+1", "p_a;'=1"]
    assert "'=1+1" in first
    assert "a;'=1" in second


def test_without_a_screen_there_is_no_window(monkeypatch):
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(UserError, match=r"no screen[\s\S]*--no-window"):
        Window()
