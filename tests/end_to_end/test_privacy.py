"""MIntPAIN's folders bear the participants' names: nothing that the command line writes or prints may show one."""

import re
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from tests.forked_program import forked
from tests.reports.pages import report_of
from transferpain.data.synthetic.mintpain import INVENTED_NAMES

SUBJECTS = 5
SETTINGS = (
    "source=untrained",
    "protocol.kind=group_kfold",
    "protocol.folds=2",
    "faces.detector=mediapipe",
    "faces.size=32",
    "features.frames=4",
    "training.epochs=1",
    "training.epoch_steps=null",
)
# Runs of five ASCII letters and more stay as they are in UTF-8, Latin-1, JSON and HTML, whatever stands about them.
NAME_PARTS = tuple({part.lower() for name in INVENTED_NAMES for part in re.findall("[A-Za-z]{5,}", name)})


def names_in(content: bytes | str) -> set[str]:
    """Return the parts of the invented names that are found in a text or in a file's bytes."""
    text = content if isinstance(content, str) else content.decode("latin-1")
    return {part for part in NAME_PARTS if part in text.lower()}


def names_in_file(path: Path) -> set[str]:
    """Search a file's path and bytes, and what stands in it if it is compressed."""
    found = names_in(str(path)) | names_in(path.read_bytes())
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
        found |= names_in(repr(table.attrs)) | names_in(table.select_dtypes(exclude="number").to_csv())
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            found |= set().union(*(names_in(name) | names_in(archive.read(name)) for name in archive.namelist()))
    return found


def damage(pictures: Path) -> None:
    """Cut pictures in half, so that a decoder has something to say about them."""
    for path in sorted(pictures.glob("*.jpg")):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_every_name_can_be_searched_for(tmp_path):
    assert all(names_in(name) and names_in(name.encode()) for name in INVENTED_NAMES)
    pd.DataFrame({"media": [INVENTED_NAMES[0]] * 50}).to_parquet(tmp_path / "a.parquet", compression="zstd")
    with zipfile.ZipFile(tmp_path / "a.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", INVENTED_NAMES[1])
    assert [names_in_file(tmp_path / name) for name in ("a.parquet", "a.keras")] == [
        {"zibbly", "quonkmeyer"},
        {"wumblo", "fizzlequark"},
    ]


@pytest.mark.slow
def test_no_name_is_printed_or_kept(tmp_path):
    data, workspace = tmp_path / "data", tmp_path / "workspace"
    words = [word for setting in SETTINGS for word in ("--set", setting)]
    experiment = (EXPERIMENTS / "mintpain-lstm.yaml", "--data-root", data, "--workspace", workspace)
    size = ("--subjects", SUBJECTS, "--clips", 1, "--seconds", 0.6)
    results = [forked("data", "twin", "mintpain", "--out", data, *size)]
    people = sorted((data / "mintpain" / "Extracted_Data").iterdir())
    assert len(people) == SUBJECTS
    clips = [sorted(person.glob("*/*/RGB")) for person in people]
    sorted(clips[0][0].iterdir())[0].write_bytes(b"")
    damage(clips[0][1])
    damage(clips[1][0])
    shutil.rmtree(clips[2][0])
    shutil.copytree(clips[3][0].parent, people[4] / clips[3][0].parent.parent.name / clips[3][0].parent.name)
    (people[0].parent / f"notes on {people[0].name}.txt").write_text("private")
    (clips[4][0].parent.parent / people[4].name).mkdir()
    check = ("data", "check", "mintpain", "--workspace", workspace)
    results += [
        forked(*check, "--data-root", data, "--deep", "--json", workspace / "check.json"),
        forked(*check, "--data-root", people[0] / "nothing"),
        forked(*check, "--data-root", people[0].parent / "Sub99 Quonkmeyer"),
        forked("run", *experiment, *words, "--dry-run"),
        forked("run", *experiment, *words),
        forked("doctor", "--data-root", data, "--workspace", workspace),
    ]
    for folder in (data / "mintpain" / "Extracted_Data").rglob("RGB"):
        damage(folder)
    results.append(forked("faces", *experiment, *words))
    assert [result.returncode for result in results] == [0, 0, 1, 1, 0, 0, 0, 1], results[-1].stderr

    assert (report_of(workspace, "mintpain-lstm") / "index.html").is_file()
    assert "Sub01_Trial01" in results[1].stdout
    for result in results:
        assert names_in(result.stdout + result.stderr) == set()
        assert "Traceback" not in result.stderr
    files = [path for path in workspace.rglob("*") if path.is_file()]
    assert {path.relative_to(workspace).parts[0] for path in files} >= {"cache", "runs", "reports", "check.json"}
    assert {path.name: names for path in files if (names := names_in_file(path))} == {}
