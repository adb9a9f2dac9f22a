"""The exit code of `transferpain doctor`; what it finds is tested beside `examination`."""

from typer.testing import CliRunner

from transferpain.cli.doctor import doctor_app


def test_a_problem_is_shown_and_is_the_exit_code(tmp_path, monkeypatch):
    places = ["--data-root", str(tmp_path), "--workspace", str(tmp_path)]
    result = CliRunner().invoke(doctor_app, places)
    assert (result.exit_code, result.exception) == (0, None)
    assert "compute dtype" in result.stdout
    monkeypatch.setenv("TRANSFERPAIN_ASSETS", str(tmp_path / "assets"))
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "face_landmarker.task").write_bytes(b"another file")
    result = CliRunner().invoke(doctor_app, places)
    assert result.exit_code == 1
    assert "problem" in result.stdout
