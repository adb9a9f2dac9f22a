"""One part of a model becomes a TensorFlow Lite file."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf

from transferpain.apps.edge.parts import Part
from transferpain.core.quiet import standard_error_silenced
from transferpain.core.store import write_atomically


def convert(part: Part, kind: str, representative: Iterable[dict[str, np.ndarray]], path: Path) -> None:
    """Write a part as a TensorFlow Lite file with a batch of 1; inputs and outputs are float32 whatever it computes in.

    It is traced as a function whose weights are tracked by a module of their own, which does not have the function too:
    it would be traced and kept twice. Given a Keras 3 model instead, the converter finds no weights in it, and writes a
    file that cannot run; `from_keras_model` works, with an open batch.

    Args:
        kind: one of `lite.KINDS`.
        representative: for `int8`: name -> float32 `(1, *shape)`, from which the ranges of all numbers are taken.

    Raises:
        Exception: whatever the converter makes of a network that it cannot convert. It may also end the process.
    """
    specs = [tf.TensorSpec((1, *shape), tf.float32, name=name) for name, shape in part.inputs.items()]

    @tf.function(input_signature=specs)
    def answer(*given):
        return {part.output: part.call(*given)}

    holder = tf.Module()
    holder.weights = part.weights
    with standard_error_silenced():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([answer.get_concrete_function()], holder)
        if kind != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if kind == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if kind == "int8":
            converter.representative_dataset = lambda: representative
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        content = converter.convert()
    write_atomically(path, lambda temporary: temporary.write_bytes(content))
