"""What `transferpain export-edge` refuses at once; conversions are tested in apps/edge."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from transferpain.cli.edge import edge_app
from transferpain.core.errors import UserError


def run(*arguments):
    return CliRunner().invoke(edge_app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("arguments", [(), ("--to", "out", "--threads", 0), ("--to", "out", "--pictures", 0)])
def test_what_the_command_line_cannot_read_is_a_usage_error(arguments):
    assert run("model", *arguments).exit_code == 2


def test_a_kind_that_is_none_is_refused_and_nothing_is_written(tmp_path):
    model = Path(__file__).parents[2] / "weights" / "ferplus-resnet18"
    result = run(model, "--to", tmp_path / "out", "--kind", "float32", "--kind", "int4")
    assert isinstance(result.exception, UserError), result.exception
    assert "Received: int4" in str(result.exception)
    assert list(tmp_path.iterdir()) == []
