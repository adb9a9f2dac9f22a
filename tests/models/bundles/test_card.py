import json
from pathlib import Path

import pytest
import yaml

from tests.models.bundles.bundles import LABELS
from tests.models.bundles.complete import PREPROCESSING, drawn_metrics, facts_for, terms_for
from tests.models.bundles.logs import drawn_log, drawn_training
from transferpain.core.store import read_json
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.models.bundles.card import render_card
from transferpain.models.bundles.manifest import read_contents
from transferpain.models.bundles.training_log import Log, Recipes, read_log
from transferpain.strategies.fused.settings import FusionSettings
from transferpain.strategies.hybrid.settings import TITLES

PROJECT = Path(__file__).parents[3]
VERSIONS = {"versions": {"keras": "3.15.1"}}


def card_of(dataset: str = "ferplus", synthetic: bool = False, metrics: dict | None = None, **changes) -> str:
    facts = facts_for(dataset, synthetic, **changes) | VERSIONS
    return render_card(facts, metrics or drawn_metrics(), list(LABELS), PREPROCESSING)


def head_of(card: str) -> dict:
    """Return the metadata between the two lines of dashes that Hugging Face reads."""
    assert card.startswith("---\n")
    return yaml.safe_load(card.split("---\n")[1])


def test_the_head_is_what_hugging_face_reads():
    head = head_of(card_of())
    assert head["library_name"] == "keras"
    assert head["license"] == "other"
    (entry,) = head["model-index"]
    (result,) = entry["results"]
    assert result["dataset"]["name"] == "FER+ (FER2013 images, FER+ votes)"
    values = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert values["balanced_accuracy"] == pytest.approx(drawn_metrics()["all"]["balanced_accuracy"]["value"], abs=1e-4)


def test_a_model_of_real_faces_states_terms_and_scores():
    card = card_of()
    score = drawn_metrics()["all"]["balanced_accuracy"]
    assert f"{score['value']:.3f} [none: 6 subjects, fewer than 8]" in card
    metrics = drawn_metrics(subjects=8)
    score = metrics["all"]["balanced_accuracy"]
    assert "FER2013 states no licence; research use" in card
    assert "never pass on pixels" in card
    assert f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]" in card_of(metrics=metrics)
    assert "Balanced accuracy of the 6 single subjects: lowest" in card
    assert "not valid for people" not in card
    for part in (
        "Intended use",
        "Data and their terms",
        "Limits",
        "Ethics",
        "Not for deciding about anyone's treatment",
    ):
        assert part in card


def test_a_model_of_drawn_faces_is_not_valid_for_people():
    card = card_of("biovid", True)
    assert "**Trained on drawn faces: not valid for people.**" in card
    assert "synthetic-data" in head_of(card)["tags"]
    assert head_of(card)["model-index"][0]["results"][0]["dataset"]["name"].endswith("(synthetic twin)")


def test_synthetic_faces_that_are_not_ours_keep_their_name():
    card = card_of("pain3d", True, terms=[terms_for("pain3d", False)], synthetic_faces=["3DPain, synthetic faces"])
    assert "**Trained on 3DPain, synthetic faces: not valid for people.**" in card
    assert "drawn faces" not in card
    assert "twin" not in card
    assert "**Not to be passed on** without the permission of the owners of 3DPain." in card


def test_a_restricted_model_says_whose_permission_it_needs():
    card = card_of("biovid")
    assert "**Not to be passed on** without the permission of the owners of BioVid Heat Pain Database, Part A." in card
    assert "by permission, as stated by whoever exported it: S. Walter" in card_of("biovid", permission="S. Walter")
    assert "It is not known who has to permit" in card_of("biovid", terms=None)


def test_without_subjects_and_without_labels_the_card_says_so():
    metrics = drawn_metrics() | {"per_subject": [], "has_subjects": False}
    card = card_of(metrics=metrics)
    assert "tell no subjects apart" in card
    assert "by jackknife over images" in card
    former = {"value": 0.6, "low": 0.5, "high": 0.7, "draws": 2000}
    card = card_of(metrics=metrics | {"all": metrics["all"] | {"balanced_accuracy": former}})
    assert "by bootstrap over images" in card
    card = card_of(metrics=metrics | {"all": None})
    assert "The test clips have no labels: there is no score." in card
    assert head_of(card)["model-index"][0]["results"] == []


def test_names_from_data_cannot_break_the_head():
    labels = (": [evil", "---")
    facts = facts_for("ferplus", False) | VERSIONS | {"dataset": "a: ["}
    card = render_card(facts, drawn_metrics(labels), list(labels), PREPROCESSING)
    assert head_of(card)["model-index"][0]["results"][0]["dataset"]["type"] == "a: ["


def test_names_from_data_are_no_markup_and_no_other_rows():
    labels = ("<img src=x onerror=alert(1)>", "a | b", "no\n\n## Results\n\nAll right.")
    terms = [facts_for("ferplus", False)["terms"][0] | {"notice": "<script>"}]
    facts = facts_for("ferplus", False) | VERSIONS | {"terms": terms, "task": "</td>"}
    card = render_card(facts, drawn_metrics(labels), list(labels), PREPROCESSING)
    assert "&lt;img src=x" in card
    assert [line for line in card.splitlines() if "<" in line] == []
    assert card.count("\n## Results\n") == 1
    assert sum("a \\| b" in line for line in card.splitlines()) == 3


def test_the_same_facts_give_the_same_card():
    assert card_of() == card_of()


def test_a_head_on_features_of_no_network_names_them():
    card = card_of(reads="features", extractor="texture")
    assert "A head from the features `texture` of faces to" in card
    assert "| Input | features `texture` of a face found by" in card
    assert "its source" not in card


FORMER_ADAPTATIONS = ("subject_standardization", "baseline_subtraction", "coral", "batch_norm")


def test_a_head_on_adapted_features_says_how_they_are_adapted():
    assert "adapted" not in card_of()
    card = card_of(adaptation="mine", adaptation_paper="A paper", adaptation_features="features as I like them")
    assert "**Features have to be adapted first** (`mine`, A paper): it reads features as I like them |" in card


def test_a_head_that_compares_with_a_neutral_face_says_so():
    assert "neutral" not in card_of()
    stated = {"reference": {"form": "pair", "frames": 3, "of": "own"}, "reference_features": "both side by side"}
    assert "**It needs a neutral face of the same person** (`--reference`): it reads both side by side |" in card_of(
        **stated
    )
    control = card_of(**stated | {"reference": stated["reference"] | {"of": "another"}})
    assert "**A control, of no use for people**: it reads both side by side |" in control


def test_a_network_that_was_adapted_while_it_learned_reads_faces_as_they_are():
    card = card_of(adaptation="mine", adaptation_paper="A paper", adaptation_features="")
    assert "have to be adapted" not in card
    said = "it was adapted to pictures, without labels, of the dataset that it is tested on (`mine`, A paper); it reads"
    assert f"{said} faces as they are |" in card


@pytest.mark.parametrize("name", FORMER_ADAPTATIONS)
def test_a_former_manifest_that_only_names_the_adaptation_gives_the_card_of_a_new_one(name):
    method = ADAPTATIONS[name]
    stated = {"adaptation_paper": method.paper, "adaptation_features": method.features}
    assert card_of(adaptation=name) == card_of(adaptation=name, **stated)


@pytest.mark.parametrize(("reads", "kind"), [("features", "A head from features of"), ("faces", "An image network (")])
def test_what_the_model_reads_is_said_by_the_manifest_whatever_the_strategys_name(reads, kind):
    assert kind in card_of(strategy="another", reads=reads)


@pytest.mark.parametrize(
    ("strategy", "reads"), [("frozen", "features"), *((name, "faces") for name in ("head", "progressive", "full"))]
)
def test_a_former_manifest_says_by_its_strategy_what_the_model_reads(strategy, reads):
    assert card_of(strategy=strategy) == card_of(strategy=strategy, reads=reads)


def rendered(log: Log, metrics: dict | None = None) -> str:
    facts = facts_for("ferplus", False) | VERSIONS
    return render_card(facts, metrics or drawn_metrics(), list(LABELS), PREPROCESSING, log)


def test_the_card_tells_how_the_model_was_trained():
    card = rendered(Log(drawn_training(40)))
    assert "40 epochs, 12 of them shown." in card
    assert "| 1 | 1.0000 | 2.0000 | 0.0000 | 0.08 |" in card
    assert "| 40 | 0.0250 | 0.0500 | 0.9750 | 0.08 |" in card
    assert "3 epochs. Validation" in rendered(Log(drawn_training(3)))
    assert "## Training" not in card_of()
    assert "## Recipes" not in card


def test_the_card_shows_every_recipe_with_and_without_copies():
    log = drawn_log()
    card = rendered(log)
    assert "scored\n2 times, once for each training" in card
    assert "of the recipes with its backbone this model's is the highest" in card
    for name, size, all_rows, without in (
        ("large", 96, "0.850 [0.840, 0.860]", "0.800 [0.790, 0.810]"),
        ("small", 64, "0.860 [0.850, 0.870]", "0.810 [0.800, 0.820]"),
    ):
        selection = {"large": "0.8400", "small": "0.8200"}[name]
        run = f"{name}-0123456789abcdef"
        scores = f"100 | {all_rows} | {all_rows} | 90 | {without} | {without}"
        assert f"| `{run}` | images.size {size} | 30 | {selection} | {scores} |" in card
        assert f"| {run} | all | {all_rows} | {all_rows} |" in card
        assert f"| {run} | without copies | {without} | {without} |" in card
    turned = Recipes(recipes=log.recipes.recipes[::-1])
    assert "this model's is **not** the highest" in rendered(Log(log.training, turned))
    small, large = turned.recipes
    other = Recipes(recipes=(small, large.model_copy(update={"backbone": "vgg16"})))
    assert "this model's is the highest" in rendered(Log(log.training, other))


def test_the_card_says_what_copies_change():
    metrics = drawn_metrics()
    assert "also stand in the training rows" not in rendered(Log(), metrics)
    card = rendered(Log(), metrics | {"copies": 7, "without_copies": metrics["all"]})
    assert "7 of the tested pictures also stand in the training rows. Without them: accuracy" in card


def test_the_recall_of_each_class_has_its_interval():
    metrics = drawn_metrics(subjects=8)
    row = metrics["all"]["per_class"]["pain"]
    assert f"{row['recall']:.2f} [{row['recall_low']:.2f}, {row['recall_high']:.2f}]" in card_of(metrics=metrics)


def test_a_model_with_trees_beside_it_says_whose_the_scores_are():
    stated = {"main": "units", "embedding": "gap", "units": [4, 12], "estimator": "proxy"}
    card = card_of(hybrid=stated)
    assert "gradient boosting on 2 action units (proxy)" in card
    by = card_of(hybrid=stated | {"estimator": "mesh", "measures": {"4": "proxy", "12": "blendshape"}})
    assert "gradient boosting on 2 action units (mesh; proxy: AU4; blendshape: AU12)" in by
    assert "The scores are those of: Action units only." in card
    assert "The scores are those of: Something else." in card_of(hybrid=stated, scores_of="Something else")
    for name, title in TITLES.items():
        stated["main"] = name
        assert card_of(hybrid=stated) == card_of(hybrid=stated, scores_of=title)
    assert "gradient boosting" not in card_of()


def test_a_model_that_clients_trained_says_so_and_that_weights_were_not_hidden():
    stated = {"clients": 24, "rounds": 30, "client": "subject", "local_epochs": 1, "share": 1.0, "personal": "none"}
    card = card_of(federated=stated)
    assert "24 clients, one for each subject, simulated in one process, sent weights in 30 rounds" in card
    assert "without differential privacy or secure aggregation" in card
    assert "Its last layer" not in card
    assert "mean of the clients' own ones" in card_of(federated=stated | {"personal": "last_layer"})
    assert "federated" not in card_of()


@pytest.mark.parametrize(
    ("branches", "what", "reads_landmarks"),
    [
        ("both", "A network that fuses faces (vgg16) and landmarks (Bi-LSTM)", True),
        ("images", "An image network (vgg16) from faces", False),
        ("landmarks", "A network (Bi-LSTM) from landmarks", True),
    ],
)
def test_a_fused_model_says_what_it_reads(branches, what, reads_landmarks):
    fusion = FusionSettings(frames=8, branches=branches).model_dump()
    card = card_of(strategy="fused", fusion=fusion)
    assert what in card
    assert "8 frames spread evenly over a clip" in card
    assert ("478 landmarks" in card) == reads_landmarks
    assert "adaboost" not in card
    boosted = card_of(strategy="fused", fusion=fusion, files={"parts/adaboost.skops": {}})
    assert "`parts/adaboost.skops` on its layer `embedding`" in boosted


@pytest.mark.parametrize("folder", sorted(PROJECT.glob("weights/*/")), ids=lambda folder: folder.name)
def test_the_cards_of_the_shared_models_stay_as_they_are(folder):
    """A commit that renders old bundles otherwise would make every verified copy of them a changed one."""
    manifest, metrics = (read_json(folder / name) for name in ("manifest.json", "metrics.json"))
    manifest = {key: value for key, value in manifest.items() if key != "files"}
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    card = render_card(
        manifest, metrics, labels, read_json(folder / "preprocess.json"), read_log(read_contents(folder))
    )
    assert card == (folder / "README.md").read_text(encoding="utf-8")


def test_units_that_were_learned_beside_the_task_are_named_with_their_weight():
    said = "It learned coded action units beside its task (AU4, AU43; the weight of their loss 0.25, beside 1)"
    assert said in card_of(units={"weight": 0.25, "of": [4, 43]})
    assert "action units" not in card_of()
