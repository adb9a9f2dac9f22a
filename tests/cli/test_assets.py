"""`transferpain assets ...` as a user calls it."""

import os
from functools import partial

import pytest

from tests.forked_program import LIGHT, forked
from transferpain.core.assets.registry import FACE_LANDMARKER, asset_path

light = partial(forked, preload=LIGHT)  # that listing starts as it is installed is seen in test_app.py


@pytest.fixture
def environment(tmp_path):
    """An empty assets folder, no files of Keras, and no network: a proxy that nobody listens at."""
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:1")
    return {"TRANSFERPAIN_ASSETS": str(tmp_path / "assets"), "KERAS_HOME": str(tmp_path / "keras"), **nowhere}


def test_list_shows_what_is_here_and_what_is_missing(environment):
    done = light("assets", "list", environment=environment | {"COLUMNS": "300"})
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    for words in (
        "face_landmarker",
        "3.8",
        "Apache-2.0",
        "here:",
        "imagenet-vgg16",
        "CC-BY-4.0",
        "missing",
        "(optional)",
    ):
        assert words in said


def test_verify_names_where_each_file_lies(environment):
    done = light("assets", "verify", environment=environment)
    assert done.returncode == 0, done.stderr
    assert f"face_landmarker: {asset_path('face_landmarker')}" in done.stdout.replace("\n", "")
    assert "imagenet-vgg16: missing, and not required" in done.stdout


@pytest.mark.parametrize("damage", ["cut short", "another file"])
def test_verify_fails_where_a_file_is_wrong(environment, tmp_path, damage):
    (tmp_path / "assets").mkdir()
    content = bytearray(asset_path("face_landmarker").read_bytes())
    if damage == "cut short":
        del content[1000:]
    else:
        content[1000] ^= 1
    (tmp_path / "assets" / FACE_LANDMARKER.file).write_bytes(content)
    done = light("assets", "verify", environment=environment)
    assert done.returncode == 1
    assert f"Received: face_landmarker: {tmp_path / 'assets' / FACE_LANDMARKER.file} has" in done.stderr
    assert "Traceback" not in done.stderr
    fetched = light("assets", "fetch", environment=environment)
    assert fetched.returncode == 1
    assert "is not the one that was published" in fetched.stderr


def test_fetch_takes_what_is_here_already(environment, tmp_path):
    done = light("assets", "fetch", environment=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(asset_path("face_landmarker")) in done.stdout.replace("\n", "")
    assert not os.path.exists(tmp_path / "assets")


def test_fetch_without_network_says_what_to_do(environment, tmp_path):
    done = light("assets", "fetch", "imagenet-vgg16", environment=environment)
    assert done.returncode == 1
    assert "not on this machine and could not be fetched" in done.stderr
    assert "58,889,256 bytes and the md5" in done.stderr
    assert f"put it into {tmp_path / 'assets'}" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_name_is_refused_with_the_nearest(environment):
    done = light("assets", "fetch", "imagenet-vg16", environment=environment)
    assert done.returncode == 1
    assert "did you mean `imagenet-vgg16`" in done.stderr
