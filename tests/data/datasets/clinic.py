"""A small dataset of a user's own, as its folder and its table."""

import pytest

from tests.data.datasets.trees import touch

TABLE = """\
media,subject,label,split,site
videos/Anna 1.mp4,anna,pain,train,left
videos/otto.avi, otto ,none,test,
pictures/Zoë,zoë,,validation,right
pictures/one.PNG,otto,none,test,left
"""


@pytest.fixture
def clinic(tmp_path):
    folder = tmp_path / "clinic"
    touch(folder / "videos" / "Anna 1.mp4", b"12345")
    touch(folder / "videos" / "otto.avi")
    for number in (1, 2, 10):
        touch(folder / "pictures" / "Zoë" / f"{number}.jpg")
    touch(folder / "pictures" / "one.PNG")
    (folder / "index.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path


def write(clinic, table: str, name: str = "index.csv") -> None:
    (clinic / "clinic" / name).write_text(table, encoding="utf-8")
