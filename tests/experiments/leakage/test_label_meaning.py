from dataclasses import replace

from tests.experiments.leakage.runs import (
    draw_evidence,
)
from tests.experiments.leakage.test_lineage import EMOTIONS, trained_on
from transferpain.experiments.leakage.label_meaning import LABEL_MEANING
from transferpain.experiments.leakage.lineage import describe_training


def leak(evidence):
    learned = describe_training(evidence.task, evidence.samples, evidence.folds[0])
    return replace(evidence, lineage=(replace(learned, definition=""),))


def test_both_definitions_are_printed():
    line = LABEL_MEANING.run(draw_evidence(lineage=(EMOTIONS,)))
    assert line.state == "declared"
    assert line.figure == "biovid (target): heat stimulus BL1 against PA4; ferplus (source): emotion by votes"
    assert "different things" in line.explanation


def test_one_meaning_is_said_to_be_one():
    evidence = draw_evidence()
    same = describe_training(evidence.task, evidence.samples, evidence.folds[0])
    assert LABEL_MEANING.run(replace(evidence, lineage=(same,))).explanation == "One dataset, one meaning."


def test_a_missing_definition_fails():
    line = LABEL_MEANING.run(draw_evidence(lineage=(trained_on("S9", definition=""),)))
    assert line.state == "fail"
    assert "biovid (source): not stated" in line.figure
    rule = draw_evidence().task.labels["biovid"].model_copy(update={"definition": ""})
    task = draw_evidence().task.model_copy(update={"labels": {"biovid": rule}})
    line = LABEL_MEANING.run(draw_evidence(task=task))
    assert (line.state, line.explanation) == ("fail", "Write a definition into the task.")


def test_an_unknown_lineage_fails():
    line = LABEL_MEANING.run(draw_evidence(lineage=None))
    assert (line.state, line.figure) == ("fail", "unknown")
