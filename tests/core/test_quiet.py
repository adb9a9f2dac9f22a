"""What libraries write while they are imported does not reach the user; errors do."""

import os
import subprocess
import sys
import threading
from importlib import import_module
from types import ModuleType

import pytest

from transferpain.core.quiet import module_hidden, standard_error_silenced


def test_the_file_descriptor_is_silent_inside_and_open_after(capfd):
    with standard_error_silenced():
        os.write(2, b"noise\n")
    os.write(2, b"signal\n")
    assert capfd.readouterr().err == "signal\n"


def test_an_error_inside_passes_and_the_descriptor_is_restored(capfd):
    with pytest.raises(ImportError), standard_error_silenced():
        raise ImportError("no module")
    os.write(2, b"signal\n")
    assert capfd.readouterr().err == "signal\n"


def test_the_last_of_overlapping_threads_restores_the_descriptor(capfd):
    first_is_silent, second_is_silent = threading.Event(), threading.Event()

    def first():
        with standard_error_silenced():
            first_is_silent.set()
            second_is_silent.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    first_is_silent.wait(10)
    with standard_error_silenced():
        second_is_silent.set()
        thread.join()
        os.write(2, b"noise\n")
    os.write(2, b"signal\n")
    assert capfd.readouterr().err == "signal\n"


def test_opencv_says_nothing_of_what_it_cannot_read(tmp_path):
    script = (
        "import cv2; from transferpain.core.quiet import silence_opencv\n"
        "silence_opencv(); cv2.VideoCapture('broken.mp4'); cv2.imread('missing.png'); print(cv2.imread('broken.mp4'))"
    )
    (tmp_path / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42no video")
    result = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("None\n", "")


@pytest.mark.slow
def test_tensorflow_comes_without_a_word():
    script = (
        "from transferpain.core.quiet import import_tensorflow; "
        "import_tensorflow(); import keras; print(keras.__version__)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stderr == ""
    assert result.stdout.strip() == "3.15.1"


def test_a_hidden_module_is_not_found_inside_and_as_it_was_after(monkeypatch):
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    with module_hidden("wave"), pytest.raises(ImportError):
        import_module("wave")
    assert "wave" not in sys.modules
    assert import_module("wave")


def test_a_module_that_is_loaded_is_not_hidden(monkeypatch):
    loaded = ModuleType("wave")
    monkeypatch.setitem(sys.modules, "wave", loaded)
    with module_hidden("wave"):
        assert sys.modules["wave"] is loaded
    assert sys.modules["wave"] is loaded
