from dataclasses import replace

import pytest

from tests.experiments.leakage.runs import (
    draw_evidence,
)
from tests.experiments.leakage.test_lineage import EMOTIONS, trained_on
from transferpain.experiments.leakage.lineage import describe_training
from transferpain.experiments.leakage.pretraining import PRETRAINING
from transferpain.inputs.features.settings import FeatureSettings


def leak(evidence):
    return replace(evidence, lineage=(describe_training(evidence.task, evidence.samples, evidence.folds[0]),))


def test_a_source_without_tested_subjects_passes():
    line = PRETRAINING.run(draw_evidence(lineage=(trained_on("S8", "S9"), EMOTIONS)))
    assert line.state == "pass"
    assert line.figure == "0 of 6 tested subjects were in the training of the source (biovid, ferplus)"


def test_a_source_that_names_no_people_is_only_declared():
    line = PRETRAINING.run(draw_evidence(lineage=(EMOTIONS,)))
    assert line.state == "declared"
    assert "manifest declares" in line.explanation


def test_equal_names_in_another_dataset_pass():
    assert PRETRAINING.run(draw_evidence(lineage=(trained_on("S0", dataset="unbc"),))).state == "pass"


@pytest.mark.parametrize("lineage", [(trained_on("S0", "S9"),), (EMOTIONS, trained_on("S0"))])
def test_a_tested_subject_in_any_training_of_the_source_fails(lineage):
    line = PRETRAINING.run(draw_evidence(lineage=lineage))
    assert line.state == "fail"
    assert line.figure.startswith("1 of 6")


def test_only_tested_subjects_count():
    evidence = draw_evidence(lineage=(trained_on("S4"),))
    assert PRETRAINING.run(replace(evidence, folds=evidence.folds[:2])).state == "pass"
    assert PRETRAINING.run(evidence).state == "fail"


def test_one_dataset_without_subjects_on_both_sides_fails():
    line = PRETRAINING.run(draw_evidence(lineage=(replace(EMOTIONS, dataset="biovid"),)))
    assert line.state == "fail"
    assert "name no subjects" in line.explanation


def test_an_untrained_source_needs_no_check():
    line = PRETRAINING.run(draw_evidence())
    assert line.state == "not applicable"
    assert "untrained" in line.explanation


def test_an_unknown_lineage_fails():
    line = PRETRAINING.run(draw_evidence(lineage=None))
    assert (line.state, line.figure) == ("fail", "unknown")


def test_no_people_stand_behind_measures_of_signals():
    evidence = draw_evidence()
    signals = FeatureSettings(folder="biovid/biosignals_raw", files="signal_measures", rate=512)
    experiment = evidence.experiment.model_copy(update={"features": signals, "source": "own_features"})
    assert PRETRAINING.run(replace(evidence, experiment=experiment, lineage=())).state == "not applicable"


def test_of_own_features_nothing_is_claimed():
    evidence = draw_evidence()
    own = evidence.experiment.features.model_copy(update={"folder": "mine"})
    experiment = evidence.experiment.model_copy(update={"features": own, "source": "own_features"})
    line = PRETRAINING.run(replace(evidence, experiment=experiment, lineage=()))
    assert (line.state, line.figure) == ("declared", "not known")
    assert "made elsewhere" in line.explanation
