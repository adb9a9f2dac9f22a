"""What the baseline runs: tiny twins, experiment files, studies and a matrix, in the spelling of schema 1.

Everything is spelled out here, so that nothing hangs on the shipped experiment files.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.end_to_end.baseline_twins import TWINS

Settings = dict[str, Any]

# Models that are shared with the code: their features tell faces apart, which a minute of training would not reach.
WEIGHTS = Path(__file__).parents[2] / "weights"
SHARED_VGG16 = {"source": str(WEIGHTS / "ferplus-vgg16"), "backbone": "vgg16", "faces": {"size": 48}}
SHARED_RESNET18 = {"source": str(WEIGHTS / "ferplus-resnet18"), "backbone": "resnet18", "faces": {"size": 96}}
TRAINED_RESNET18 = {"source": "source-resnet18", "faces": {"size": 32}}
FACES = {"detector": "mediapipe", "size": 32}
HEAD_TRAINING = {"optimizer": {"name": "adam", "learning_rate": 0.003}, "batch": 4, "epochs": 4, "class_weights": True}
HOLDOUT = {"kind": "holdout", "holdout": "biovid-61-26"}
UNBC_HOLDOUT = {"kind": "holdout", "holdout": "unbc-20-5", "selection_share": 0.4}
CROSSED = {"kind": "cross_dataset", "test_dataset": "ai4pain"}
SHARED_FOLDS = {"kind": "stratified_group_kfold", "folds": 2, "selection_share": 0.4}
LEAK = {"kind": "random_frames", "allow_leakage": True, "folds": 2, "selection_share": 0.4}
CANDIDATES = {
    "slow": {"training.optimizer.learning_rate": 0.001},
    "fast": {"training.optimizer.learning_rate": 0.01, "training.epochs": 2},
}

EXPERIMENTS: dict[str, Settings] = {
    "source-vgg16": {
        "task": "biovid-bl1-pa4",
        "protocol": HOLDOUT,
        "source": "untrained",
        "backbone": "vgg16",
        "strategy": "full",
        "images": {"first_frame": 3, "every": 4, "test_every": 4, "scaling": "unit"},
        "head": {"kind": "dense"},
        "training": {"optimizer": {"name": "adam"}, "augment": {"flip": 0.5}, "epochs": 1},
    },
    "source-resnet18": {
        "task": "ferplus-emotions",
        "protocol": {"kind": "folders", "test_split": "validation", "selection_share": 0.1},
        "source": "untrained",
        "backbone": "resnet18",
        "strategy": "full",
        "images": {"size": 32, "scaling": "symmetric"},
        "head": {"kind": "dense"},
        "training": {
            "label_mode": "crossentropy",
            "optimizer": {"name": "adam", "learning_rate": 0.001},
            "schedule": {"name": "cosine", "warmup_epochs": 0.5},
            "augment": {"flip": 0.5, "rotation": 15, "shift": 0.08, "zoom": 0.1, "mixup": 0.2},
            "epochs": 1,
            "patience": None,
            "ema": 0.9,
        },
    },
    "frozen": {
        "task": "ai4pain-three",
        "protocol": {"kind": "folders", "test_split": "validation"},
        **SHARED_VGG16,
        "strategy": "frozen",
        "features": {"fps": 10},
        "window": {"seconds": 0.3, "train": "cut"},
        "head": {"kind": "ann", "hidden": [32], "dropout": 0.1},
        "training": HEAD_TRAINING,
    },
    "crossed": {
        "task": "cross-binary",
        "dataset": "biovid",
        "protocol": HOLDOUT,
        **SHARED_RESNET18,
        "strategy": "frozen",
        "features": {"frames": 4},
        "window": {"seconds": 0.5},
        "head": {"kind": "ann", "hidden": [32], "dropout": 0.1},
        "training": HEAD_TRAINING,
    },
    "frames": {
        "task": "unbc-seven",
        "protocol": UNBC_HOLDOUT,
        "source": "source-resnet18",
        "backbone": "resnet18",
        "cut": "gap",
        "strategy": "head",
        "head": {"kind": "dense"},
        "rows": {"drop_painless_sequences": True, "keep_painless": 0.5, "oversample_from": 2, "augment": "oversampled"},
        "training": {
            "optimizer": {"name": "sgd", "learning_rate": 0.004, "momentum": 0.8},
            "schedule": {"name": "step", "at": [1], "factor": 0.2},
            "kernel_l2": 5.0e-5,
            "augment": {"flip": 0.5, "rotation": 10},
            "epochs": 2,
            "patience": None,
        },
    },
    "three-models": {
        "task": "unbc-binary-1",
        "protocol": UNBC_HOLDOUT,
        "source": "source-resnet18",
        "backbone": "resnet18",
        "cut": "gap",
        "strategy": "hybrid",
        "head": {
            "kind": "hybrid",
            "boosting": {
                "learning_rates": [0.1],
                "estimators": [20],
                "depths": [2, 1],
                "folds": 2,
                "columns": "sqrt",
            },
        },
        "training": {"epochs": 1, "class_weights": True},
    },
    "two-branches": {
        "task": "biovid-five",
        "protocol": HOLDOUT | {"selection_share": 0.4},
        "source": "source-vgg16",
        "backbone": "vgg16",
        "strategy": "fused",
        "fusion": {"frames": 2},
        "head": {"kind": "dense"},
        "training": {
            "optimizer": {"name": "adamw", "learning_rate": 0.001, "weight_decay": 0.004},
            "schedule": {"name": "cosine"},
            "augment": {"flip": 0.5, "rotation": 3, "shift": 0.03, "brightness": 0.1, "elastic": 0.003, "grid": 0.05},
            "batch": 16,
            "epochs": 1,
            "patience": None,
            "class_weights": True,
        },
        "phases": {"landmarks": {"epochs": 2}},
    },
}


@dataclass(frozen=True)
class Study:
    """One study of the baseline.

    Attributes:
        members: canonical name -> the experiment file, and what is changed in it.
        comparisons: pairs of canonical names, the better one first.
    """

    members: dict[str, tuple[str, Settings]]
    comparisons: tuple[tuple[str, str], ...] = ()


HEADS = Study(
    {
        "frozen/ann/fps": ("frozen", {"seeds": [0, 1]}),
        "frozen/lstm/fps": ("frozen", {"seeds": [0, 1], "head": {"kind": "lstm"}}),
        "frozen/ann/vgg16": ("frozen", {"source": "source-vgg16", "faces": {"size": 32}}),
        "frozen/ann/frames": ("frozen", {"features": {"fps": None, "frames": 4}}),
        "frozen/ann/native": ("frozen", {"features": {"fps": None}, "window": {"train": "first"}}),
        "frozen/ann/float32": ("frozen", {"features": {"dtype": "float32"}, "training": {"dtype": "float32"}}),
        "frozen/lstm/mask": ("frozen", {"head": {"kind": "lstm"}, "window": {"missing": "mask"}}),
        "frozen/ann/official_test": ("frozen", {"protocol": {"test_split": "test"}}),
        "frozen/ann/paper": ("frozen", {"protocol": {"selection": "paper"}}),
        "frozen/ann/train_subjects": ("frozen", {"protocol": {"train_subjects": 3}}),
        "frozen/ann/subject_standardization": ("frozen", {"adaptation": "subject_standardization"}),
        **{
            f"frozen/{head}/nested/{rule}": (
                "frozen",
                {
                    "protocol": {"selection": "nested", "selection_rule": rule, "inner_folds": 2},
                    "candidates": CANDIDATES,
                    "head": {"kind": head},
                },
            )
            for head, rule in (
                ("ann", "lowest_loss"),
                ("ann", "best_balanced_accuracy"),
                ("lstm", "one_standard_error"),
            )
        },
    },
    comparisons=(("frozen/ann/fps", "frozen/lstm/fps"),),
)
ADAPTATIONS = Study(
    {
        "frozen/ann/crossed": ("crossed", {"protocol": CROSSED}),
        **{
            f"frozen/ann/crossed/{name}": ("crossed", {"protocol": CROSSED, "adaptation": name})
            for name in ("coral", "subject_standardization")
        },
        "frozen/ann/crossed/batch_norm": (
            "crossed",
            TRAINED_RESNET18 | {"protocol": CROSSED, "adaptation": "batch_norm"},
        ),
        "frozen/ann/baseline_subtraction": ("crossed", {"adaptation": "baseline_subtraction"}),
        "frozen/ann/batch_norm": ("crossed", TRAINED_RESNET18 | {"adaptation": "batch_norm"}),
        "frozen/lstm/crossed/coral": (
            "crossed",
            {"protocol": CROSSED, "adaptation": "coral", "head": {"kind": "lstm"}},
        ),
    },
    comparisons=(("frozen/ann/crossed/coral", "frozen/ann/crossed"),),
)
PROTOCOLS = Study(
    {
        "protocol/holdout": ("crossed", {"task": "biovid-five"}),
        "protocol/leave_out": ("crossed", {"protocol": HOLDOUT | {"leave_out": "biovid-low-reactive"}}),
        "protocol/group_kfold": ("crossed", {"protocol": {"kind": "group_kfold", "folds": 3}}),
        "protocol/stratified_group_kfold": (
            "crossed",
            {"protocol": {"kind": "stratified_group_kfold", "folds": 3}},
        ),
        "protocol/random_frames": ("crossed", {"protocol": LEAK}),
        "protocol/loso": (
            "crossed",
            {
                "task": "ai4pain-three",
                "dataset": "ai4pain",
                "protocol": {"kind": "loso"},
                "training": {"epochs": 1},
            },
        ),
        "protocol/mintpain_holdout": (
            "crossed",
            {
                "task": "mintpain-five",
                "dataset": "mintpain",
                "protocol": {"holdout": "mintpain-15-5"},
                "head": {"kind": "lstm"},
            },
        ),
        "protocol/published_folds": (
            "crossed",
            {
                "dataset": "unbc",
                "protocol": {"kind": "published_folds", "fold_list": "unbc-5fold-mixed"},
                "window": {"clip_frames": 3},
            },
        ),
        "protocol/cut_sequences": (
            "crossed",
            {
                "dataset": "unbc",
                "protocol": {"holdout": "unbc-20-5"},
                "window": {"clip_frames": 3},
                "head": {"kind": "lstm"},
            },
        ),
        "protocol/frames": (
            "crossed",
            {
                "task": "unbc-binary-1",
                "dataset": None,
                "protocol": SHARED_FOLDS,
                "features": {"frames": None},
            },
        ),
        "protocol/frames_at_random": (
            "crossed",
            {"task": "unbc-five", "dataset": None, "protocol": LEAK, "features": {"frames": None}},
        ),
        "protocol/sequence_ratings": (
            "crossed",
            {
                "task": "unbc-opr",
                "dataset": None,
                "protocol": {"kind": "group_kfold", "folds": 2},
            },
        ),
    },
    comparisons=(("protocol/random_frames", "protocol/group_kfold"),),
)
NETWORKS = Study(
    {
        "head/frames": ("frames", {}),
        "progressive/frames": (
            "frames",
            {"strategy": "progressive", "phases_up_to": "stage4", "phases": {"head": {"epochs": 1}}},
        ),
        "full/frames": ("frames", {"strategy": "full", "probe_source": True}),
        "progressive/clips": (
            "source-vgg16",
            {
                "source": "source-vgg16",
                "strategy": "progressive",
                "phases_up_to": "block5",
                "training": {"schedule": {"name": "cosine", "warmup_epochs": 0.5}, "epochs": 2},
            },
        ),
        **{
            f"full/images/{mode}": (
                "source-resnet18",
                {"training": {"label_mode": mode}, "images": {"scaling": "unit"}},
            )
            for mode in ("probability", "multi_target")
        },
    },
    comparisons=(("full/frames", "head/frames"),),
)
HYBRID = Study(
    {f"hybrid/{name}": ("three-models", {"head": {"verdict": name}}) for name in ("units", "cnn", "hybrid")},
    comparisons=(("hybrid/hybrid", "hybrid/units"), ("hybrid/hybrid", "hybrid/cnn")),
)
FUSED = Study(
    {
        "fused/dense": ("two-branches", {}),
        "fused/adaboost": ("two-branches", {"head": {"kind": "adaboost", "estimators": 3}}),
        "fused/images": ("two-branches", {"fusion": {"branches": "images"}}),
        "fused/landmarks": ("two-branches", {"fusion": {"branches": "landmarks"}}),
        "fused/no_attention": ("two-branches", {"fusion": {"attention": False}}),
        "fused/bilstm": ("two-branches", {"fusion": {"fusion": "bilstm", "squeeze_excitation": False}}),
        "fused/points": ("two-branches", {"fusion": {"axis": "points", "points": 468, "coordinates": 2}}),
        "fused/random_frames": ("two-branches", {"protocol": LEAK}),
    },
    comparisons=(("fused/dense", "fused/images"), ("fused/adaboost", "fused/dense")),
)
STUDIES = {
    "twins": Study({"source/resnet18": ("source-resnet18", {})}),
    "sources": Study({f"source/{name}": (f"source-{name}", {}) for name in ("vgg16", "resnet18")}),
    # The longest first, so that two at a time end together.
    "networks": NETWORKS,
    "heads": HEADS,
    "protocols": PROTOCOLS,
    "fused": FUSED,
    "adaptations": ADAPTATIONS,
    "hybrid": HYBRID,
}
# The cells of the matrix by the names that the program gives them: trained on or from, tested on, head.
MATRIX_CELLS = (
    *(f"{source}-to-{target}-ann" for source in ("untrained", "trained", "shared") for target in ("biovid", "ai4pain")),
    *(
        f"{trained}-on-{tested}-{head}"
        for trained in ("biovid", "ai4pain")
        for tested in ("biovid", "ai4pain")
        for head in ("ann", "ann-standardized")
    ),
)
SHARED = {"shared": SHARED_RESNET18}
UNTRAINED = {"untrained": {"source": "untrained", "faces": {"size": 32}}}
TRAINED = {"trained": {"source": "source-vgg16", "backbone": "vgg16", "faces": {"size": 32}}}
ANN = {"ann": {"experiment": "crossed"}}
MATRIX: Settings = {
    "transfer": [
        {
            "sources": UNTRAINED | TRAINED | SHARED,
            "targets": {"biovid": {"task": "biovid-bl1-pa4"}, "ai4pain": {"task": "ai4pain-three"}},
            "heads": ANN,
        }
    ],
    "cross_dataset": [
        {
            "task": "cross-binary",
            "trained_on": {"biovid": SHARED_RESNET18, "ai4pain": SHARED_RESNET18},
            "tested_on": ["biovid", "ai4pain"],
            "heads": ANN
            | {"ann-standardized": {"experiment": "crossed", "set": {"adaptation": "subject_standardization"}}},
        }
    ],
}


def run_name(canonical: str) -> str:
    """Return the name of an experiment that names are limited to letters, digits and hyphens in."""
    return canonical.replace("/", "-").replace("_", "-")


def study_file(name: str) -> str:
    """Return the file of a study or of the matrix."""
    return f"study-{name}.yaml"


def write_experiments(folder: Path) -> None:
    """Write every experiment file, study and the matrix into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in EXPERIMENTS.items():
        images = values["task"] == "ferplus-emotions"
        _write(
            folder / f"{name}.yaml",
            {"name": name} | values | ({} if images else {"faces": FACES | values.get("faces", {})}),
        )
    for name, study in STUDIES.items():
        _write(folder / study_file(name), _study(name, study))
    _write(folder / study_file("matrix"), _described("matrix", "matrix") | MATRIX)


def _described(kind: str, name: str) -> Settings:
    return {kind: name, "title": f"Baseline: {name}", "question": "Does a number change?", "data_root": "data"}


def _study(name: str, study: Study) -> Settings:
    members = {run_name(one): {"experiment": file, "set": changes} for one, (file, changes) in study.members.items()}
    pairs = [{"better": run_name(better), "worse": run_name(worse)} for better, worse in study.comparisons]
    twins = TWINS if name == "twins" else {}
    return _described("study", name) | {"twins": twins, "experiments": members, "comparisons": pairs}


def _write(path: Path, values: Settings) -> None:
    path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
