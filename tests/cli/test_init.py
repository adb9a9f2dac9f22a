"""`transferpain init` as a user sees it; what it writes is tested in experiments/starters."""

from tests.data.datasets.trees import touch
from tests.forked_program import LIGHT, forked


def test_the_table_the_files_and_the_next_command_are_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in (1, 2, 3):
        for label in ("rest", "pain"):
            touch(tmp_path / "our-clinic" / f"s{number}-{label}.mp4")
    result = forked("init", "our-clinic", "--source", "untrained", preload=LIGHT)
    assert (result.returncode, result.stderr) == (0, "")
    for said in (
        "3 subjects, guessed from the file's name: s1, s2, s3",
        "our-clinic: classes, clips and subjects",
        "written: our-clinic/index.csv",
        "next: transferpain run experiments/our-clinic/loso.yaml --data-root . --dry-run",
    ):
        assert said in result.stdout
