import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.inputs.landmarks.drawn import drawn_person
from transferpain.inputs.faces.mediapipe_tasks import (
    as_image,
    close_task,
    look,
    mediapipe_identity,
    open_face_detector,
    open_face_landmarker,
    prepare_mediapipe,
)

PROJECT = Path(__file__).parents[3]
LIBRARY = Path("/usr/lib/x86_64-linux-gnu/libEGL.so.1")
START = "from transferpain.inputs.faces.{module} import {name}; {name}({argument})"


def in_a_process(program: str, *around: str) -> subprocess.CompletedProcess:
    return subprocess.run([*around, sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True)


def without_the_library(program: str) -> subprocess.CompletedProcess:
    """Run a program with a file in the library's place that is none, in a view of the disk of its own."""
    hide = f'mount --bind /etc/hostname {LIBRARY} && exec "$@"'
    return in_a_process(program, "unshare", "--mount", "sh", "-c", hide, "sh")


def can_hide_a_library() -> bool:
    return LIBRARY.is_file() and shutil.which("unshare") is not None and without_the_library("").returncode == 0


needs_own_disk_view = pytest.mark.skipif(
    not can_hide_a_library(), reason="this user may not hide a library of the system from a process"
)


def test_a_picture_that_is_a_view_is_taken_as_it_looks():
    picture = np.arange(64 * 64 * 3, dtype=np.uint8).reshape(64, 64, 3)
    view = picture[:, ::-1]
    assert (as_image(view).numpy_view() == view).all()


def test_the_identity_names_the_part_and_the_version():
    assert mediapipe_identity("face mesh") == "mediapipe 1.2.3 face mesh"


def test_a_task_can_be_closed_and_another_one_opened():
    for _ in range(2):
        close_task(open_face_landmarker(True, 1, 0.5, 0.5))


def test_what_it_needs_is_here():
    prepare_mediapipe()


@pytest.mark.slow
@pytest.mark.parametrize("call", ["open_face_detector(0.5)", "open_face_landmarker(True, 1, 0.5, 0.5)"])
def test_a_process_that_never_closes_its_task_ends_without_a_word(call):
    name = call.split("(")[0]
    ended = in_a_process(f"from transferpain.inputs.faces.mediapipe_tasks import {name}; task = {call}")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_without_the_model_file_it_is_told_which_and_where_from(tmp_path):
    wrong = tmp_path / "face_landmarker.task"
    wrong.write_bytes(b"cut short")
    program = START.format(module="mediapipe_tasks", name="open_face_detector", argument="0.5")
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={**os.environ, "TRANSFERPAIN_ASSETS": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode != 0
    assert "3,758,596" in ended.stderr


@needs_own_disk_view
@pytest.mark.parametrize(
    ("module", "name", "argument"),
    [("mediapipe_tasks", "prepare_mediapipe", ""), ("detectors", "prepare_detector", "'mediapipe'")],
)
def test_a_missing_library_of_the_system_is_a_sentence(module, name, argument):
    ended = without_the_library(START.format(module=module, name=name, argument=argument))
    assert "MediaPipe does not start." in ended.stderr
    assert "apt install libegl1 libgles2" in ended.stderr


@needs_own_disk_view
def test_a_detector_that_does_not_start_in_a_worker_is_a_sentence_too():
    program = START.format(module="mediapipe_tasks", name="open_face_detector", argument="0.5")
    assert "MediaPipe does not start." in without_the_library(program).stderr


def test_the_detector_finds_every_face():
    from tests.inputs.landmarks.drawn import drawn_person

    both = np.concatenate([drawn_person(1), drawn_person(2)], axis=1)
    assert len(open_face_detector(0.5).detect(as_image(both)).detections) == 2


@pytest.mark.parametrize(("follows", "milliseconds"), [(True, 40), (False, None)])
def test_points_are_those_of_the_librarys_own_result(follows, milliseconds):
    both = np.concatenate([drawn_person(1), drawn_person(2)], axis=1)
    for picture, faces in [(both, 2), (both[:, ::-1], 2), (both[::2, ::2], 2), (both[:32], 0)]:
        landmarkers = [open_face_landmarker(follows, 3, 0.5, 0.5, blendshapes=True) for _ in range(2)]
        points, blendshapes = look(landmarkers[0], picture, milliseconds)
        if follows:
            result = landmarkers[1].detect_for_video(as_image(picture), milliseconds)
        else:
            result = landmarkers[1].detect(as_image(picture))
        found = result.face_landmarks
        assert blendshapes == result.face_blendshapes
        assert len(points) == len(found) == faces
        assert points.dtype == np.float32
        assert points.tolist() == [[[point.x, point.y, point.z] for point in face] for face in found]
        for landmarker in landmarkers:
            close_task(landmarker)


def test_what_the_native_code_refuses_is_an_error():
    landmarker = open_face_landmarker(True, 1, 0.5, 0.5)
    picture = drawn_person()
    look(landmarker, picture, 40)
    with pytest.raises((RuntimeError, ValueError)):
        look(landmarker, picture, 40)
