"""What `transferpain predict` says and how it ends; answers are tested in apps/predict."""

import json

import pytest
from typer.testing import CliRunner

from tests.apps.predict.test_pictures import PHOTOGRAPH, WALL, save
from tests.apps.serve.image_bundles import save_network
from transferpain.cli.predict import predict_app
from transferpain.core.errors import UserError


@pytest.mark.parametrize("arguments", [(), ("model",), ("model", "photo.jpg", "--from", "x")])
def test_what_the_command_line_cannot_read_is_a_usage_error(arguments):
    assert CliRunner().invoke(predict_app, list(arguments)).exit_code == 2


def test_a_file_that_is_there_is_refused_before_anything_is_loaded(tmp_path):
    (tmp_path / "answers.csv").write_text("mine")
    result = CliRunner().invoke(predict_app, ["nowhere", "photo.jpg", "--to", str(tmp_path / "answers.csv")])
    assert isinstance(result.exception, UserError)
    assert "there already" in str(result.exception)


@pytest.mark.slow
def test_faces_are_printed_and_kept_and_a_picture_without_one_ends_with_1(tmp_path):
    bundle, table = save_network(tmp_path / "bundle"), tmp_path / "answers.json"
    result = CliRunner().invoke(predict_app, [str(bundle), str(PHOTOGRAPH), "--to", str(table)])
    assert result.exit_code == 0
    assert "SYNTHETIC" in result.stdout
    (row,) = json.loads(table.read_text())["rows"]
    assert row["answer"] in ("no pain", "pain")
    assert row["answer"] in result.stdout
    wall = save(tmp_path / "wall.png", WALL)
    result = CliRunner().invoke(predict_app, [str(bundle), str(wall), str(PHOTOGRAPH)])
    assert result.exit_code == 1
    assert "no face" in result.stdout
