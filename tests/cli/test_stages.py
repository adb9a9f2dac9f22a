"""`transferpain faces`, `pretrain` and `extract` with what cannot be computed."""

import pytest
from typer.testing import CliRunner

from tests.command_line import EXPERIMENTS
from transferpain.cli.stages import load, stages_app
from transferpain.core.errors import UserError

FILE = EXPERIMENTS / "ai4pain-ann.yaml"


def test_an_experiment_is_read_with_the_keys_changed_that_were_named():
    assert load(FILE, None).training.epochs != 3
    assert load(FILE, ["training.epochs=3"]).training.epochs == 3


@pytest.mark.parametrize("override", ["training.epochs", "training.epoch=3", "training.epochs=many", "=3"])
def test_a_key_that_is_none_is_refused(override):
    with pytest.raises(UserError):
        load(FILE, [override])


@pytest.mark.parametrize("command", ["faces", "extract"])
def test_without_its_data_a_stage_says_so_and_leaves_nothing(command, tmp_path):
    places = ["--data-root", str(tmp_path / "data"), "--workspace", str(tmp_path / "workspace")]
    result = CliRunner().invoke(stages_app, [command, str(FILE), *places])
    assert isinstance(result.exception, UserError), result.exception
    assert str(tmp_path / "data") in str(result.exception)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_head_is_no_source_to_be_trained(tmp_path):
    result = CliRunner().invoke(stages_app, ["pretrain", str(FILE), "--workspace", str(tmp_path)])
    assert isinstance(result.exception, UserError), result.exception
    assert "ai4pain-ann cannot be a source." in str(result.exception)


@pytest.mark.parametrize("command", ["faces", "pretrain", "extract"])
def test_an_experiment_that_is_not_there_is_named(command, tmp_path):
    result = CliRunner().invoke(stages_app, [command, str(tmp_path / "none.yaml")])
    assert result.exit_code != 0
    assert "none.yaml" in f"{result.exception}{result.output}"
