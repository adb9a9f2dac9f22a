"""Libraries that write to standard error, whatever one asks of them, when they are imported."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from transferpain.core.errors import UserError
from transferpain.core.gpu import let_memory_grow
from transferpain.core.numerics import settle_keras, settle_loaded_keras


class _Silence:
    """How many callers want silence at the moment, and the descriptor that is put back after the last of them."""

    lock = threading.Lock()
    callers = 0
    kept = -1


@contextmanager
def standard_error_silenced() -> Iterator[None]:
    """Drop what is written to file descriptor 2; an exception passes as usual.

    TensorFlow's native code reports there which GPU plugins it registered twice, before any of its log settings
    count, and OpenCV what is wrong with a picture. A progress bar must not be interleaved with that. Threads may
    overlap: the descriptor is the process's, and the last one puts it back.
    """
    with _Silence.lock:
        if not _Silence.callers:
            sys.stderr.flush()
            _Silence.kept = os.dup(2)
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, 2)
            os.close(sink)
        _Silence.callers += 1
    try:
        yield
    finally:
        with _Silence.lock:
            _Silence.callers -= 1
            if not _Silence.callers:
                sys.stderr.flush()
                os.dup2(_Silence.kept, 2)
                os.close(_Silence.kept)


@contextmanager
def module_hidden(name: str) -> Iterator[None]:
    """Let what is imported not find a module that it would load for nothing; one that is loaded already stays."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None
    try:
        yield
    finally:
        del sys.modules[name]


def silence_opencv() -> None:
    """Let OpenCV and its FFmpeg say nothing of what they read; whoever reads tells what is wrong with it."""
    import cv2

    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


@contextmanager
def importing_keras() -> Iterator[None]:
    """Import Keras and TensorFlow inside: without their messages, and with the settings that results are made with.

    Raises:
        UserError: if they cannot be imported, or Keras was with another backend.
    """
    settle_keras()
    try:
        with standard_error_silenced():
            yield
    except Exception as error:  # what a broken keras.json or too little memory leads to differs from case to case
        raise UserError(
            "TensorFlow and Keras cannot be imported.",
            rule="A few gigabytes of memory must be free, and keras.json in the user's folder .keras must be whole.",
            received=f"{type(error).__name__}: {error}",
            todo="Raise the limit of memory (ulimit -v), or remove keras.json.",
        ) from error
    settle_loaded_keras()


def import_tensorflow() -> None:
    """Import TensorFlow and Keras without their messages; later imports find them loaded. Raises `UserError`."""
    let_memory_grow()
    with importing_keras():
        import keras  # noqa: F401
        import tensorflow

        # The first device query writes as well.
        tensorflow.config.list_physical_devices()
