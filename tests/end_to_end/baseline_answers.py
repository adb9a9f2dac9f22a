"""What trained models answer outside of studies: shared, served, live, explained, exported; and the small commands."""

import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from tests.end_to_end.baseline_program import ask, run_program, served
from tests.end_to_end.baseline_studies import run_name
from tests.end_to_end.baseline_twins import TWINS, read_frames
from tests.end_to_end.baseline_values import Entry, digest, entry, named_cells, numbers_of

EXPLAINED = {
    "classes": ("class", "pictures", "used", "brow", "eye", "nose", "mouth", "elsewhere"),
    "pictures": (
        "dataset", "subject", "clip", "frame", "true", "answered", "probability", "brow", "eye", "nose", "mouth",
        "elsewhere", "random_weights_correlation",
    ),
}  # fmt: skip
# The columns behind them are the probabilities, named by the levels.
LIVE_COLUMNS = ("frame", "seconds", "face", "skipped", "level", "confidence", "alert")
ASSESSED = ("label", "p_pain", "threshold", "main", "face", "coverage", "synthetic")
ACTION_UNITS = """\
frame, face_id, timestamp, confidence, success, AU04_r, AU06_r, AU45_r, AU04_c, AU28_c
1, 0, 0.000, 0.98, 1, 1.20, 0.50, 0.30, 1.00, 0.00
2, 0, 0.033, 0.02, 0, 0.00, 0.00, 0.00, 0.00, 0.00
3, 0, 0.067, 0.93, 1, 5.00, 0.00, 4.10, 1.00, 1.00
"""
PUBLISHED = "class,precision,recall\nno pain,0.90,0.80\nweak,0.60,0.75\nstrong,0.70,0.70\n"
NUMBERS = re.compile(r"\d+(?:\.\d+)?")


def find_run(workspace: Path, canonical: str) -> Path:
    """Return the folder of the one run of an experiment.

    Raises:
        FileNotFoundError: if there is none, or more than one.
    """
    pattern = re.compile(re.escape(run_name(canonical)) + r"-[0-9a-f]{8,}")
    found = [path for path in (workspace / "runs").iterdir() if pattern.fullmatch(path.name)]
    if len(found) != 1:
        raise FileNotFoundError(f"{len(found)} runs of {canonical}")
    return found[0]


def data_entries(workspace: Path) -> dict[str, Entry]:
    """Check the twins: every count that is found, and the frames that are decoded of them."""
    found = {}
    for dataset in TWINS:
        file = workspace / f"check-{dataset}.json"
        run_program(workspace, "data", "check", dataset, "--data-root", "data", "--json", file)
        rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
        found[f"data/{dataset}/check"] = entry([[row["found"], row["expected"]] for row in rows], rows=len(rows))
    frames = read_frames(sorted((workspace / "data" / "biovid").rglob("*.mp4"))[0])
    found["data/biovid/frames"] = entry(np.stack(frames).tobytes(), rows=len(frames))
    return found


def command_entries(workspace: Path) -> dict[str, Entry]:
    """Call the commands that need no run of a study: faces, features, action units, a published table."""
    (workspace / "units.csv").write_text(ACTION_UNITS, encoding="utf-8")
    (workspace / "published.csv").write_text(PUBLISHED, encoding="utf-8")
    run_program(workspace, "action-units", "fit-proxies", "--subjects", 10, "--pictures", 10, "--out", "proxies.json")
    proxies = json.loads((workspace / "proxies.json").read_text(encoding="utf-8"))
    printed = {
        "faces": ("faces", "experiments/crossed.yaml", "--data-root", "data"),
        "extract": ("extract", "experiments/crossed.yaml", "--data-root", "data"),
        "action-units/read": ("action-units", "read", "units.csv"),
        "check-table": ("check-table", "published.csv", "--accuracy", "0.75"),
    }
    run_program(workspace, "data", "twin", "biovid", "--out", "drawn", "--subjects", 1, "--clips", 1, "--seconds", 0.5)
    frames = [frame for video in sorted((workspace / "drawn").rglob("*.mp4")) for frame in read_frames(video)]
    found = {"command/data/twin": entry(np.stack(frames).tobytes(), rows=len(frames))}
    found |= {
        f"command/{name}": printed_entry(run_program(workspace, *arguments)) for name, arguments in printed.items()
    }
    return found | {"command/action-units/fit-proxies": entry(numbers_of(proxies), rows=len(proxies["units"]))}


def printed_entry(text: str) -> Entry:
    """Return the numbers that a command printed."""
    numbers = NUMBERS.findall(text)
    return entry(numbers, rows=len(numbers))


def sharing_entries(workspace: Path) -> dict[str, Entry]:
    """Pass bundles on: exported, imported again, and asked for the same numbers."""
    found = {}
    for name in ("source/vgg16", "hybrid/hybrid", "fused/adaboost", "frozen/ann/fps"):
        bundle, short = find_run(workspace, name) / "model", run_name(name)
        run_program(workspace, "models", "export", bundle, f"{short}.zip")
        run_program(workspace, "models", "import", f"{short}.zip", "--out", f"weights/{short}")
        run_program(workspace, "models", "verify", f"weights/{short}", "--reproduce")
        imported = workspace / "weights" / short
        labels = json.loads((imported / "labels.json").read_text(encoding="utf-8"))
        found[f"models/{name}/labels"] = entry(labels, rows=len(labels))
        with np.load(imported / "probe.npz", allow_pickle=False) as probe:
            answers = {key: probe[key] for key in sorted(probe.files)}
        content = {key: digest(np.ascontiguousarray(value).tobytes()) for key, value in answers.items()}
        found[f"models/{name}/probe"] = entry(content, rows=len(answers))
    return found


def live_entries(workspace: Path) -> dict[str, Entry]:
    """Watch a video of a twin with a network on pictures, and with one that also reads landmarks."""
    video = sorted((workspace / "data" / "biovid").rglob("*PA4*.mp4"))[0]
    found = {}
    for name in ("source/vgg16", "fused/dense"):
        file = workspace / f"live-{run_name(name)}.csv"
        bundle = find_run(workspace, name) / "model"
        run_program(
            workspace, "live", bundle, "--source", video, "--no-window", "--csv", file, "--encoder", "keras",
            "--average", 0.2, "--alert-level", 1, "--alert-seconds", 0.1, "--clip", 0.3,
        )  # fmt: skip
        columns = list(pd.read_csv(file, nrows=0).columns)
        levels = [column for column in columns if column.startswith("p_")]
        rows = named_cells(file, (*LIVE_COLUMNS, *levels))
        means = {f"mean_p_{number}": mean for number, mean in enumerate(pd.read_csv(file)[levels].mean())}
        found[f"live/{name}"] = entry(rows, rows=len(rows), **means)
    return found


def explain_entries(workspace: Path) -> dict[str, Entry]:
    """Explain networks on their tested pictures."""
    found = {}
    for name in ("source/vgg16", "full/frames", "fused/dense"):
        folder = workspace / f"explain-{run_name(name)}"
        run = find_run(workspace, name)
        run_program(workspace, "explain", run, "--pictures", 3, "--to", folder, "--data-root", "data")
        for table, columns in EXPLAINED.items():
            rows = named_cells(folder / f"{table}.csv", columns)
            found[f"explain/{name}/{table}"] = entry(rows, rows=len(rows))
    return found


def edge_entries(workspace: Path) -> dict[str, Entry]:
    """Convert a network; times, sizes and digests of the files are left out."""
    run_program(workspace, "export-edge", find_run(workspace, "source/vgg16"), "--to", "edge", "--kind", "float32")
    facts = json.loads((workspace / "edge" / "edge.json").read_text(encoding="utf-8"))
    rows = [[row[key] for key in ("part", "kind", "difference", "equal")] for row in facts["rows"]]
    return {"export-edge/source/vgg16": entry(rows, rows=len(rows))}


def serve_entries(workspace: Path) -> dict[str, Entry]:
    """Ask the server about pictures of a twin, and with what it refuses."""
    video = sorted((workspace / "data" / "biovid").rglob("*PA4*.mp4"))[0]
    frames = read_frames(video)
    pictures = [cv2.imencode(".png", frame)[1].tobytes() for frame in (frames[0], frames[-1])]
    empty = cv2.imencode(".png", np.full((64, 64, 3), 127, np.uint8))[1].tobytes()
    found = {}
    for name in ("source/vgg16", "hybrid/hybrid"):
        with served(workspace, find_run(workspace, name) / "model") as address:
            _, facts = ask(f"{address}/v1/models")
            models = [[model[key] for key in ("name", "threshold", "classes")] for model in facts["models"]]
            found[f"serve/{name}/models"] = entry([facts["main"], facts["synthetic"], models], rows=len(models))
            for number, picture in enumerate(pictures):
                status, answer = ask(f"{address}/v1/assess", picture)
                found[f"serve/{name}/answer{number}"] = entry(
                    [status, assessed(answer)], rows=len(answer["models"]), p_pain=answer["p_pain"]
                )
            refused = [ask(f"{address}/v1/assess", empty), ask(f"{address}/v1/assess", b"text", "text/plain")]
            said = [[status, answer["error"]] for status, answer in refused]
            found[f"serve/{name}/refusals"] = entry(said, rows=len(said))
    return found


def assessed(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what is recorded of an answer: all but words, and the digest of the bundle."""
    models = [
        [model[key] for key in ("name", "label", "p_pain", "threshold", "probabilities")] for model in answer["models"]
    ]
    units = [[unit[key] for key in ("unit", "intensity", "maximum")] for unit in answer["action_units"]]
    regions = [[region[key] for key in ("name", "units", "outlines")] for region in answer["regions"]]
    return {key: answer[key] for key in ASSESSED} | {"models": models, "units": units, "regions": regions}
