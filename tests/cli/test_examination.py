"""What doctor finds."""

from dataclasses import replace

import pytest

from transferpain.cli.examination import (
    asset_finding,
    dataset_finding,
    engine_finding,
    examine,
    folder_size,
    libraries_finding,
    onednn_finding,
    opencv_finding,
    package_finding,
    set_finding,
)
from transferpain.core.assets.registry import FACE_LANDMARKER
from transferpain.core.optional import PARTS
from transferpain.data.places import Places
from transferpain.models.assets import AssetState

OPENCV = {"opencv-python": "4.14.0.94", "opencv-contrib-python": "4.14.0.94"}


def test_absent_and_found_datasets_and_twins_are_told_apart(tmp_path, small_twin):
    assert dataset_finding("biovid", tmp_path).state == "absent"
    (tmp_path / "biovid").mkdir()
    assert dataset_finding("biovid", tmp_path).value.startswith("found")
    assert dataset_finding("biovid", small_twin).value.startswith("synthetic twin")


def test_a_missing_package_is_a_problem():
    assert package_finding("no-such-package").state == "problem"


def test_a_set_is_full_or_lean_with_what_it_lacks():
    parts = {part.name: True for part in PARTS.values() if part.full}
    assert set_finding(parts).value == "full"
    assert set_finding(parts | {"edge": False, "server": False}).value == "lean; without edge, server"


@pytest.mark.parametrize(
    "changes",
    [
        {"opencv-python": "5.1.0.90"},
        {"opencv-contrib-python": None},
        {"opencv-python": None, "opencv-contrib-python": None},
        {"opencv-python-headless": "4.14.0.94"},
    ],
)
def test_opencv_packages_that_overwrite_each_other_are_a_problem_with_a_way_out(changes):
    assert opencv_finding(OPENCV).state == "ok"
    finding = opencv_finding(OPENCV | changes)
    assert finding.state == "problem"
    assert "install --no-deps opencv-python==4.14.0.94 opencv-contrib-python==4.14.0.94" in finding.value
    for name, version in changes.items():
        assert version is None or f"{name} {version}" in finding.value


def test_a_missing_library_of_the_system_is_a_problem_that_names_the_package():
    assert libraries_finding().state == "ok"
    finding = libraries_finding(("libNoSuchThing.so.1",))
    assert finding.state == "problem"
    assert "libNoSuchThing.so.1" in finding.value
    assert "apt install libegl1 libgles2" in finding.value


@pytest.mark.parametrize(
    ("required", "state", "expected"),
    [
        (True, "here", "ok"),
        (False, "missing", "absent"),
        (True, "missing", "problem"),
        (False, "other bytes", "problem"),
    ],
)
def test_an_asset_is_a_problem_where_it_is_wrong_or_lacks_though_it_is_required(required, state, expected):
    asset = replace(FACE_LANDMARKER, required=required)
    finding = asset_finding(AssetState(asset, state, "" if state == "missing" else "at a place"))
    assert (finding.topic, finding.state) == ("asset: face_landmarker", expected)
    assert ("transferpain assets verify" in finding.value) == (expected == "problem")


def test_what_runs_converted_networks_is_told():
    assert engine_finding(True).state == "ok"
    assert "OpenVINO is not installed" in engine_finding(False).value


@pytest.mark.parametrize(
    ("said", "flags", "shown"),
    [
        (None, {"avx2", "avx512_vnni"}, "as TensorFlow chooses"),
        (None, {"avx2"}, "left off by TensorFlow on this processor; with TF_ENABLE_ONEDNN_OPTS=1"),
        ("0", {"avx2"}, "off, which is slow: TF_ENABLE_ONEDNN_OPTS=0"),
        ("1", {"avx2"}, "on: TF_ENABLE_ONEDNN_OPTS=1"),
    ],
)
def test_whether_onednn_is_used_is_told(said, flags, shown):
    assert onednn_finding(said, frozenset(flags)).value.startswith(shown)


def test_the_environment_of_the_tests_has_no_problem(tmp_path):
    findings = examine(Places(tmp_path, tmp_path))
    assert [finding for finding in findings if finding.state == "problem"] == []
    assert {"compute dtype", "GPU", "OpenCV packages", "installed set", "asset: face_landmarker"} <= {
        finding.topic for finding in findings
    }


def test_folder_size_counts_all_files_below(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"12345")
    (tmp_path / "c").write_bytes(b"1")
    assert folder_size(tmp_path) == 6
    assert folder_size(tmp_path / "absent") == 0
