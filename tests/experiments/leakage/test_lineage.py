from dataclasses import replace

import numpy as np
import pytest

from tests.experiments.leakage.runs import draw_evidence
from transferpain.core.store import write_json
from transferpain.experiments.leakage.evidence import Ancestor
from transferpain.experiments.leakage.lineage import (
    check_labels,
    check_pretraining,
    describe_training,
    lineage_facts,
    person_codes,
    read_lineage,
)

EMOTIONS = Ancestor("ferplus", "ferplus-emotions", "emotion by votes", None)


def trained_on(*subjects, dataset="biovid", definition="heat stimulus"):
    return Ancestor(dataset, "biovid-bl1-pa4", definition, person_codes(dataset, subjects))


def test_codes_hide_names_and_tell_datasets_apart():
    codes = person_codes("biovid", ["S1", "S0", "S1"])
    assert len(codes) == 2
    assert list(codes) == sorted(codes)
    assert not any("S0" in code for code in codes)
    assert set(codes).isdisjoint(person_codes("unbc", ["S0", "S1"]))


def test_training_and_selection_subjects_are_what_a_model_was_trained_on():
    evidence = draw_evidence()
    ancestor = describe_training(evidence.task, evidence.samples, evidence.folds[0])
    assert ancestor.people == person_codes("biovid", ["S2", "S3", "S4", "S5"])
    assert (ancestor.dataset, ancestor.task) == ("biovid", "biovid-bl1-pa4")
    assert ancestor.definition
    pictures = evidence.samples.assign(subject=evidence.samples["clip"])
    assert describe_training(evidence.task, pictures, evidence.folds[0]).people is None


def test_lineage_travels_in_the_manifest(tmp_path):
    before = (trained_on("S7"), EMOTIONS)
    facts = lineage_facts(trained_on("S1"), before)
    write_json(tmp_path / "manifest.json", {"lineage": facts})
    assert read_lineage(tmp_path) == (trained_on("S1"), *before)
    assert read_lineage(None) == ()
    assert lineage_facts(trained_on("S1"), None) is None


@pytest.mark.parametrize("manifest", [{}, {"lineage": None}, {"lineage": [{"dataset": "biovid"}]}, {"lineage": [3]}])
def test_a_manifest_that_does_not_say_is_unknown(tmp_path, manifest):
    write_json(tmp_path / "manifest.json", manifest)
    assert read_lineage(tmp_path) is None


def test_a_source_without_tested_subjects_passes():
    line = check_pretraining(draw_evidence(lineage=(trained_on("S8", "S9"), EMOTIONS)))
    assert (line.number, line.state) == (7, "pass")
    assert line.figure == "0 of 6 tested subjects were in the training of the source (biovid, ferplus)"


def test_equal_names_in_another_dataset_pass():
    assert check_pretraining(draw_evidence(lineage=(trained_on("S0", dataset="unbc"),))).state == "pass"


@pytest.mark.parametrize("lineage", [(trained_on("S0", "S9"),), (EMOTIONS, trained_on("S0"))])
def test_a_tested_subject_in_any_training_of_the_source_fails(lineage):
    line = check_pretraining(draw_evidence(lineage=lineage))
    assert line.state == "fail"
    assert line.figure.startswith("1 of 6")


def test_only_tested_subjects_count():
    evidence = draw_evidence(lineage=(trained_on("S4"),))
    assert check_pretraining(replace(evidence, folds=evidence.folds[:2])).state == "pass"
    assert check_pretraining(evidence).state == "fail"


def test_one_dataset_without_subjects_on_both_sides_fails():
    line = check_pretraining(draw_evidence(lineage=(replace(EMOTIONS, dataset="biovid"),)))
    assert line.state == "fail"
    assert "name no subjects" in line.explanation


def test_an_untrained_source_needs_no_check():
    line = check_pretraining(draw_evidence())
    assert line.state == "not applicable"
    assert "untrained" in line.explanation


@pytest.mark.parametrize("check", [check_pretraining, check_labels])
def test_an_unknown_lineage_fails(check):
    line = check(draw_evidence(lineage=None))
    assert (line.state, line.figure) == ("fail", "unknown")


def test_both_definitions_are_printed():
    line = check_labels(draw_evidence(lineage=(EMOTIONS,)))
    assert (line.number, line.state) == (11, "pass")
    assert line.figure == "biovid (target): heat stimulus BL1 against PA4; ferplus (source): emotion by votes"
    assert "different things" in line.explanation


def test_one_meaning_is_said_to_be_one():
    evidence = draw_evidence()
    same = describe_training(evidence.task, evidence.samples, evidence.folds[0])
    assert check_labels(replace(evidence, lineage=(same,))).explanation == "One dataset, one meaning."


def test_a_missing_definition_fails():
    line = check_labels(draw_evidence(lineage=(trained_on("S9", definition=""),)))
    assert line.state == "fail"
    assert "biovid (source): not stated" in line.figure
    rule = draw_evidence().task.labels["biovid"].model_copy(update={"definition": ""})
    task = draw_evidence().task.model_copy(update={"labels": {"biovid": rule}})
    line = check_labels(draw_evidence(task=task))
    assert (line.state, line.explanation) == ("fail", "Write a definition into the task.")


def test_every_fold_counts_its_own_people():
    evidence = draw_evidence()
    people = [set(describe_training(evidence.task, evidence.samples, fold).people) for fold in evidence.folds]
    assert all(len(one) == 4 for one in people)
    assert len(set.union(*people)) == 6
    assert np.unique([len(one & people[0]) for one in people[1:]]).tolist() == [2]
