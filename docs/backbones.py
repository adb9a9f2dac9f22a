"""Writes the tables in docs/backbones.md: `python docs/backbones.py [--workspace FOLDER] [--check]`.

What was trained is kept in `docs/measured/*.csv`, a row for each network and head; `--workspace .` takes over what
`make backbones` left there, network for network, and keeps the rows of those that were not trained this time.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd
import yaml

from transferpain.core.quiet import import_tensorflow
from transferpain.core.store import read_json, write_text
from transferpain.evaluation.formatting import with_interval
from transferpain.networks.backbones.base import Backbone
from transferpain.networks.backbones.registry import BACKBONES

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_suffix(".md")
MEASURED = Path(__file__).with_name("measured")
STUDY, MATRIX = "backbones", "backbones-biovid-demo"
SPEED = ROOT / "benchmarks" / "results" / "backbones.json"
BEGIN, END = "<!-- made by docs/backbones.py: {} -->", "<!-- end: {} -->"
REFERENCE_SIZE = 224
PREFIX = "equal-price-"
SCORES = ("accuracy", "balanced_accuracy", "macro_f1")
MAKERS = ("commit", "processor")
EMOTIONS = (
    *("run", "backbone"),
    *(f"{score}{end}" for score in SCORES for end in ("", "_low", "_high")),
    *("majority_class_accuracy", "clips"),
    *MAKERS,
)
PROBED, LINEAR, PROBE = "lstm", "linear probe", "linear_probe_mean"
HEADS = (LINEAR, "ann", "lstm", "tcn")
# Published top-1 accuracy in percent, one crop, and where it stands.
KERAS, TORCHVISION = "K", "T"
PUBLISHED = {
    "vgg16": (71.3, KERAS),
    "vgg19": (71.3, KERAS),
    "resnet18": (69.8, TORCHVISION),
    "resnet34": (73.3, TORCHVISION),
    "resnet50": (74.9, KERAS),
    "resnet101": (76.4, KERAS),
    "resnext50": (77.6, TORCHVISION),
    "densenet121": (75.0, KERAS),
    "googlenet": (69.8, TORCHVISION),
    "inception_v3": (77.9, KERAS),
    "alexnet": (56.5, TORCHVISION),
    "squeezenet": (58.2, TORCHVISION),
    "mobilenet_v2": (71.3, KERAS),
    "shufflenet_v2": (69.4, TORCHVISION),
    "efficientnet_b0": (77.1, KERAS),
    "vit_s16": (79.8, "D"),
}
FIGURES = {
    "the stage": "ms a frame",
    "the stage v a bare loop": "v a bare loop",
    "largest RssAnon": "memory, GB",
    "int8 file": "int8 file, MB",
    "int8, one picture": "int8, ms a picture",
}


def markdown(rows: list[tuple[str, ...]], numbers: int) -> str:
    """Return a table; its last `numbers` columns are aligned to the right.

    Args:
        rows: the first is the head.
    """
    width = len(rows[0])
    rule = ("---",) * (width - numbers) + ("---:",) * numbers
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def networks() -> str:
    """Return one row for each backbone."""
    import_tensorflow()
    head = (
        *("`backbone:`", "network", "from ImageNet", "smallest picture", "parameters", "multiply-adds at 224"),
        "ImageNet top-1, published",
    )
    return markdown([head, *map(network, BACKBONES.values())], 3)


def network(backbone: Backbone) -> tuple[str, ...]:
    """Return what the table says of a backbone; parameters are those below `gap`, at 224 pixels."""
    import keras

    from transferpain.networks.backbones.surgery import without_weights

    model = without_weights(lambda: backbone.build(REFERENCE_SIZE, classes=2, seed=0))  # they are counted, not drawn
    parameters = keras.Model(model.input, model.get_layer("gap").output).count_params()
    sizes = f"{backbone.min_size}" + (f", in steps of {backbone.step}" if backbone.step > 1 else "")
    weights = f"yes, scaling `{backbone.imagenet.scaling}`" if backbone.imagenet else "no"
    cost = f"{backbone.cost / 1e6:,.0f} million"
    published = "{:.1f} ({})".format(*PUBLISHED[backbone.name]) if backbone.name in PUBLISHED else "-"
    return f"`{backbone.name}`", backbone.title, weights, sizes, f"{parameters:,}", cost, published


def speed() -> str:
    """Return what `python -m benchmarks backbones` measured last, one row for each backbone."""
    found = {figure["what"]: figure["value"] for figure in read_json(SPEED)["figures"]}
    rows = [("network", *FIGURES.values())]
    for backbone in BACKBONES.values():
        rows.append((backbone.title, *(f"{found[f'{backbone.name}: {what}']:.3g}" for what in FIGURES)))
    return markdown(rows, len(FIGURES))


def emotions() -> str:
    """Return how well each network that was trained at an equal price recognises emotions of real faces."""
    measured = pd.read_csv(MEASURED / f"{STUDY}.csv", keep_default_na=False)
    epochs = {name: member["set"]["training"]["epochs"] for name, member in study_members().items()}
    rows = [("network", "seed", "epochs", "accuracy", "balanced accuracy", "macro F1")]
    for backbone in BACKBONES.values():
        own = measured[measured["backbone"] == backbone.name]
        for row in own.to_dict("records"):
            shown = (f"{row[score]:.3f} [{row[f'{score}_low']:.3f}, {row[f'{score}_high']:.3f}]" for score in SCORES)
            rows.append((backbone.title, str(seed_of(row["run"])), str(epochs[row["run"]]), *shown))
        if own.empty:
            rows.append((backbone.title, "-", str(epochs[PREFIX + spelled(backbone)]), *["not trained yet"] * 3))
    return markdown(rows, 5)


def pain() -> str:
    """Return balanced accuracies on BioVid's twin with each of these networks frozen."""
    cells = pd.read_csv(MEASURED / f"{MATRIX}.csv")
    heads = [head for head in HEADS if head in set(cells["head"])]
    rows = [("frozen source", *heads)]
    for source in dict.fromkeys(cells["source"]):
        own = cells[cells["source"] == source].set_index("head")
        rows.append((source, *(interval(own.loc[head]) if head in own.index else "-" for head in heads)))
    return markdown(rows, len(heads))


def interval(cell: pd.Series) -> str:
    """Return a balanced accuracy with its bounds, where it has any."""
    return with_interval(*(cell[f"balanced_accuracy{end}"] for end in ("", "_low", "_high")), digits=2)


TABLES = {"networks": networks, "speed": speed, "emotions": emotions, "pain": pain}


def study_members() -> dict[str, dict]:
    """Return the trainings at an equal price, name -> as the study's file has them."""
    return yaml.safe_load((ROOT / "experiments" / f"{STUDY}.yaml").read_text(encoding="utf-8"))["experiments"]


def spelled(backbone: Backbone) -> str:
    """Return a backbone's name as names of experiments spell it."""
    return backbone.name.replace("_", "-")


def seed_of(run: str) -> int:
    """Return the seed that an experiment's name ends with; 0 without one."""
    return int(run.partition("-seed")[2] or 0)


def take_over(workspace: Path) -> None:
    """Put what was measured in a workspace in place of what was known of the same networks."""
    reports, runs = workspace / "reports", workspace / "runs"
    results = pd.read_csv(reports / STUDY / "results.csv")
    results = results[results["counted"] == "all"]
    folders = [next(runs.glob(f"{name}-{'[0-9a-f]' * 16}")) for name in results["run"]]
    results = results.assign(**made_by(folders))
    merge(MEASURED / f"{STUDY}.csv", results[list(EMOTIONS)], ["run"])
    cells = pd.read_csv(reports / MATRIX / "cells.csv")
    cells = cells[cells["state"] == "done"]
    cells = cells.assign(**made_by([runs / name for name in cells["run"]]))
    scores = [f"balanced_accuracy{end}" for end in ("", "_low", "_high")]
    # The linear probe reads what the head beside it reads.
    linear = cells[cells["head"] == PROBED].assign(head=LINEAR)
    linear[scores] = linear[[f"{PROBE}{end}" for end in ("", "_low", "_high")]].to_numpy()
    columns = ["source", "head", *scores, "subjects", *MAKERS]
    merge(MEASURED / f"{MATRIX}.csv", pd.concat([linear, cells])[columns], ["source", "head"])


def made_by(folders: list[Path]) -> dict[str, list[str]]:
    """Return the commit and the processor that each run was made with."""
    stated = [read_json(folder / "environment.json") for folder in folders]
    return {"commit": [one["commit"] for one in stated], "processor": [one["machine"]["processor"] for one in stated]}


def merge(path: Path, rows: pd.DataFrame, keys: list[str]) -> None:
    """Write rows into a table, each in place of the one with the same keys."""
    path.parent.mkdir(exist_ok=True)
    if path.is_file():
        rows = pd.concat([pd.read_csv(path), rows]).drop_duplicates(keys, keep="last")
    rows.sort_values(keys).to_csv(path, index=False, float_format="%.6f", lineterminator="\n")


def page() -> str:
    """Return the page with its tables as they are made here."""
    text = PAGE.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        begin, end = BEGIN.format(name), END.format(name)
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n\n{table()}\n\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the tables in docs/backbones.md.")
    parser.add_argument("--workspace", type=Path, help="where `make backbones` left its runs and reports")
    parser.add_argument("--check", action="store_true", help="say whether they are current, and write nothing")
    chosen = parser.parse_args()
    if chosen.workspace:
        take_over(chosen.workspace)
    if chosen.check:
        late = page() != PAGE.read_text(encoding="utf-8")
        print(f"{PAGE.name} is not current: python docs/backbones.py" if late else f"{PAGE.name} is current")
        sys.exit(late)
    write_text(PAGE, page())
