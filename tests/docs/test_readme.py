"""The Python of the README runs as it stands there."""

import re
import shutil
from pathlib import Path

import cv2
import keras
import pytest

from transferpain.sharing.bundle import save_bundle
from transferpain.sharing.probe import drawn_faces
from transferpain.sources.backbones import build_vgg16_gap
from transferpain.sources.preprocessing import Preprocessing
from transferpain.store import read_json

README = Path(__file__).parents[2] / "README.md"


SHIPPED = README.parent / "weights" / "ferplus-resnet18"
EMOTIONS = ("neutral", "happiness", "surprise")
NOT_YET = pytest.mark.skipif(not SHIPPED.is_dir(), reason="weights/ferplus-resnet18 is not shipped yet")


@pytest.mark.parametrize("shipped", [False, pytest.param(True, marks=[NOT_YET, pytest.mark.slow])])
def test_a_shared_model_embeds_a_face_and_names_the_emotions(shipped, tmp_path, monkeypatch, capsys):
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (folder,) = re.findall(r'Path\("(.*)"\)', program)
    assert README.parent / folder == SHIPPED
    emotions = EMOTIONS
    if shipped:
        shutil.copytree(SHIPPED, tmp_path / folder)
        emotions = read_json(SHIPPED / "labels.json")
    else:
        preprocessing = Preprocessing(size=32).model_dump()
        save_bundle(tmp_path / folder, build_vgg16_gap(32, 3), preprocessing, emotions, {"synthetic": True})
    cv2.imwrite(str(tmp_path / "face.png"), drawn_faces(64)[0])
    monkeypatch.chdir(tmp_path)
    values = {}
    exec(program, values)
    shown = capsys.readouterr().out
    assert all(f"'{emotion}'" in shown for emotion in emotions)
    assert values["embedder"](values["source"], "float32").predict(values["pixels"], verbose=0).shape == (1, 1024)
    assert abs(float(values["source"].predict(values["pixels"]).sum()) - 1) < 1e-5
    assert isinstance(values["source"].model, keras.Model)
    plain = keras.models.load_model(tmp_path / folder / "model.keras")
    assert plain.output_shape == (None, len(emotions))
