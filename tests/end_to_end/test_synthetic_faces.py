"""Synthetic faces that are not ours keep their own name from the index to the bundle and the page, and are never called
drawn: a drawn twin of 3DPain without its mark stands for the dataset."""

import json

import pytest
import yaml

from tests.command_line import EXPERIMENTS
from tests.forked_program import forked
from tests.reports.pages import report_of
from transferpain.experiments.run_folder import RunFolder

OTHERS = "3DPain, synthetic faces"
TINY = ("faces={detector: mediapipe, margin: null, size: 32}", "seeds=[0]", "training.epochs=1", "protocol.folds=3")


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    work = tmp_path_factory.mktemp("work")
    drawn = (("pain3d", "--subjects", 10, "--clips", 4), ("unbc", "--subjects", 6, "--clips", 1, "--seconds", 0.5))
    for words in drawn:
        result = forked("data", "twin", *words, "--out", work / "data")
        assert result.returncode == 0, result.stderr
    (work / "data" / "pain3d" / "SYNTHETIC.json").unlink()
    return work


def two_levels(work, dataset: str, sample: str) -> str:
    """Write a task: so few faces do not have all sixteen levels, and without a mark each must be there."""
    path = work / f"{dataset}.yaml"
    rule = {"column": "pspi", "bins": [[0, 0], [1, 16]], "definition": "PSPI"}
    task = {"schema": 2, "description": "Pain or none.", "sample": sample, "ordinal": True, "classes": ["no", "yes"]}
    path.write_text(yaml.safe_dump(task | {"labels": {dataset: rule}}))
    return str(path)


def run(work, name: str, *settings: str) -> tuple[RunFolder, str]:
    words = [word for setting in (*TINY, *settings) for word in ("--set", setting)]
    places = ("--data-root", work / "data", "--workspace", work)
    result = forked("run", EXPERIMENTS / f"{name}.yaml", *places, *words)
    assert result.returncode == 0, result.stderr
    (folder,) = (work / "runs").glob(f"{name}-*")
    page = (report_of(work, name) / "index.html").read_text(encoding="utf-8")
    return RunFolder(folder), " ".join((result.stdout + page).split())


@pytest.mark.slow
def test_the_name_goes_from_the_index_to_the_bundle_and_the_page(work):
    check = forked("data", "check", "pain3d", "--data-root", work / "data")
    assert f"pain3d (SYNTHETIC: {OTHERS})" in " ".join(check.stdout.split())
    task = two_levels(work, "pain3d", "clip")
    small = ("backbone=squeezenet", "images.every=3", "images.test_every=3")
    source, shown = run(work, "pain3d-vgg16", f"task={task}", *small)
    facts = source.facts()
    assert (facts["synthetic"], facts["synthetic_faces"]) == (True, [OTHERS])
    assert f"SYNTHETIC data: {OTHERS}" in shown
    assert f"SYNTHETIC DATA: {OTHERS}" in shown
    assert "drawn faces" not in shown
    manifest = json.loads((source.path / "model" / "manifest.json").read_text())
    assert (manifest["synthetic"], manifest["synthetic_faces"]) == (True, [OTHERS])
    # Nobody drew a stand-in: the owners' terms hold.
    assert [(one["dataset"], one["synthetic"]) for one in manifest["terms"]] == [("pain3d", False)]
    assert "twin" not in (source.path / "model" / "README.md").read_text()

    task = two_levels(work, "unbc", "frame")
    tuned, shown = run(work, "unbc-from-pain3d", f"task={task}", f"source={source.path / 'model'}")
    facts = tuned.facts()
    assert facts["synthetic_faces"] == ["drawn faces", OTHERS]
    assert facts["source"]["synthetic_faces"] == [OTHERS]
    assert f"SYNTHETIC data: drawn faces and {OTHERS}" in shown
    manifest = json.loads((tuned.path / "model" / "manifest.json").read_text())
    assert manifest["synthetic_faces"] == ["drawn faces", OTHERS]
    assert [(one["dataset"], one["synthetic"]) for one in manifest["terms"]] == [("unbc", True), ("pain3d", False)]
