from dataclasses import replace

import numpy as np
import pytest

from tests.experiments.leakage.runs import (
    draw_evidence,
    fitted_in,
    with_fold,
)
from transferpain.core.contracts import FittedRows
from transferpain.experiments.leakage.evidence import Evidence
from transferpain.experiments.leakage.fitting import FITTING
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.reference.settings import ReferenceSettings
from transferpain.strategies.frozen.reference import reference_rows

DIFFERENCE = ReferenceSettings(form="difference", frames=3)
WITHHELD = ReferenceSettings(form="withheld")


def leak(evidence):
    everything = FittedRows("scaler", np.arange(len(evidence.samples)))
    return replace(evidence, fitted={fold.name: (everything,) for fold in evidence.folds})


def with_fitted(evidence, *fitted):
    """Let the first fold also fit this."""
    first = evidence.folds[0].name
    return replace(evidence, fitted={**evidence.fitted, first: (*evidence.fitted[first], *fitted)})


def test_a_step_fitted_to_test_rows_fails():
    line = FITTING.run(with_fitted(draw_evidence(), FittedRows("scaler", np.arange(24))))
    assert line.state == "fail"
    assert line.figure == "weights of the network: 0 test rows; scaler: 8 test rows"


def test_rows_that_chose_an_epoch_are_not_this_lines():
    chosen = FittedRows("choice of the epoch", np.arange(24), use="selection")
    assert FITTING.run(with_fitted(draw_evidence(), chosen)).state == "pass"


def test_a_declared_transductive_step_is_named():
    scaler = FittedRows("z-score by subject", np.arange(24), transductive=True)
    line = FITTING.run(with_fitted(draw_evidence(), scaler))
    assert line.state == "pass"
    assert "Transductive, read test rows without their labels: z-score by subject" in line.explanation


def test_a_row_that_two_seeds_have_seen_counts_once():
    evidence = draw_evidence()
    seen = FittedRows("scaler", evidence.folds[0].test[:3])
    assert "scaler: 3 test rows" in FITTING.run(with_fitted(evidence, seen, seen)).figure


@pytest.mark.parametrize("fitted", [{}, {"fold0": ()}])
def test_a_fold_that_does_not_say_what_it_fitted_fails(fitted):
    line = FITTING.run(draw_evidence(fitted=fitted))
    assert (line.state, line.figure) == ("fail", "unknown")
    assert "fold0" in line.explanation


@pytest.mark.parametrize(
    ("adaptation", "state", "rows"),
    [
        ("subject_standardization", "pass", 24),
        ("baseline_subtraction", "pass", 0),
        ("coral", "pass", 0),
        ("dann", "pass", 0),
        ("dann_transductive", "pass", 24),
    ],
)
def test_an_adaptation_is_named_with_the_test_rows_that_it_sees(adaptation, state, rows):
    evidence = draw_evidence()
    line = FITTING.run(adapted(evidence, adaptation))
    assert line.state == state
    assert f"adaptation {adaptation}: {rows} test rows" in line.figure
    assert ("Transductive" in line.explanation) == (rows > 0)
    assert "no other row enters" not in line.explanation


def test_an_adaptation_that_may_not_see_test_rows_fails_if_it_does():
    evidence = draw_evidence()
    evidence = with_fold(evidence, reference=evidence.folds[0].test)
    for name in ("coral", "deep_coral"):
        line = FITTING.run(adapted(evidence, name))
        assert line.state == "fail"
        assert f"adaptation {name}: 8 test rows" in line.figure


def test_an_adaptation_that_does_not_say_what_it_saw_fails():
    evidence = draw_evidence()
    silent = evidence.experiment.model_copy(update={"adaptation": "coral"})
    line = FITTING.run(replace(evidence, experiment=silent))
    assert (line.state, line.figure) == ("fail", "unknown")


def adapted(evidence: Evidence, name: str) -> Evidence:
    """Return the evidence of the same run with an adaptation, as the strategy enters it."""
    method = ADAPTATIONS[name]
    fitted = {
        fold.name: (
            *evidence.fitted[fold.name],
            FittedRows(f"adaptation {name}", method.fitted_on(evidence.samples, fold), method.transductive),
        )
        for fold in evidence.folds
    }
    experiment = evidence.experiment.model_copy(update={"adaptation": name})
    return replace(evidence, experiment=experiment, fitted=fitted)


@pytest.mark.parametrize("files", ["signal_measures", "signal_series"])
def test_signals_are_measured_here_clip_by_clip(files):
    evidence = draw_evidence()
    rows = {"fps": 32} if files == "signal_series" else {}
    signals = FeatureSettings(folder="biovid/biosignals_raw", files=files, rate=512, **rows)
    line = FITTING.run(replace(evidence, experiment=evidence.experiment.model_copy(update={"features": signals})))
    assert line.explanation == "Features are computed clip by clip, so no other row enters them."


@pytest.mark.parametrize("transductive", [False, True])
@pytest.mark.parametrize("adaptation", [None, "coral"])
def test_of_own_features_nothing_is_claimed(adaptation, transductive):
    evidence = draw_evidence()
    adapted = FittedRows("adaptation coral", np.array([], np.int64))
    everyone = FittedRows("z-score by subject", np.arange(len(evidence.samples)), transductive)
    fitted = {fold.name: (*evidence.fitted[fold.name], adapted) for fold in evidence.folds}
    own = evidence.experiment.features.model_copy(update={"folder": "mine"})
    experiment = evidence.experiment.model_copy(update={"features": own, "adaptation": adaptation})
    evidence = replace(evidence, experiment=experiment, fitted=fitted)
    explanation = FITTING.run(with_fitted(evidence, everyone) if transductive else evidence).explanation
    assert "made elsewhere" in explanation
    assert "picture by picture" not in explanation
    assert ("z-score by subject" in explanation) == transductive


def referenced(settings: ReferenceSettings, rows: list[int]) -> Evidence:
    """Return the evidence of a run whose clips in `rows` are references, and stand in no part."""
    evidence = draw_evidence()
    folds = tuple(
        replace(fold, **{name: np.setdiff1d(part, rows) for name, part in fold.parts.items()})
        for fold in evidence.folds
    )
    folds = tuple(replace(fold, reference=np.array(rows)) for fold in folds)
    fitted = {fold.name: (*fitted_in(fold), *reference_rows(settings, fold)) for fold in folds}
    experiment = evidence.experiment.model_copy(update={"reference": settings})
    return replace(evidence, experiment=experiment, folds=folds, fitted=fitted)


@pytest.mark.parametrize("settings", [DIFFERENCE, WITHHELD])
def test_references_that_stand_in_no_part_pass(settings):
    line = FITTING.run(referenced(settings, [0, 8]))
    assert line.state == "pass"
    assert line.figure.endswith("; 0 of 2 references in a part")
    assert "Neutral clips that features are compared with are trained, selected and tested on in no fold" in (
        line.explanation
    )


@pytest.mark.parametrize("settings", [DIFFERENCE, WITHHELD])
@pytest.mark.parametrize("part", ["train", "selection", "test"])
def test_a_reference_that_stands_in_a_part_of_any_fold_fails(settings, part):
    evidence = referenced(settings, [0, 8])
    last = evidence.folds[-1]
    again = replace(last, **{part: np.append(getattr(last, part), 8)})
    line = FITTING.run(replace(evidence, folds=(*evidence.folds[:-1], again)))
    assert line.state == "fail"
    assert "1 of 2 references in a part" in line.figure


def test_a_fold_that_does_not_say_which_faces_were_compared_with_fails():
    evidence = referenced(DIFFERENCE, [0, 8])
    first = evidence.folds[0]
    line = FITTING.run(replace(evidence, fitted={**evidence.fitted, first.name: fitted_in(first)}))
    assert (line.state, line.figure) == ("fail", "unknown")
