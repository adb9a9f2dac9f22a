"""What a reference goes with, and what a model that reads one asks for."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from tests.strategies.frozen.frozen_clips import experiment
from transferpain.core.contracts import FittedRows
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.inputs.reference.settings import ReferenceSettings
from transferpain.inputs.reference.withheld import REFERENCE, ROLE, USED
from transferpain.strategies.base import Workload
from transferpain.strategies.frozen.reference import (
    STEP,
    bundle_facts,
    check_reference_given,
    read_reference,
    reference_rows,
    reference_stage,
)

PAIR = {"form": "pair", "frames": 3}
OWN, WRONG = ReferenceSettings(**PAIR), ReferenceSettings(**PAIR, of="another")
WITHHELD = ReferenceSettings(form="withheld")
FOLD = Fold("fold0", np.array([0]), np.array([1]), np.array([2]), np.array([3, 4]))
BUNDLE = Path("model")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"adaptation": "subject_standardization"}, "received both, adaptation `subject_standardization`"),
        ({"protocol": {"kind": "random_frames", "allow_leakage": True}}, "`random_frames` splits without them"),
        ({"reference": {"form": "pair"}}, "say how many frames"),
    ],
)
def test_what_a_reference_does_not_go_with_is_refused(changes, said):
    assert experiment(reference=PAIR).reference == OWN
    with pytest.raises(ValidationError, match=said):
        experiment(**{"reference": PAIR} | changes)


def test_a_strategy_that_trains_a_network_on_pictures_reads_none():
    tuned = {"strategy": "last_layer", "head": {"kind": "dense"}, "features": {}, "backbone": "resnet18"}
    with pytest.raises(
        ValidationError, match=r"reference: for strategy `frozen` or `ensemble`, received strategy `last_layer`"
    ):
        experiment(**tuned, reference=PAIR)


def test_an_experiment_without_a_reference_is_named_as_before():
    assert "reference" not in experiment().resolved()
    assert experiment(reference=PAIR).resolved()["reference"]["frames"] == 3


def test_rows_that_are_compared_with_are_entered():
    (line,) = reference_rows(OWN, FOLD)
    assert (line.step, line.use, line.rows.tolist(), line.transductive) == (STEP, "reference", [3, 4], False)
    assert isinstance(line, FittedRows)
    assert reference_rows(WITHHELD, FOLD) == reference_rows(None, FOLD) == ()


@pytest.mark.parametrize("settings", [OWN, WRONG])
def test_a_bundle_says_which_reference_its_head_reads(settings):
    facts = bundle_facts(settings)
    assert facts["reference"] == {"form": "pair", "frames": 3, "of": settings.of}
    assert read_reference(facts, BUNDLE) == settings
    assert bundle_facts(WITHHELD) == bundle_facts(None) == {}
    assert read_reference({}, BUNDLE) is None


@pytest.mark.parametrize(
    "stated", [None, "pair", {"form": "pair"}, {"form": "withheld"}, PAIR | {"of": "nobody"}, PAIR | {"further": 1}]
)
def test_a_bundle_that_says_it_otherwise_is_refused(stated):
    with pytest.raises(UserError, match="does not say which reference its head reads"):
        read_reference({"reference": stated}, BUNDLE)


@pytest.mark.parametrize(
    ("settings", "given", "said"),
    [
        (
            OWN,
            False,
            r"(?s)needs a neutral face of the same person.*mean of those of 3 neutral frames.*--reference CLIP",
        ),
        (WRONG, True, "is a control, and answers nobody"),
        (WRONG, False, "is a control, and answers nobody"),
        (None, True, "reads no reference"),
    ],
)
def test_no_head_is_asked_without_the_reference_that_it_reads(settings, given, said):
    with pytest.raises(UserError, match=said):
        check_reference_given(settings, given, BUNDLE)


def test_a_head_is_asked_with_what_it_reads():
    check_reference_given(OWN, True, BUNDLE)
    check_reference_given(None, False, BUNDLE)


@pytest.mark.parametrize(
    ("reference", "copies", "widens"),
    [
        ({"form": "difference", "frames": 3}, 1, 1),
        ({"form": "pair", "frames": 3}, 1, 2),
        ({"form": "pair", "frames": 3, "of": "another"}, 2, 2),
    ],
)
def test_the_estimate_counts_the_clips_that_are_written(reference, copies, widens):
    samples = pd.DataFrame({"file_clip": ["a", "b", "b", "c"], ROLE: [USED, USED, USED, REFERENCE]})
    work = Workload(experiment(reference=reference), samples, None, samples, [FOLD, FOLD], 48)
    (stage,) = reference_stage(work, 1000.0)
    assert (stage.work, stage.disk_bytes) == (f"{2 * copies} clips", 1000.0 * copies * widens)
    assert stage.name == f"reference ({reference['form']}, {reference.get('of', 'own')}, frames 3)"


@pytest.mark.parametrize("reference", [None, {"form": "withheld"}])
def test_where_none_is_read_nothing_is_written(reference):
    assert reference_stage(Workload(experiment(reference=reference), None, None, None, [FOLD], 48), 1.0) == []
