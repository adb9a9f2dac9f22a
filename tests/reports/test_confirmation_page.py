"""The page of a confirmation is written, and says what the synthetic faces are called: fast, without a run."""

from tests.small_study import write_small_study
from transferpain.data.places import Places
from transferpain.experiments.study import load_batch
from transferpain.reports.confirmation import Expected, Measured, _concluded


def test_the_banner_names_the_faces_of_the_runs(tmp_path):
    batch = load_batch(write_small_study(tmp_path), Places(tmp_path, tmp_path), [])
    sets = [Measured(0.6, 0.5, 0.1), Measured(0.7, 0.5, 0.2), Measured(0.65, 0.5, 0.15)]
    faces = "drawn faces and 3DPain, synthetic faces"
    result = _concluded(batch, {Expected("ann", "lstm", "balanced_accuracy"): sets}, None, faces)
    page = (tmp_path / "reports" / f"{batch.report}-confirmation" / "index.html").read_text(encoding="utf-8")
    assert f"SYNTHETIC DATA: {faces}." in page
    assert result.title.endswith(f"SYNTHETIC data: {faces}")
