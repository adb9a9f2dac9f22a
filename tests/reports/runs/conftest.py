import pytest


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Stand in an empty folder: experiments where a command is given are looked into."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
