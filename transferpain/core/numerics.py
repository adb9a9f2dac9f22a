"""What changes the bits of a computation besides the versions: it is fixed where it can be, and named where not."""

import os
import sys

from transferpain.core.errors import UserError
from transferpain.core.threads import threads_told, usable_processors

BACKEND = "tensorflow"
NOT_SET = "not set"
# Of Keras; each overrides what an experiment says.
OVERRIDES = ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH", "KERAS_NNX_ENABLED")
# Who sets one of these may get other last bits.
VARIABLES = (
    *("TF_ENABLE_ONEDNN_OPTS", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ONEDNN_DEFAULT_FPMATH_MODE"),
    *("TF_XLA_FLAGS", "XLA_FLAGS", "TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC", "NVIDIA_TF32_OVERRIDE"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "CUDA_VISIBLE_DEVICES"),
)


def settle_keras() -> None:
    """See to it that Keras computes with TensorFlow, whatever the user's environment says; before it is imported.

    Child processes inherit it.

    Raises:
        UserError: if Keras was imported with another backend before.
    """
    os.environ["KERAS_BACKEND"] = BACKEND
    for name in OVERRIDES:
        os.environ.pop(name, None)
    if (keras := sys.modules.get("keras")) is not None and hasattr(keras, "config"):
        settle_loaded_keras()


def settle_loaded_keras() -> None:
    """Give the imported Keras the settings that results are made with; the user's `keras.json` may say others.

    Raises:
        UserError: if it computes with another backend.
    """
    import keras

    if (backend := keras.config.backend()) != BACKEND:
        raise UserError(
            "Keras was imported with another backend.",
            rule=f"Models are trained and answer with {BACKEND}: another backend gives other numbers.",
            received=backend,
            todo=f"Set KERAS_BACKEND={BACKEND} before anything imports Keras, or import transferpain first.",
        )
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)


def numerics() -> dict[str, str]:
    """Return what may change the last bits here, in words: backend, threads, and each variable that is set."""
    set_here = {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
    return {"backend": BACKEND, "threads": threads_here(), **set_here}


def threads_here() -> str:
    """Return how many threads a TensorFlow operation has: as it was told, else the cores that this process may use."""
    tensorflow = sys.modules.get("tensorflow")
    told = tensorflow.config.threading.get_intra_op_parallelism_threads() if hasattr(tensorflow, "config") else 0
    return str(told or threads_told() or usable_processors())


def differences(before: object, now: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return what was otherwise before -> then and now; nothing where nobody wrote it down."""
    if not isinstance(before, dict) or not before:
        return {}
    names = sorted({*before, *now})
    pairs = {name: (str(before.get(name, NOT_SET)), now.get(name, NOT_SET)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
