import re
from pathlib import Path

import pytest

from transferpain.core.assets.asset import bytes_digest
from transferpain.core.assets.registry import ASSETS, asset_path
from transferpain.core.errors import UserError

ROOT = Path(__file__).parents[3]


def test_the_face_landmarker_is_here_with_the_bytes_that_were_published():
    path = asset_path("face_landmarker")
    facts = ASSETS["face_landmarker"]
    assert path.stat().st_size == facts.bytes
    assert bytes_digest(path, "sha256") == facts.digest
    assert asset_path("face_landmarker.task") == path


def test_the_face_detector_of_opencv_is_the_file_that_its_repository_points_to():
    facts = ASSETS["yunet"]
    assert (facts.bytes, facts.digest[:12], facts.required) == (232_589, "8f2383e4dd3c", False)
    assert asset_path("face_detection_yunet_2023mar.onnx").stat().st_size == facts.bytes


def test_an_unknown_asset_is_refused_with_the_nearest_name():
    with pytest.raises(UserError, match=r"This asset is unknown.\n.*did you mean `face_landmarker`"):
        asset_path("face_landmark")


@pytest.mark.parametrize("asset", ASSETS.values(), ids=list(ASSETS))
def test_every_entry_states_a_digest_an_address_a_licence_and_a_file_of_its_own(asset):
    assert re.fullmatch({"sha256": "[0-9a-f]{64}", "md5": "[0-9a-f]{32}"}[asset.algorithm], asset.digest)
    assert asset.url.startswith("https://")
    assert asset.licence
    assert asset.serves
    assert [asset.file] == [one.file for one in ASSETS.values() if one.file == asset.file]


def test_the_package_of_a_message_is_the_one_that_setup_installs():
    pinned = (ROOT / "requirements-assets.txt").read_text(encoding="utf-8")
    for asset in ASSETS.values():
        for place in asset.places:
            assert f"\n{place.command.split()[-1]} --hash=sha256:" in pinned
