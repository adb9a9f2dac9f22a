"""Explain a model: maps of its tested pictures, the shares of the regions as tables, and figures."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.apps.edge.tested_pictures import UNLABELLED, ChosenPictures, choose_pictures
from transferpain.apps.explain.attention_rollout import ROLLOUT
from transferpain.apps.explain.figure import draw_faces, draw_mean_maps, mean_map
from transferpain.apps.explain.shares import (
    AREAS,
    PLACES,
    SIMILARITY,
    Maps,
    class_shares,
    compute_maps,
    picture_shares,
    shown_by_default,
)
from transferpain.core.csv_file import write_csv
from transferpain.core.errors import UserError
from transferpain.core.store import write_atomically, write_json
from transferpain.core.synthetic_faces import faces_of, in_words, merge_faces
from transferpain.data.places import Places
from transferpain.models.sources.picture_model import (
    PictureModel,
    model_contents,
    note_classifiers,
    read_picture_model,
)
from transferpain.reports.figures import save_png
from transferpain.strategies.frozen.joined import join, reads_features

UNCHANGED = 0.5  # from this mean rank correlation on the maps say little of what was learnt (our choice)


@dataclass(frozen=True)
class Asked:
    """What may be chosen: clips by name (none: tested ones), the layer (empty: `shown_by_default`), how many pictures
    of a class, and whether the faces themselves are shown."""

    clips: tuple[str, ...] = ()
    layer: str = ""
    per_class: int = 32
    with_faces: bool = False


@dataclass(frozen=True)
class Explanation:
    """What was found.

    Attributes:
        folder: where the tables and figures stand.
        layer: whose maps they are; or attention rollout.
        pictures, classes: the tables of single pictures and of classes.
        synthetic: whether the faces of the data, or of anything that the model was trained on, are synthetic.
        synthetic_faces: what they are called, in one phrase.
    """

    folder: Path
    layer: str
    pictures: pd.DataFrame
    classes: pd.DataFrame
    synthetic: bool
    synthetic_faces: str = ""

    @property
    def similarity(self) -> float:
        """Mean rank correlation of the maps with those of random weights."""
        return float(self.pictures[SIMILARITY].mean())

    @property
    def columns(self) -> list[str]:
        """What the columns of `rows` are."""
        return ["answered", "pictures", "used", *PLACES]

    @property
    def rows(self) -> list[list[str]]:
        """The table of classes as text, and below it the shares of the picture that the regions are."""
        counts, areas = self.classes["used"], self.classes[list(AREAS)]
        mean_areas = areas.fillna(0).mul(counts, axis=0).sum() / max(counts.sum(), 1)
        rows = [
            [row["class"], str(row["pictures"]), str(row["used"]), *map(_percent, row[list(PLACES)])]
            for _, row in self.classes.iterrows()
        ]
        shown = mean_areas if counts.sum() else mean_areas * np.nan
        return [*rows, ["(share of the picture)", "", "", *map(_percent, shown)]]

    @property
    def check(self) -> str:
        """The check on random weights in a sentence."""
        verdict = (
            "they hardly depend on what was learnt, so read nothing from them"
            if abs(self.similarity) >= UNCHANGED
            else "they depend on what was learnt"
        )
        return f"Rank correlation with the maps of random weights: {self.similarity:.2f} (1: no change): {verdict}."


def explain_model(address: str, asked: Asked, places: Places, folder: Path | None = None) -> Explanation:
    """Explain what a model answers to pictures of its own dataset, and write tables and figures.

    Args:
        address: the folder of a run or of a bundle.
        folder: where `classes.csv`, `pictures.csv`, `maps.png`, `facts.json` and on request `faces.png` are written;
            `reports/explain-<name>` by default.

    Raises:
        UserError: if the model reads no pictures, the layer has no maps, or the data or clips are not there.
    """
    model = read_explained(address)
    check_reads_one_picture(model)
    chosen = choose_pictures(model, asked.clips or "test", asked.per_class, places)
    layer = asked.layer or shown_by_default(model.bundle.model)
    inputs = [chosen.faces.astype(np.float32)]
    if chosen.landmarks is not None:
        inputs.append(chosen.landmarks)
    maps = compute_maps(model.bundle.model, inputs, layer)
    synthetic = chosen.synthetic or bool(model.bundle.manifest["synthetic"])
    pictures = _picture_table(chosen, maps, model.bundle.labels).assign(synthetic=synthetic)
    classes = class_shares(pictures, model.bundle.labels).assign(synthetic=synthetic)
    folder = folder or places.reports / f"explain-{_name(model)}"
    faces = in_words(merge_faces(chosen.synthetic_faces, faces_of(model.bundle.manifest)))
    found = Explanation(folder, layer, pictures, classes, synthetic, faces)
    _write(found, model, chosen, maps, asked.with_faces)
    return found


def read_explained(address: str) -> PictureModel:
    """Read what is explained: a network on pictures, or a head on single frames with its source as one network.

    Raises:
        UserError: as `read_picture_model`, `join` and `JoinedModel.network`.
    """
    contents = model_contents(address)
    if not reads_features(contents.manifest):
        note_classifiers(contents.manifest, contents.folder)
        return read_picture_model(address, "a network that can be explained", landmarks=True)
    head = join(contents)
    return PictureModel(head.folder, replace(head.bundle, model=head.network()), head.preprocessing)


def check_reads_one_picture(model: PictureModel) -> None:
    """Refuse a fused network that reads several pictures at once: each map would be one of many."""
    if len(model.bundle.model.inputs[0].shape) != 4:
        raise UserError(
            f"The model in {model.folder} is not a network that can be explained.",
            rule="It must read one picture of a face, alone or with landmarks.",
            received=f"a network that reads {model.bundle.model.inputs[0].shape[1]} pictures at once",
            todo="Name one that was trained with fusion.fusion=dense.",
        )


def _name(model: PictureModel) -> str:
    """Return what the explanation is called after: the run or the shared model."""
    folder = model.folder.resolve()
    return folder.parent.name if folder.name == "model" else folder.name


def _picture_table(chosen: ChosenPictures, maps: Maps, labels: tuple[str, ...]) -> pd.DataFrame:
    names = np.array(labels, dtype=object)
    truth = ["" if y == UNLABELLED else labels[y] for y in chosen.table["y"]]
    table = chosen.table.drop(columns="y").assign(
        true=truth, answered=names[maps.answered], probability=maps.probabilities.max(axis=1)
    )
    return pd.concat([table, picture_shares(maps, chosen.points)], axis=1)


def _write(found: Explanation, model: PictureModel, chosen: ChosenPictures, maps: Maps, with_faces: bool) -> None:
    for name, table in (("pictures", found.pictures), ("classes", found.classes)):
        write_csv(found.folder / f"{name}.csv", table, "%.6f")
    means = {
        label: mean_map(maps.cams[maps.answered == number], chosen.points[maps.answered == number])
        for number, label in enumerate(model.bundle.labels)
    }
    figures = {
        "maps.png": draw_mean_maps(
            means, "attention rollout" if found.layer == ROLLOUT else "Grad-CAM", found.synthetic_faces
        )
    }
    if with_faces:
        answered = found.pictures["answered"].tolist()
        figures["faces.png"] = draw_faces(chosen.faces, maps.cams, answered, found.synthetic_faces)
    for name, figure in figures.items():
        write_atomically(found.folder / name, lambda path, figure=figure: save_png(figure, path))
    facts = {
        "model": model.bundle.digest,
        "experiment": model.bundle.manifest.get("experiment", ""),
        "fold": model.bundle.manifest.get("fold", ""),
        "index": chosen.index,
        "layer": found.layer,
        "explained": "every class" if found.layer == ROLLOUT else "the class that the model answers",
        SIMILARITY: found.similarity,
        "synthetic": found.synthetic,
    }
    write_json(found.folder / "facts.json", facts)


def _percent(share: float) -> str:
    return "-" if np.isnan(share) else f"{share:.0%}"
