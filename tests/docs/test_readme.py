"""The Python of the README runs as it stands there."""

import re
from pathlib import Path

import cv2

from transferpain.sharing.bundle import save_bundle
from transferpain.sharing.probe import drawn_faces
from transferpain.sources.backbones import build_vgg16_gap
from transferpain.sources.preprocessing import Preprocessing

README = Path(__file__).parents[2] / "README.md"


def test_a_source_embeds_a_face_and_names_the_emotions(tmp_path, monkeypatch, capsys):
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (folder,) = re.findall(r'Path\("(.*)"\)', program)
    emotions = ("neutral", "happiness", "surprise")
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
