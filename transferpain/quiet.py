"""Libraries that write to standard error, whatever one asks of them, when they are imported."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def standard_error_silenced() -> Iterator[None]:
    """Drop what is written to file descriptor 2; an exception passes as usual.

    TensorFlow's native code reports there which GPU plugins it registered twice, before any of its log settings
    count. A progress bar must not be interleaved with that.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)


def import_tensorflow() -> None:
    """Import TensorFlow and Keras without their messages; later imports find them loaded."""
    with standard_error_silenced():
        import keras
        import tensorflow

        # The first device query writes as well.
        tensorflow.config.list_physical_devices()
        keras.backend.backend()
