import numpy as np
import pytest

from tests.experiments.leakage.runs import draw_evidence
from transferpain.core.store import write_json
from transferpain.experiments.leakage.evidence import Ancestor
from transferpain.experiments.leakage.lineage import (
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


def test_every_fold_counts_its_own_people():
    evidence = draw_evidence()
    people = [set(describe_training(evidence.task, evidence.samples, fold).people) for fold in evidence.folds]
    assert all(len(one) == 4 for one in people)
    assert len(set.union(*people)) == 6
    assert np.unique([len(one & people[0]) for one in people[1:]]).tolist() == [2]
