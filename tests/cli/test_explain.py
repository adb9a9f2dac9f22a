"""What `transferpain explain` cannot read; maps are tested in apps/explain."""

import pytest
from typer.testing import CliRunner

from transferpain.cli.explain import explain_app


@pytest.mark.parametrize("arguments", [(), ("model", "--pictures", "0"), ("model", "--with-faces", "--layers", "x")])
def test_what_the_command_line_cannot_read_is_a_usage_error(arguments):
    assert CliRunner().invoke(explain_app, list(arguments)).exit_code == 2
