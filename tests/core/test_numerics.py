"""Keras computes with TensorFlow whatever the environment says, and what changes last bits is named."""

import json
import os
import subprocess
import sys

import pytest

from transferpain.core.errors import UserError
from transferpain.core.numerics import NOT_SET, differences, numerics, settle_keras

SETTLED = """
from transferpain.core.quiet import import_tensorflow
import_tensorflow()
from keras import config
print(config.backend(), config.floatx(), config.epsilon(), config.image_data_format(), config.max_epochs())
"""


def test_the_backend_is_set_before_keras_is_imported(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "1")
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    settle_keras()
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
    assert "KERAS_MAX_EPOCHS" not in os.environ


def test_what_changes_bits_is_stated(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    stated = numerics()
    assert stated["backend"] == "tensorflow"
    assert int(stated["threads"]) >= 1
    assert stated["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert "OMP_NUM_THREADS" not in stated


def test_what_differs_between_two_sessions_is_named():
    before, now = {"backend": "tensorflow", "threads": "2", "XLA_FLAGS": "x"}, {"backend": "tensorflow", "threads": "8"}
    assert differences(before, now) == {"XLA_FLAGS": ("x", NOT_SET), "threads": ("2", "8")}
    assert differences(now, now) == {}


@pytest.mark.parametrize("before", [None, {}, [], "tensorflow"])
def test_nothing_differs_from_what_was_never_written_down(before):
    assert differences(before, {"threads": "2"}) == {}


def in_environment(tmp_path, script: str, content: str, **variables: str) -> subprocess.CompletedProcess:
    (tmp_path / "keras.json").write_text(content)
    variables = {"KERAS_HOME": str(tmp_path), **variables}
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=os.environ | variables)


@pytest.mark.slow
def test_neither_the_environment_nor_the_users_file_changes_keras(tmp_path):
    other = {"backend": "torch", "floatx": "float16", "epsilon": 0.5, "image_data_format": "channels_first"}
    result = in_environment(tmp_path, SETTLED, json.dumps(other), KERAS_BACKEND="jax", KERAS_MAX_EPOCHS="1")
    assert result.stdout.split() == ["tensorflow", "float32", "1e-07", "channels_last", "None"]


@pytest.mark.slow
def test_a_broken_file_of_settings_is_one_sentence(tmp_path):
    script = SETTLED.replace(
        "import_tensorflow()\n", "try: import_tensorflow()\nexcept Exception as e: exit(repr(e))\n"
    )
    result = in_environment(tmp_path, script, '{"floatx": "float17"}')
    assert "UserError" in result.stderr
    assert "keras.json" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_a_keras_that_computes_otherwise_is_refused(tmp_path):
    pytest.importorskip("torch")
    script = "import keras\nfrom transferpain.core.numerics import settle_keras\nsettle_keras()"
    result = in_environment(tmp_path, script, "{}", KERAS_BACKEND="torch")
    assert UserError.__name__ in result.stderr
    assert "Keras was imported with another backend" in result.stderr
