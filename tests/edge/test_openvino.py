import os
import subprocess
import sys

import numpy as np
import pytest

from tests.edge.small_fused import small_fused
from tests.explain.small_models import small_model
from transferpain.edge.convert import convert
from transferpain.edge.lite import load_lite
from transferpain.edge.openvino import load_openvino, multiplies_int8
from transferpain.edge.parts import split_model

RANDOM = np.random.default_rng(0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["encoder", "head"])
def test_it_answers_as_tensorflow_lite_does(name, tmp_path):
    part = split_model(small_model(3), "symmetric")[0] if name == "encoder" else split_model(small_fused(), "unit")[1]
    high = 255 if name == "encoder" else 1
    samples = [
        {given: RANDOM.uniform(0, high, (1, *shape)).astype(np.float32) for given, shape in part.inputs.items()}
        for _ in range(4)
    ]
    convert(part, "int8", samples, tmp_path / "part.tflite")
    lite, openvino = (load(tmp_path / "part.tflite", threads=2) for load in (load_lite, load_openvino))
    answers = [openvino(**given) for given in samples]
    assert answers[0].dtype == np.float32
    for given, answer in zip(samples, answers, strict=True):
        expected = lite(**given)
        assert answer.shape == expected.shape
        np.testing.assert_allclose(answer, expected, atol=0.1 * np.ptp(expected) + 0.02)


def test_it_neither_writes_into_the_home_folder_nor_reports_to_its_maker(tmp_path):
    (tmp_path / "not.tflite").write_bytes(b"not a network")
    program = """
import socket, sys
from pathlib import Path
def connect(self, address):
    sys.exit(f"it calls {address}")
socket.socket.connect = connect
from transferpain.edge.openvino import load_openvino
try:
    load_openvino(Path("not.tflite"), 1)
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
