"""The states of assets on this machine, and what `assets verify` makes of them."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from transferpain.core.assets.asset import Asset, Place
from transferpain.core.assets.registry import ASSETS
from transferpain.core.errors import UserError
from transferpain.models.assets import ALL_ASSETS, state_of, verify

CONTENT = b"some weights"
OPTIONAL = Asset(
    name="small",
    file="small.bin",
    bytes=len(CONTENT),
    algorithm="sha256",
    digest=hashlib.sha256(CONTENT).hexdigest(),
    licence="MIT",
    url="http://127.0.0.1:1/small.bin",
    serves="these tests",
)
REQUIRED = replace(OPTIONAL, required=True)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERPAIN_ASSETS", str(tmp_path / "assets"))
    (tmp_path / "assets").mkdir()
    return tmp_path / "assets"


def test_the_weights_of_backbones_stand_beside_the_others():
    networks = ("vgg16", "vgg19", "resnet50", "resnet101", "densenet121", "inception_v3", "efficientnet_b0")
    assert list(ALL_ASSETS) == [*ASSETS, *(f"imagenet-{name}" for name in networks)]
    assert ALL_ASSETS.find("face_landmarker.task").required


def test_each_stands_on_the_page_of_assets():
    page = (Path(__file__).parents[2] / "docs" / "assets.md").read_text(encoding="utf-8")
    for asset in ALL_ASSETS.values():
        assert f"| `{asset.name}` | `{asset.file}` | {asset.bytes:,} |" in page


def test_a_file_that_is_there_is_verified(folder):
    (folder / "small.bin").write_bytes(CONTENT)
    (state,) = verify([REQUIRED])
    assert (state.state, state.where, state.fault) == ("here", str(folder / "small.bin"), False)


def test_only_what_is_required_must_be_there():
    (state,) = verify([OPTIONAL])
    assert (state.state, state.where, state.fault) == ("missing", "", False)
    with pytest.raises(UserError, match=r"Received: small: missing\n(.|\n)*transferpain assets fetch small\n"):
        verify([REQUIRED])


@pytest.mark.parametrize("asset", [OPTIONAL, REQUIRED], ids=["optional", "required"])
@pytest.mark.parametrize("content", [CONTENT[:-1], b"some weighty"], ids=["cut short", "another file"])
def test_other_bytes_are_a_fault_of_any_asset(folder, asset, content):
    (folder / "small.bin").write_bytes(content)
    assert state_of(asset).state == "other bytes"
    with pytest.raises(UserError, match=r"Received: small: .*small\.bin has"):
        verify([OPTIONAL, asset])


def test_a_right_file_elsewhere_does_not_hide_a_wrong_one_in_the_assets_folder(folder, tmp_path):
    (tmp_path / "elsewhere.bin").write_bytes(CONTENT)
    asset = replace(OPTIONAL, places=(Place("elsewhere", lambda: tmp_path / "elsewhere.bin"),))
    assert state_of(asset).where == str(tmp_path / "elsewhere.bin")
    (folder / "small.bin").write_bytes(b"other")
    assert state_of(asset).state == "other bytes"
