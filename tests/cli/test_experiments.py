"""What `run`, `matrix` and `report` decide themselves: exit codes, and arguments that are none."""

from dataclasses import dataclass

import pytest
import typer
from typer.testing import CliRunner

from tests.command_line import EXPERIMENTS
from transferpain.cli.experiments import conclude, experiments_app
from transferpain.core.errors import UserError
from transferpain.reports.screen import Result


@dataclass(frozen=True)
class Judged:
    result: Result
    passed: bool


def run(*arguments):
    return CliRunner().invoke(experiments_app, [str(argument) for argument in arguments])


def test_a_null_check_that_does_not_hold_fails_after_its_table_is_shown(capsys):
    result = Result("null worlds", ["run", "score"], [["a", ".501"]], ["every score is judged"])
    conclude(Judged(result, passed=True))
    with pytest.raises(typer.Exit) as ended:
        conclude(Judged(result, passed=False))
    assert ended.value.exit_code == 1
    said = capsys.readouterr().out
    assert said.count(".501") == said.count("every score is judged") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", EXPERIMENTS / "ai4pain-ann.yaml", "--jobs", 0),
        ("run",),
        ("matrix", EXPERIMENTS / "transfer-matrix.yaml", "--jobs", "two"),
        ("report", "--predictions"),
    ],
)
def test_what_the_command_line_cannot_read_is_a_usage_error(arguments):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("other", ["--null", "--dry-run"])
def test_a_confirmation_goes_alone(other):
    ended = run("run", EXPERIMENTS / "known-answers.yaml", "--confirm", other)
    assert isinstance(ended.exception, UserError)
    assert f"--confirm {other}" in str(ended.exception)


def test_numbers_of_processors_compute_nothing():
    ended = run("matrix", EXPERIMENTS / "transfer-matrix.yaml", "--processors", "8,64")
    assert isinstance(ended.exception, UserError)
    assert "Use --dry-run --processors 8,64" in str(ended.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "none.yaml"),
        ("run", "none.yaml", "--dry-run"),
        ("matrix", "none.yaml", "--dry-run"),
        ("report", "no-run"),
        ("report", "--predictions", "mine"),
        ("report", "--predictions", "mine=none.csv"),
    ],
)
def test_what_is_not_there_is_a_message(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert isinstance(result.exception, UserError), result.exception
    assert list(tmp_path.iterdir()) == []
