"""`transferpain data ...` as a user gives it, apart from the rest of the command line."""

import pytest
from typer.testing import CliRunner

from tests.data.datasets.media_files import png
from tests.data.datasets.trees import make_biovid, touch
from transferpain.cli.data import data_app
from transferpain.core.errors import UserError
from transferpain.core.store import read_json

INDEX = "media,subject,label\n{media}\n"


def run(*arguments):
    return CliRunner().invoke(data_app, [str(argument) for argument in arguments])


@pytest.fixture
def clinic(tmp_path):
    """A data root with own data of four pictures of two people."""
    rows = [(f"{number}.png", f"P{number % 2}", ("none", "pain")[number // 2]) for number in range(4)]
    for media, _, _ in rows:
        touch(tmp_path / "clinic" / media, png(100))
    table = "\n".join(map(",".join, rows))
    (tmp_path / "clinic" / "index.csv").write_text(INDEX.format(media=table))
    task = "schema: 2\ndescription: own\nsample: clip\nclasses: [none, pain]\n"
    (tmp_path / "task.yaml").write_text(task + "labels: {clinic: {column: label, mapping: {none: 0, pain: 1}}}\n")
    return tmp_path


def check(root, dataset="clinic", *more):
    return run("check", dataset, "--data-root", root, "--workspace", root, *more)


def test_what_is_found_is_shown_and_written(clinic):
    result = check(clinic, "clinic", "--json", clinic / "found.json")
    assert result.exit_code == 0, result.exception
    assert "clips pain" in result.stdout
    assert "warning" not in result.stdout
    found = read_json(clinic / "found.json")
    assert {row["what"]: row["found"] for row in found["rows"]}["subjects"] == 2
    assert "labels" not in found


def test_classes_of_a_task_are_counted(clinic):
    result = check(clinic, "clinic", "--task", clinic / "task.yaml", "--json", clinic / "found.json")
    assert "2 clips" in result.stdout
    assert [row["clips"] for row in read_json(clinic / "found.json")["labels"][0]["rows"]] == [2, 2]


def test_pictures_are_decoded_only_if_that_is_asked_for(clinic):
    touch(clinic / "clinic" / "0.png", b"no picture")
    assert "damaged files" not in check(clinic).stdout
    deep = check(clinic, "clinic", "--deep").stdout
    assert "damaged files" in deep
    assert "warning: 0: picture cannot be decoded (frame 1)." in deep


def test_known_data_stand_beside_what_their_owners_ship(tmp_path):
    make_biovid(tmp_path / "biovid", ("071309_w_21",))
    result = check(tmp_path, "biovid").stdout
    assert "expected" in result
    assert "warning: subjects: 1 found, 87 expected." in result
    assert "known trap: " in result
    touch(tmp_path / "biovid" / "SYNTHETIC.json", b"{}")
    twin = check(tmp_path, "biovid").stdout
    assert "biovid (SYNTHETIC twin)" in twin
    assert "licensed data" in twin


@pytest.mark.parametrize(
    ("dataset", "more", "told"),
    [
        ("clinik", (), "dataset is unknown"),
        ("biovid", (), "No data of BioVid"),
        ("clinic", ("--task", "none-such"), "task is unknown"),
        ("clinic", ("--task", "biovid-five"), "does not fit the dataset"),
    ],
)
def test_what_cannot_be_checked_is_refused_and_nothing_is_written(clinic, dataset, more, told):
    result = check(clinic, dataset, *more, "--json", clinic / "found.json")
    assert result.exit_code == 1
    assert isinstance(result.exception, UserError)
    assert told in str(result.exception)
    assert not (clinic / "found.json").exists()


def test_labels_that_do_not_meet_the_task_are_refused(clinic):
    (clinic / "clinic" / "index.csv").write_text(INDEX.format(media="0.png,P0,Pain\n1.png,P1,none"))
    assert check(clinic).exit_code == 0
    result = check(clinic, "clinic", "--task", clinic / "task.yaml")
    assert isinstance(result.exception, UserError)
    assert "'Pain'" in str(result.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("twin", "biovid", "--subjects", 2),
        ("twin", "biovid", "--out", "x"),
        ("twin", "biovid", "--out", "x", "--subjects", 0),
        ("twin", "biovid", "--out", "x", "--subjects", 2, "--clips", 0),
        ("twin", "biovid", "--out", "x", "--subjects", 2, "--seconds", 0.1),
    ],
)
def test_calls_that_lack_something_or_are_out_of_range_are_refused(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(*arguments).exit_code == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("dataset", "told"), [("ferplus", "3 subjects or more"), ("clinic", "clinic")])
def test_what_cannot_be_drawn_is_refused_and_nothing_is_left(tmp_path, dataset, told):
    result = run("twin", dataset, "--out", tmp_path, "--subjects", 1)
    assert isinstance(result.exception, UserError)
    assert told in str(result.exception)
    assert not (tmp_path / dataset).exists()
