"""Files of settings: dataset.yaml, tasks, experiments, studies, matrices, names.yaml, and `--set`."""

from pathlib import Path

from tests.fuzz.mutations import other_number, other_text
from tests.fuzz.reader import Reader, of_file
from transferpain.core.overrides import parse_overrides
from transferpain.data.datasets.ai4pain import read_rules
from transferpain.data.datasets.csv_index import find_own_dataset
from transferpain.data.tasks.task import TASK_FOLDER, load_task
from transferpain.experiments.matrix.settings import load_matrix
from transferpain.experiments.schema import load_experiment
from transferpain.experiments.study_schema import load_study

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
FACTS = (
    b"title: Our clinic\nlicence: Internal.\ncitation: Us, 2026\nredistributable: false\nallow_missing_subjects: true\n"
)
RULES = b"none: '.*_rest'\nlow: '.*_p1'\nhigh: '.*_p2'\n"
EXPERIMENT = b"""\
schema: 2
name: own
task: biovid-bl1-pa4
protocol: {kind: loso, selection_share: 0.2}
source: untrained
strategy: frozen
features: {fps: 5.0}
window: {seconds: 2.0}
head: {kind: ann}
training: {epochs: 30, patience: 5, batch: 32}
seeds: [0, 1, 2]
"""


def experiment(path: Path) -> object:
    return load_experiment(path).resolved()


def study(path: Path) -> object:
    return load_study(path).model_dump()


def matrix(path: Path) -> object:
    return load_matrix(path).model_dump()


def task(path: Path) -> object:
    one = load_task(str(path))
    for dataset in one.labels:
        one.empty_classes(dataset)
        one.rule_for(dataset).describe()
    return one.hash


def own_facts(path: Path) -> object:
    found = find_own_dataset(path.parent.name, path.parent.parent)
    return found.title, found.licence, found.citation, found.redistributable


def facts_in_folder(folder: Path, content: bytes) -> object:
    (folder / "own").mkdir(exist_ok=True)
    (folder / "own" / "index.csv").touch()
    return of_file("own/dataset.yaml", own_facts)(folder, content)


def overrides(folder: Path, content: bytes) -> object:
    return parse_overrides(content.decode(errors="surrogateescape").splitlines())


def packaged(name: str) -> bytes:
    return (TASK_FOLDER / f"{name}.yaml").read_bytes()


READERS = (
    Reader(
        "dataset.yaml",
        (FACTS,),
        facts_in_folder,
        lambda choices, seed: other_text(
            choices,
            seed,
            {
                b"Our clinic": (b"A clinic", b"Our clinic 2"),
                b"Internal.": (b"Free.", b"''"),
                b"Us, 2026": (b"Us, 2025",),
                b"redistributable: false": (b"redistributable: true", b"redistributable: 0", b"redistributable: 'no'"),
            },
        ),
        2500,
    ),
    Reader(
        "task",
        (packaged("biovid-five"), packaged("ai4pain-three"), packaged("ferplus-emotions")),
        of_file("own.yaml", task),
        lambda choices, seed: other_number(choices, seed, rb"(?<!schema): ([0-9])\b", range(12)),
        2000,
    ),
    Reader(
        "task by bins",
        (packaged("unbc-five"), packaged("cross-three"), packaged("unbc-vas")),
        of_file("own.yaml", task),
        lambda choices, seed: other_number(choices, seed, rb"[\[ ]([0-9]+)\]", range(40)),
        1500,
    ),
    Reader(
        "experiment",
        (EXPERIMENT,),
        of_file("own.yaml", experiment),
        lambda choices, seed: other_text(
            choices,
            seed,
            {
                b"epochs: 30": (b"epochs: 3", b"epochs: 300", b"epochs: 030", b"epoch: 30"),
                b"[0, 1, 2]": (b"[0, 1]", b"[0, 1, 3]", b"[0, 1, 02]", b"[0, true, 2]"),
                b"loso": (b"group_kfold", b"Loso"),
                b"fps: 5.0": (b"fps: 5.5", b"fps: .inf", b"Fps: 5.0"),
                b"seconds: 2.0": (b"seconds: 3.0", b"seconds: 1:30", b"seconds: .nan"),
                b"untrained": (b"untrained-1", b"imagenet"),
                b"pa4": (b"pa3",),
            },
        ),
        2000,
    ),
    Reader(
        "study",
        ((EXPERIMENTS / "leakage-demo.yaml").read_bytes(),),
        of_file("own.yaml", study),
        lambda choices, seed: other_number(choices, seed, rb"(?<!schema): ([0-9]+)\b", range(7)),
        1000,
    ),
    Reader(
        "matrix",
        ((EXPERIMENTS / "transfer-matrix.yaml").read_bytes(),),
        of_file("own.yaml", matrix),
        lambda choices, seed: other_text(
            choices, seed, {b"matrix: ": (b"matrix: a", b"Matrix: "), b"title: ": (b"title: A ", b"titel: ")}
        ),
        500,
    ),
    Reader(
        "names.yaml",
        (RULES,),
        of_file("names.yaml", read_rules),
        lambda choices, seed: other_text(
            choices, seed, {b"_p1": (b"_p3", b"_p["), b"low": (b"lo", b"rest"), b"rest": (b"r",)}
        ),
        3000,
    ),
    Reader(
        "--set",
        (b"training.epochs=5\nseeds=[1, 2]\nhead={kind: ann}\nsource=untrained",),
        overrides,
        lambda choices, seed: other_number(choices, seed, rb"([125])", range(3, 20)),
        4000,
    ),
)
