"""Settings of `transferpain live` that are none; sessions are tested in apps/live."""

import pytest
from typer.testing import CliRunner

from transferpain.cli.live import live_app
from transferpain.core.errors import UserError


def run(*arguments):
    return CliRunner().invoke(live_app, ["no-model", "--source", "film.mp4", "--no-window", *map(str, arguments)])


@pytest.mark.parametrize("arguments", [("--average", 0), ("--average", "long"), ("--alert-level", 1.5)])
def test_what_the_command_line_cannot_read_is_a_usage_error(arguments):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [("--skip", "often"), ("--alert-level", -1), ("--clip", -5)])
def test_settings_that_are_none_are_refused_before_a_model_is_looked_for(arguments):
    result = run(*arguments)
    assert isinstance(result.exception, UserError), result.exception
    assert "Live mode cannot be run like this." in str(result.exception)
    assert f"Received: {arguments[1]}" in str(result.exception).replace("'", "")
