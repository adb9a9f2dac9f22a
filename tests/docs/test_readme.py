"""The Python of the README runs as it stands there."""

import re
import shutil
from pathlib import Path

import pytest

from tests.apps.predict.test_pictures import PHOTOGRAPH
from transferpain.core.store import read_json

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.slow
def test_a_shared_model_finds_the_face_in_a_photograph_and_names_the_emotion(tmp_path, monkeypatch):
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (folder,) = re.findall(r'load_model\("(.*)"\)', program)
    shutil.copytree(README.parent / folder, tmp_path / folder)
    shutil.copy(PHOTOGRAPH, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    values = {}
    exec(program, values)
    (row,) = values["table"].to_dict("records")
    emotions = read_json(README.parent / folder / "labels.json")
    assert (row["answer"], row["faces"], row["synthetic"]) == ("happiness", 1, False)
    assert sum(row[f"p_{emotion}"] for emotion in emotions) == pytest.approx(1, abs=1e-5)
