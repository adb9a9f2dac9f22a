import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.apps.edge.small_fused import save_small_fused
from tests.apps.live.live_models import save_live_model
from tests.apps.live.test_model import points_of
from tests.inputs.landmarks.drawn import drawn_person
from tests.lean_set import lean_environment
from tests.models.bundles.bundles import save_small
from transferpain.apps.edge.export import ExportOptions, export_model
from transferpain.apps.edge.lite import HEAD_KIND
from transferpain.apps.live.encoder import converted_encoder, fastest_kinds
from transferpain.apps.live.model import load_live_model
from transferpain.core.errors import UserError
from transferpain.core.gpu import gpu_capability
from transferpain.core.processor import processor_flags

PROJECT = Path(__file__).parents[3]
without_amx = pytest.mark.skipif(
    not fastest_kinds(processor_flags(), gpu_capability()), reason="Keras is the fastest on this machine"
)


@without_amx
@pytest.mark.slow
@pytest.mark.parametrize("save", [save_live_model, save_small_fused])
def test_the_encoder_is_converted_once_and_answers_as_keras_does(save, tmp_path):
    folder = str(save(tmp_path / "bundle"))
    file = converted_encoder(folder, tmp_path / "cache")
    assert file.is_relative_to(tmp_path / "cache" / "edge")
    written = file.stat().st_mtime_ns
    assert converted_encoder(folder, tmp_path / "cache") == file
    assert file.stat().st_mtime_ns == written
    picture = drawn_person()
    if file.stem.endswith("int8"):
        # As light as the faces that it is calibrated on: beyond their colours int8 knows none.
        picture = (0.75 * picture).astype(np.uint8)
    landmarks = points_of(picture)
    models = [load_live_model(folder, "float32", encoder=one) for one in (None, file)]
    answers = [model.answer(model.see(picture, landmarks[0]), landmarks) for model in models]
    np.testing.assert_allclose(*answers, atol=0.15)  # int8 knows a colour to one in 255
    file.write_bytes(b"not a network")
    assert converted_encoder(folder, tmp_path / "cache") == file
    assert file.stat().st_size > 1000


@without_amx
@pytest.mark.slow
def test_where_nothing_can_be_kept_keras_answers(tmp_path, capsys):
    (tmp_path / "cache").write_text("no folder")
    assert converted_encoder(str(save_small_fused(tmp_path / "bundle")), tmp_path / "cache") is None
    assert "so Keras answers" in capsys.readouterr().err


@without_amx
@pytest.mark.parametrize("save", [save_small, partial(save_small_fused, fusion="bilstm")])
def test_what_is_no_live_model_is_refused_before_anything_is_converted(save, tmp_path, capsys):
    folder = str(save(tmp_path / "bundle"))
    with pytest.raises(UserError, match="is not a live model"):
        converted_encoder(folder, tmp_path / "cache")
    assert "Converting" not in capsys.readouterr().err
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("flags", "capability", "kinds"),
    [
        ({"amx_bf16", "avx512_vnni"}, None, ()),
        ({"avx512_vnni"}, 8.0, ()),
        ({"avx512_bf16", "avx512_vnni"}, None, ("int8", "dynamic")),
        ({"avx2"}, None, ("dynamic",)),
        (set(), None, ("dynamic",)),
    ],
)
def test_what_is_the_fastest_where(flags, capability, kinds):
    assert fastest_kinds(frozenset(flags), capability) == kinds


def test_where_openvino_is_not_installed_int8_is_not_the_fastest():
    assert fastest_kinds(frozenset({"avx512_bf16", "avx512_vnni"}), None, openvino=False) == ("dynamic",)


@pytest.mark.slow
def test_where_openvino_is_not_installed_tensorflow_lite_answers(tmp_path):
    bundle, file = str(save_small_fused(tmp_path / "bundle")), tmp_path / "edge" / "encoder-dynamic.tflite"
    export_model(bundle, file.parent, ExportOptions(("dynamic",), 2, head_kinds=(HEAD_KIND,)))
    program = f"""
import sys
from pathlib import Path
from tests.apps.live.test_model import points_of
from tests.inputs.landmarks.drawn import drawn_person
from transferpain.apps.live.model import load_live_model
picture = drawn_person()
landmarks = points_of(picture)
models = [load_live_model({bundle!r}, "float32", encoder=one) for one in (None, Path({str(file)!r}))]
assert "openvino" not in sys.modules
print([model.answer(model.see(picture, landmarks[0]), landmarks).tolist() for model in models])
"""
    (tmp_path / "site").mkdir()
    environment = os.environ | lean_environment(tmp_path / "site")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(*json.loads(done.stdout.splitlines()[-1]), atol=0.15)
