"""The model card: README.md of a bundle, rendered from its JSON, with the head that Hugging Face reads."""

from typing import Any

import numpy as np
import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from transferpain.core.synthetic_faces import faces_of, in_words
from transferpain.evaluation.formatting import number, with_interval
from transferpain.models.bundles.card_training import describe_federated, describe_trees, describe_units
from transferpain.models.bundles.manifest import HEAD, NETWORK, SCALED_OUTSIDE, TREES, answers_by
from transferpain.models.bundles.terms import Terms, restricting, terms_of
from transferpain.models.bundles.training_log import Epoch, Log, Recipe, Recipes, Score, Tested, thinned

FUSED_KINDS = {
    "both": "A network that fuses faces ({0}) and landmarks (Bi-LSTM) to {1}.",
    "images": "An image network ({0}) from faces to {1}.",
    "landmarks": "A network (Bi-LSTM) from landmarks to {1}.",
}
CLIP_KIND = "A clip network ({0}) from windows of faces to {1}, which began with random weights."
# What manifests of earlier versions leave out.
ADAPTED_FEATURES = {
    "subject_standardization": (
        "common practice, no single source",
        "each person's features minus their mean, divided by their deviation",
    ),
    "baseline_subtraction": (
        "common practice, no single source",
        "each person's features minus the mean of that person's features without pain",
    ),
    "coral": (
        "Sun, Feng & Saenko, AAAI 2016",
        "features of faces of the target as they are: those it was trained on were recoloured to the target's "
        "covariance",
    ),
    "batch_norm": (
        "AdaBN: Li et al., arXiv 1603.04779",
        "features of the source with the batch statistics of the domain that the faces are from",
    ),
}
SCORES = {
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "accuracy": "accuracy",
    "majority_class_accuracy": "accuracy of always giving the most frequent answer",
}


def render_card(manifest: dict, metrics: dict, labels: list[str], preprocessing: dict, log: Log | None = None) -> str:
    """Return the card as Markdown; the same JSON gives the same text.

    Args:
        manifest: what the manifest states; `files` is not needed.
        metrics: the content of `metrics.json`.
        labels: names of the outputs.
        preprocessing: the content of `preprocess.json`.
        log: how the model came to be, where the bundle tells.
    """
    log = log or Log()
    manifest, metrics, labels = map(literally, (manifest, metrics, labels))
    template = Environment(
        loader=PackageLoader("transferpain.models.bundles"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown, not HTML
    ).get_template("card.md")
    scores = metrics["all"]
    image = reads_faces(manifest)
    kind = "An image network ({0}) from faces to {1}." if image else "A head from features of {2} to {1}."
    if "members" in manifest:
        kind = "An ensemble: one answer, {1}, of those of finished runs."
    if "extractor" in manifest:
        kind = "A head from the features `{3}` of faces to {1}."
    if "fusion" in manifest:
        kind = FUSED_KINDS[manifest["fusion"]["branches"]]
    if "clip_network" in manifest:
        kind = CLIP_KIND
    return template.render(
        head=yaml.safe_dump(head(manifest, metrics), sort_keys=False, allow_unicode=True),
        name=manifest["experiment"],
        synthetic=in_words(faces_of(manifest)),
        what=kind.format(manifest["backbone"], " / ".join(labels), manifest["start"], manifest.get("extractor"))
        + describe_trees(manifest)
        + describe_units(manifest)
        + describe_federated(manifest),
        input=describe_input_of(manifest, preprocessing)
        + describe_fusion(manifest)
        + describe_clip_network(manifest)
        + describe_adaptation(manifest)
        + describe_reference(manifest),
        labels=labels,
        task=manifest["task"],
        terms=terms_of(manifest) or [],
        sharing=describe_sharing(manifest),
        scores=scores and [{"name": title, "value": interval(scores[key])} for key, title in SCORES.items()],
        classes=scores and [{"name": name, **shown(row)} for name, row in scores["per_class"].items()],
        clips=describe_clips(metrics),
        seeds=f"{len(metrics['seeds'])} training{'s' if len(metrics['seeds']) > 1 else ''}",
        # Models that were scored before scores had `kept` have intervals of another kind.
        method="jackknife" if scores and "kept" in scores["balanced_accuracy"] else "bootstrap",
        resampled="subjects" if metrics["has_subjects"] else "images",
        spread=describe_spread(metrics["per_subject"]),
        copies=describe_copies(metrics),
        epochs=log.training and {"all": len(log.training.epochs), "rows": epoch_rows(log.training.epochs)},
        recipes=log.recipes and describe_recipes(log.recipes),
        predictions=metrics["predictions_sha256"],
        fold=manifest["fold"],
        seed=manifest["seed"],
        start=manifest["start"],
        parents=[f"`{digest}`" for digest in manifest["parents"]],
        index=manifest["index"],
        commit=manifest["commit"],
        versions=", ".join(f"{package} {number}" for package, number in sorted(manifest["versions"].items())),
    )


def literally(part: Any) -> Any:
    """Return JSON types whose text, keys included, is no HTML, no table's border, and one line."""
    if isinstance(part, str):
        return " ".join(part.replace("<", "&lt;").replace("|", "\\|").splitlines())
    if isinstance(part, dict):
        return {literally(key): literally(value) for key, value in part.items()}
    return [literally(one) for one in part] if isinstance(part, list | tuple) else part


def reads_faces(manifest: dict) -> bool:
    """Tell whether the model reads faces itself, and not features of its source."""
    # Manifests of earlier versions say so by their strategy alone.
    return manifest.get("reads", "features" if manifest["strategy"] == "frozen" else "faces") == "faces"


# As Hugging Face calls what a model is loaded with.
LIBRARIES = {NETWORK: "keras", HEAD: "sklearn", TREES: "xgboost"}


def head(manifest: dict, metrics: dict) -> dict[str, Any]:
    """Return the metadata that Hugging Face reads from the top of a card."""
    terms = terms_of(manifest)
    free = terms is not None and all(one.synthetic for one in terms)
    scores = metrics["all"] or {}
    results = [
        {"type": key, "name": SCORES[key], "value": round(scores[key]["value"], 4)}
        for key in SCORES
        if key in scores and scores[key]["value"] is not None
    ]
    pipeline = "video-classification" if "clip_network" in manifest else "image-classification"
    source = {
        "task": {"type": pipeline},
        "dataset": {"type": manifest["dataset"], "name": dataset_name(terms, manifest["dataset"])},
        "metrics": results,
    }
    return {
        "library_name": LIBRARIES[answers_by(manifest)],
        "license": "mit" if free else "other",
        **({} if free else {"license_name": "research-use"}),
        "pipeline_tag": pipeline,
        "tags": ["facial-expression", "pain", *(["synthetic-data"] if manifest["synthetic"] else [])],
        "model-index": [{"name": manifest["experiment"], "results": [source] if results else []}],
    }


def dataset_name(terms: list[Terms] | None, dataset: str) -> str:
    """Return a dataset's title, and that it is a twin."""
    for one in terms or []:
        if one.dataset == dataset:
            return one.title + (" (synthetic twin)" if one.synthetic else "")
    return dataset


def describe_input_of(manifest: dict, preprocessing: dict) -> str:
    """Say what a model reads: a picture, features of one, or what other models say of it."""
    if "members" in manifest:
        runs = ", ".join(f"`{one['run']}`" for one in manifest["members"])
        return f"the probabilities of its members, one behind the other: {runs} ({manifest['combination']})"
    scales = manifest.get("format") != SCALED_OUTSIDE
    return describe_input(preprocessing, reads_faces(manifest), manifest.get("extractor"), scales)


def describe_input(preprocessing: dict, image: bool, extractor: str | None = None, scales: bool = True) -> str:
    """Say what happens to a picture before the model, its source, or the extractor of its features reads it.

    Args:
        image: whether the model reads it itself.
        scales: whether the saved network scales the pixels, as it does but for the former layout.
    """
    margin = preprocessing["margin"]
    if preprocessing["detector"] == "none":
        crop = "a face that fills the picture" if scales else "the picture as it is"
    else:
        crop = f"a face found by {preprocessing['detector']}"
        crop += "" if margin is None else f", cropped with a margin of {margin:g}"
    size, color = preprocessing["size"], preprocessing["color"].upper()
    if extractor is not None:
        return f"features `{extractor}` of {crop}, {size}x{size} pixels, {color}"
    if not scales:
        text = f"{crop}, {size}x{size} pixels, {color}, scaled as `{preprocessing['scaling']}`"
        return text if image else f"features of its source, which reads {text}"
    pixels = f"{color} pixels 0 to 255, {size}x{size}, of {crop}; its network scales them itself"
    return pixels if image else f"features of its source, which reads {pixels}"


def describe_fusion(manifest: dict) -> str:
    """Say what the fused network reads beside pictures, or one of its branches alone; nothing of other models."""
    fusion = manifest.get("fusion")
    if fusion is None:
        return ""
    text = f". It was trained on {fusion['frames']} frames spread evenly over a clip"
    if fusion["branches"] != "images":
        text += (
            f"; of each {fusion['points']} landmarks of MediaPipe's face mesh, {fusion['coordinates']} numbers each, "
            "between the eyes and in inter-ocular distances"
        )
    parts = [name for name in manifest.get("files", {}) if name.startswith("parts/")]
    return text + (f". Its answers are those of `{parts[0]}` on its layer `embedding`" if parts else "")


def describe_clip_network(manifest: dict) -> str:
    """Say which frames a clip network reads, and in which order; nothing of other models."""
    facts = manifest.get("clip_network")
    if facts is None:
        return ""
    text = f". It reads {facts['frames']} frames at once, spread evenly over a stretch of a clip (key `window`)"
    if facts["order"] == "shuffled":
        return text + ". **It was trained on frames in shuffled order**: a control, which knows nothing of time"
    return text + ", in their order; for one without a face the last one with a face stands"


def describe_adaptation(manifest: dict) -> str:
    """Say how features have to be adapted before the model reads them; nothing where they need not be."""
    name = manifest.get("adaptation")
    if name is None:
        return ""
    if "adaptation_features" in manifest:
        paper, features = manifest["adaptation_paper"], manifest["adaptation_features"]
    else:
        paper, features = ADAPTED_FEATURES[name]
    if not features:
        seen = "pictures, without labels, of the dataset that it is tested on"
        return f". While it was trained it was adapted to {seen} (`{name}`, {paper}); it reads faces as they are"
    return f". **Features have to be adapted first** (`{name}`, {paper}): it reads {features}"


def describe_reference(manifest: dict) -> str:
    """Say which neutral face the model compares with; nothing where it reads faces alone."""
    if "reference" not in manifest:
        return ""
    if manifest["reference"]["of"] != "own":
        return f". **A control, of no use for people**: it reads {manifest['reference_features']}"
    return (
        f". **It needs a neutral face of the same person** (`--reference`): it reads {manifest['reference_features']}"
    )


def describe_clips(metrics: dict) -> str:
    """Say on how much the scores were measured."""
    return (
        f"{metrics['clips']} clips of {metrics['subjects']} subjects"
        if metrics["has_subjects"]
        else (f"{metrics['clips']} pictures")
    )


def describe_sharing(manifest: dict) -> str:
    """Say whether the model may be passed on, and by whose permission."""
    owners = restricting(manifest)
    if manifest.get("permission"):
        return f"Passed on by permission, as stated by whoever exported it: {manifest['permission']}"
    if owners is None:
        return "It is not known who has to permit that this model is passed on."
    if owners:
        names = " and ".join(one.title for one in owners)
        return f"**Not to be passed on** without the permission of the owners of {names}."
    return "None of these terms forbids passing on the weights; mind the notices."


def describe_spread(subjects: list[dict]) -> str:
    """Say how much the balanced accuracy differs between subjects."""
    values = [row["balanced_accuracy"] for row in subjects if row["balanced_accuracy"] is not None]
    if not values:
        return "The data tell no subjects apart, so how much the scores differ between people is not known."
    low, first, median, third, high = np.quantile(values, (0, 0.25, 0.5, 0.75, 1))
    return (
        f"Balanced accuracy of the {len(values)} single subjects: lowest {low:.2f}, "
        f"quartiles {first:.2f}, {median:.2f}, {third:.2f}, highest {high:.2f}."
    )


def interval(score: dict) -> str:
    """Return `0.612 [0.560, 0.655]`, or the value with the reason where there is no interval."""
    return with_interval(score["value"], score["low"], score["high"], score.get("reason"), digits=3, undefined="-")


def shown(row: dict) -> dict[str, str]:
    """Return a class's scores as text."""
    precision, f1 = (number(row[key], digits=2, undefined="-") for key in ("precision", "f1"))
    # Models that were trained before recalls had intervals state the value alone.
    bounds = row.get("recall_low"), row.get("recall_high"), row.get("recall_reason")
    recall = with_interval(row["recall"], *bounds, digits=2, undefined="-")
    return {"precision": precision, "recall": recall, "f1": f1, "support": str(row["support"])}


def describe_copies(metrics: dict) -> str:
    """Say how the scores change without tested pictures that also stand in the training rows; empty where none do."""
    scores = metrics.get("without_copies")
    if not scores:
        return ""
    return (
        f"{metrics['copies']} of the tested pictures also stand in the training rows. Without them: accuracy "
        f"{interval(scores['accuracy'])}, balanced accuracy {interval(scores['balanced_accuracy'])}, "
        f"macro F1 {interval(scores['macro_f1'])}."
    )


def epoch_rows(epochs: tuple[Epoch, ...]) -> list[list[str]]:
    """Return a row of cells for some of the epochs, the last always among them."""
    return [
        [
            str(one.epoch) + (f" ({one.phase})" if len({epoch.phase for epoch in epochs}) > 1 else ""),
            *("-" if value is None else f"{value:.4f}" for value in (one.loss, one.val_loss, one.val_accuracy)),
            "-" if one.learning_rate is None else f"{one.learning_rate:.2g}",
        ]
        for one in thinned(epochs)
    ]


def describe_recipes(log: Recipes) -> dict[str, Any]:
    """Return what the card says of the recipes: a row each, a row each and class, and how often was scored."""
    shipped, *others = log.recipes
    rivals = [one.selection_accuracy or 0 for one in others if one.backbone == shipped.backbone]
    best = all(one <= (shipped.selection_accuracy or 0) for one in rivals)
    classes = list(shipped.test.recall)
    return {
        "times": sum(one.trainings for one in log.recipes),
        "rows": [recipe_row(one) for one in log.recipes],
        "best": best,
        "classes": classes,
        "recalls": [
            [one.run, which, *(value_of(tested.recall[name]) for name in classes)]
            for one in log.recipes
            for which, tested in (("all", one.test), ("without copies", one.without_copies))
            if tested is not None
        ],
    }


def recipe_row(recipe: Recipe) -> list[str]:
    """Return the cells of a recipe: name, run, settings, epochs, scores with and without copies."""

    def cells(tested: Tested | None) -> list[str]:
        if tested is None:
            return ["-"] * 3
        return [str(tested.clips), value_of(tested.accuracy), value_of(tested.balanced_accuracy)]

    settings = ", ".join(f"{key} {value}" for key, value in recipe.settings.items())
    selection = "-" if recipe.selection_accuracy is None else f"{recipe.selection_accuracy:.4f}"
    return [
        f"`{recipe.run}`",
        settings.replace("|", "/") or "-",
        str(recipe.epochs),
        selection,
        *cells(recipe.test),
        *cells(recipe.without_copies),
    ]


def value_of(score: Score) -> str:
    """Return a score with its interval as text."""
    return interval(score.model_dump())
