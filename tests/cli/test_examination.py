"""What doctor finds."""

from transferpain.cli.examination import dataset_finding, examine, folder_size, package_finding
from transferpain.data.places import Places


def test_absent_and_found_datasets_and_twins_are_told_apart(tmp_path, small_twin):
    assert dataset_finding("biovid", tmp_path).state == "absent"
    (tmp_path / "biovid").mkdir()
    assert dataset_finding("biovid", tmp_path).value.startswith("found")
    assert dataset_finding("biovid", small_twin).value.startswith("synthetic twin")


def test_a_missing_package_is_a_problem():
    assert package_finding("no-such-package").state == "problem"


def test_the_environment_of_the_tests_has_no_problem(tmp_path):
    findings = examine(Places(tmp_path, tmp_path))
    assert [finding for finding in findings if finding.state == "problem"] == []
    assert {"compute dtype", "GPU", "OpenCV packages"} <= {finding.topic for finding in findings}


def test_folder_size_counts_all_files_below(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"12345")
    (tmp_path / "c").write_bytes(b"1")
    assert folder_size(tmp_path) == 6
    assert folder_size(tmp_path / "absent") == 0
