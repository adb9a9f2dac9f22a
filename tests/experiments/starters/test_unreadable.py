import numpy as np
import pytest

from tests.data.datasets.trees import touch
from tests.data.media.faulty_videos import empty
from tests.inputs.faces.drawing import write_video
from transferpain.data.datasets.index import read_index
from transferpain.experiments.starters.unreadable import describe_unreadable


@pytest.fixture
def clinic(tmp_path):
    """Write a folder of two videos of a plain wall and a picture, and return it."""
    folder = tmp_path / "clinic"
    for name in ("a", "b"):
        write_video(folder / f"{name}.mp4", [np.full((48, 64, 3), 90, np.uint8)] * 3)
    touch(folder / "c.png", (folder / "a.mp4").read_bytes())
    return folder


def described(folder):
    rows = [f"{path.name},{path.stem},x\n" for path in sorted(folder.iterdir()) if path.suffix != ".csv"]
    (folder / "index.csv").write_text("media,subject,label\n" + "".join(rows))
    return describe_unreadable(read_index("clinic", folder.parent))


def test_clips_that_can_be_read_are_not_mentioned(clinic):
    (clinic / "c.png").unlink()
    assert described(clinic) == []


def test_empty_files_and_those_without_a_frame_are_named(clinic):
    empty(clinic / "a.mp4")
    write_video(clinic / "d.mp4", [np.zeros((48, 64, 3), np.uint8)])
    content = (clinic / "d.mp4").read_bytes()
    begin = content.index(b"mdat") - 4
    size = int.from_bytes(content[begin : begin + 4], "big")
    (clinic / "d.mp4").write_bytes(content[: begin + 8] + bytes(size - 8) + content[begin + size :])
    (said,) = described(clinic)
    assert said.startswith("3 of 4 clips show not one frame: clinic/a.mp4 (the file is empty); clinic/c.png (not one ")
    assert "clinic/d.mp4 (no frame of the video can be decoded" in said
    assert "unusable.csv" in said


def test_the_first_few_are_named(clinic):
    for number in range(9):
        touch(clinic / f"e{number}.mp4", b"")
    (said,) = described(clinic)
    assert said.startswith("10 of 12 clips")
    assert said.count("the file is empty") == 4
    assert " and 5 more. They stay" in said
