"""Runs a TensorFlow Lite file that `export-edge` wrote with OpenVINO: faster for int8 in hardware, and for heads."""

import sys
from collections.abc import Callable

import numpy as np

from transferpain.core.foreign import private_copy
from transferpain.core.optional import require

INT8_FLAGS = frozenset({"avx512_vnni", "avx_vnni"})  # of processors that multiply int8 natively


def multiplies_int8(flags: frozenset[str]) -> bool:
    """Tell whether a processor with these flags multiplies int8 natively."""
    return not INT8_FLAGS.isdisjoint(flags)


def load_openvino(content: bytes, threads: int) -> Callable[..., np.ndarray]:
    """Return a function of what `convert` wrote, as `lite.load_lite` does; it computes in int8 and float32.

    Raises:
        UserError: if OpenVINO is not installed.
    """
    require("edge")
    # With this package at hand, importing OpenVINO writes into the home folder and reports to its maker.
    sys.modules.setdefault("openvino_telemetry", None)
    import openvino

    core = openvino.Core()
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    with private_copy(content, "part.tflite") as path:  # it reads this kind of file by its path alone
        request = core.compile_model(core.read_model(path), "CPU", settings).create_infer_request()
    inputs = {_plain(given.get_any_name()): given for given in request.model_inputs}

    def answer(**given: np.ndarray) -> np.ndarray:
        (said,) = request.infer({inputs[name]: array for name, array in given.items()}).values()
        return said

    return answer


def _plain(name: str) -> str:
    """Return an input's name as it was converted: TensorFlow calls `pixels` `serving_default_pixels:0`."""
    return name.removeprefix("serving_default_").partition(":")[0]
