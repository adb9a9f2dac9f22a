"""The model that a run keeps, as a bundle: what its manifest and its card say.

Nothing here changes from one run of the same code on the same data to the next: the names of runs that start from
this model cover its manifest.
"""

from pathlib import Path
from typing import Any

import yaml

from transferpain.core.contracts import FoldResult
from transferpain.core.store import json_text
from transferpain.core.synthetic_faces import faces_fact
from transferpain.data.datasets.index import Index
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.environment import project_commit
from transferpain.experiments.leakage.evidence import Ancestor
from transferpain.experiments.leakage.lineage import describe_adaptation, describe_training, lineage_facts
from transferpain.experiments.plan import RunPlan
from transferpain.experiments.run_folder import RunFolder, read_history
from transferpain.inputs.adaptation.chosen import target_data
from transferpain.inputs.adaptation.domain import DomainAdaptation
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.models.bundles.bundle import extend_bundle, save_bundle
from transferpain.models.bundles.card import render_card
from transferpain.models.bundles.manifest import load_manifest, manifest_hash
from transferpain.models.bundles.probe import make_probe
from transferpain.models.bundles.sklearn_bundle import read_any_bundle, save_head
from transferpain.models.bundles.sklearn_part import save_part
from transferpain.models.bundles.terms import Terms, imagenet_terms, inherit_terms
from transferpain.models.bundles.training_log import TRAINING, Epoch, Log, Training
from transferpain.models.sources.origin import Origin
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.strategies.common.finished import predictions_hash
from transferpain.strategies.registry import STRATEGIES


def save_fold_model(plan: RunPlan, fold: Fold, seed: int, result: FoldResult) -> None:
    """Save a fold's model as a bundle, still without probe, scores and card."""
    folder = plan.run.fold(fold.name, seed) / "model"
    facts = fold_facts(plan, fold, seed) | dict(result.facts)
    if isinstance(result.model, Path):
        extend_bundle(result.model, folder, {}, facts)
        return
    described = plan.preprocessing.model_dump(), plan.task.classes, facts
    if result.model is None:
        save_head(folder, result.parts["head"], *described)
        return
    save_bundle(folder, result.model, *described)
    for name, part in result.parts.items():
        save_part(part, folder, name)


def fold_facts(plan: RunPlan, fold: Fold, seed: int) -> dict:
    """Return what the manifest of a fold's model states."""
    facts = {
        "experiment": plan.experiment.name,
        "task": plan.task.name,
        "backbone": plan.experiment.backbone,
        "strategy": plan.experiment.strategy,
        "reads": STRATEGIES[plan.experiment.strategy].reads,
        "fold": fold.name,
        "seed": seed,
        "index": plan.index.hash,
        "dataset": plan.index.dataset.name,
        "synthetic": plan.synthetic,
        **faces_fact(plan.synthetic_faces),
        "lineage": lineage_facts(describe_training(plan.task, plan.samples, fold), before_training(plan, fold)),
        **ancestry(plan),
    }
    if plan.origin.parts:
        facts["joined"] = [{"source": one.source, "backbone": one.backbone} for one in plan.experiment.joined]
    if not plan.reads_source:
        features = plan.experiment.features
        facts["extractor"] = features.made_by
        if features.folder is None:
            facts["extractor_key"] = list(features.make_extractor(plan.origin).key)
    if plan.experiment.adaptation is not None:
        method = ADAPTATIONS[plan.experiment.adaptation]
        facts |= {
            "adaptation": method.name,
            "adaptation_paper": method.paper,
            "adaptation_features": method.features,
            "target_data": target_data(method.name, plan.experiment.protocol),
        }
    return facts


def before_training(plan: RunPlan, fold: Fold) -> tuple[Ancestor, ...] | None:
    """Return the lineage of the source, behind whoever a network saw without labels while it learned."""
    method = ADAPTATIONS.get(plan.experiment.adaptation)
    if plan.lineage is None or not isinstance(method, DomainAdaptation):
        return plan.lineage
    return (describe_adaptation(plan.task, plan.samples, method.shown(fold)), *plan.lineage)


def ancestry(plan: RunPlan) -> dict:
    """Return what a model started from, the digests of its parents, and the terms of all their data and its own.

    Where adapted features tell of the tested dataset, as recoloured ones do, or a network saw its pictures, what
    learned from them is bound to the terms of those data, too.
    """
    parts, adaptation = plan.index.parts or (plan.index,), plan.experiment.adaptation
    learns_from_both = adaptation is not None and ADAPTATIONS[adaptation].learns_from_target
    own = [terms_of_data(part) for part in (parts if learns_from_both else parts[:1])]
    folder = plan.parent
    if plan.members:
        start, manifests = plan.origin.name, [load_manifest(model) for model in plan.members]
        parents = [manifest_hash(model) for model in plan.members]
        parents = [*dict.fromkeys([*parents, *(one for known in manifests for one in known.get("parents", []))])]
        terms = None
        if all(known.get("terms") is not None for known in manifests):
            stated = [one for known in manifests for one in known["terms"]]
            terms = [one for place, one in enumerate(stated) if one not in stated[:place]]
    elif plan.origin.parts:
        start, parents, terms = plan.origin.name, [], []
        for part in plan.origin.parts:
            known = {} if part.folder is None else load_manifest(part.folder)
            before = known.get("terms") if known else terms_of_built(part)
            parents += [one for one in ([part.hash, *known.get("parents", [])] if known else []) if one not in parents]
            terms = None if None in (terms, before) else [*terms, *(one for one in before if one not in terms)]
    elif folder is not None:
        parent = load_manifest(folder)
        start = parent.get("experiment") or folder.name  # never a path of this machine
        parents, terms = [plan.origin.hash, *parent.get("parents", [])], parent.get("terms")
    else:
        start, parents = plan.origin.name if plan.reads_source else plan.experiment.features.made_by, []
        terms = terms_of_built(plan.origin) if plan.reads_source else []
    for one in reversed(own):
        terms = inherit_terms(one, terms)
    return {"start": start, "parents": parents, "terms": terms}


def terms_of_built(origin: Origin) -> list[dict]:
    """Return the terms of a network that is built: ImageNet's, where it starts from these."""
    return [imagenet_terms(BACKBONES.find(origin.backbone)).model_dump()] if origin.name == "imagenet" else []


def terms_of_data(index: Index) -> Terms:
    """Return the terms of an index's dataset."""
    dataset = index.dataset
    return Terms(
        dataset=dataset.name,
        title=dataset.title,
        licence=dataset.licence,
        notice=dataset.notice,
        citation=dataset.citation,
        request_url=dataset.request_url,
        redistributable=dataset.redistributable,
        synthetic=index.twin,
    )


def keep_model(plan: RunPlan, best: Path, scores: dict) -> None:
    """Copy the best fold's bundle to `model/` of the run, with experiment, training, scores, probe and card.

    The model is read back for the probe, so that what is kept is known to load.

    Args:
        best: the folder of a fold, with its bundle `model/`.
        scores: the content of the run's `metrics.json`.
    """
    bundle = read_any_bundle(best / "model")
    metrics, training = run_metrics(plan.run, scores), read_training(best)
    facts = {"commit": project_commit()}
    card = render_card(bundle.manifest | facts, metrics, list(bundle.labels), bundle.preprocessing, Log(training))
    files = {
        "experiment.yaml": yaml.safe_dump(plan.experiment.resolved(), sort_keys=False).encode(),
        "metrics.json": json_text(metrics).encode(),
        TRAINING: json_text(training.model_dump()).encode(),
        "probe.npz": make_probe(bundle.model),
        "README.md": card.encode(),
    }
    extend_bundle(best / "model", plan.run.model, files, facts)


def run_metrics(run: RunFolder, scores: dict) -> dict:
    """Return the content of a bundle's `metrics.json`: a run's scores, and the hash of the predictions behind them."""
    return shared_metrics(scores) | {"predictions_sha256": predictions_hash(run.path)}


def read_training(fold: Path) -> Training:
    """Return how a fold was trained, from its `history.csv`; without the seconds, which differ from run to run."""
    history = read_history(fold)
    known = [name for name in Epoch.model_fields if name in history]
    rows = history[known].astype(object).where(history[known].notna(), None)
    return Training(epochs=tuple(Epoch(**row) for row in rows.to_dict("records")))


def shared_metrics(scores: Any) -> Any:
    """Return the scores as they are passed on: how subjects spread, but not which subject has which score."""
    if isinstance(scores, dict):
        return {key: shared_metrics(value) for key, value in scores.items() if key != "subject"}
    if isinstance(scores, list):
        parts = [shared_metrics(value) for value in scores]
        # The order would tell the subjects apart.
        named = any(isinstance(value, dict) and "subject" in value for value in scores)
        return sorted(parts, key=str) if named else parts
    return scores
