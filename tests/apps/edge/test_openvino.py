import os
import subprocess
import sys

import numpy as np
import pytest

from tests.apps.edge.small_fused import small_fused
from tests.apps.explain.small_models import SIZE, small_model
from tests.models.bundles.bundles import as_saved
from transferpain.apps.edge.convert import convert
from transferpain.apps.edge.lite import load_lite
from transferpain.apps.edge.openvino import load_openvino, multiplies_int8
from transferpain.apps.edge.parts import split_model

RANDOM = np.random.default_rng(0)


@pytest.mark.slow
def test_an_int8_encoder_answers_as_with_tensorflow_lite(tmp_path):
    (encoder,) = split_model(as_saved(small_model(3), "symmetric"))
    samples = [{"pixels": RANDOM.uniform(0, 255, (1, SIZE, SIZE, 3)).astype(np.float32)} for _ in range(4)]
    convert(encoder, "int8", samples, tmp_path / "part.tflite")
    content = (tmp_path / "part.tflite").read_bytes()
    lite, openvino = (load(content, threads=2) for load in (load_lite, load_openvino))
    answers = [openvino(**given) for given in samples]
    assert (answers[0].shape, answers[0].dtype) == ((1, 3), np.float32)
    np.testing.assert_allclose(answers, [lite(**given) for given in samples], atol=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("axis", ["time", "points"])
def test_a_head_in_float32_answers_as_keras_does(axis, tmp_path):
    head = split_model(small_fused(axis=axis))[1]
    convert(head, "float32", (), tmp_path / "head.tflite")
    answer = load_openvino((tmp_path / "head.tflite").read_bytes(), threads=1)
    # In another order than the network's own.
    given = {name: RANDOM.normal(size=(1, *head.inputs[name])).astype(np.float32) for name in reversed(head.inputs)}
    expected = head.call(*(given[name] for name in head.inputs)).numpy()
    np.testing.assert_allclose(answer(**given), expected, atol=1e-4)


def test_it_neither_writes_into_the_home_folder_nor_reports_to_its_maker(tmp_path):
    program = """
import socket, sys
def connect(self, address):
    sys.exit(f"it calls {address}")
socket.socket.connect = connect
from transferpain.apps.edge.openvino import load_openvino
try:
    load_openvino(b"not a network", 1)
except RuntimeError:
    import openvino
    print(openvino.__version__)
"""
    home = tmp_path / "home"
    home.mkdir()
    # Its reports stay away where CI is set.
    surroundings = {name: value for name, value in os.environ.items() if name != "CI"} | {"HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("20")
    assert not list(home.iterdir())


@pytest.mark.parametrize(
    ("flags", "expected"),
    [({"avx2", "avx512_vnni"}, True), ({"avx_vnni"}, True), ({"avx2", "avx512f"}, False), (set(), False)],
)
def test_which_processors_multiply_int8(flags, expected):
    assert multiplies_int8(frozenset(flags)) is expected
