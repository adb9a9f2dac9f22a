"""The Python of the README runs as it stands there."""

import re
import shutil
from pathlib import Path

import cv2
import keras
import pytest

from transferpain.core.store import read_json
from transferpain.models.bundles.probe import drawn_faces

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.slow
def test_a_shared_model_embeds_a_face_and_names_the_emotions(tmp_path, monkeypatch, capsys):
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (folder,) = re.findall(r'Path\("(.*)"\)', program)
    shutil.copytree(README.parent / folder, tmp_path / folder)
    cv2.imwrite(str(tmp_path / "face.png"), drawn_faces(64)[0])
    monkeypatch.chdir(tmp_path)
    values = {}
    exec(program, values)
    shown = capsys.readouterr().out
    emotions = read_json(README.parent / folder / "labels.json")
    assert all(f"'{emotion}'" in shown for emotion in emotions)
    assert values["embedder"](values["source"], "float32").predict(values["pixels"], verbose=0).shape == (1, 1024)
    assert abs(float(values["source"].predict(values["pixels"]).sum()) - 1) < 1e-5
    assert isinstance(values["source"].model, keras.Model)
    plain = keras.models.load_model(tmp_path / folder / "model.keras")
    assert plain.output_shape == (None, len(emotions))
