"""The worked examples of docs/extend.md are run as they stand there, in a copy of the package."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from transferpain.core.store import read_json
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "extend.py"
SPEC = importlib.util.spec_from_file_location("extend", SCRIPT)
extend = importlib.util.module_from_spec(SPEC)
sys.modules["extend"] = extend
SPEC.loader.exec_module(extend)
EXAMPLES = {example.kind: example for example in extend.read_examples()}

each = pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
TWINS = {
    "biovid": {"subjects": 9, "clips": 1, "seconds": 0.6},
    "ai4pain": {"subjects": 8, "clips": 1, "seconds": 0.5},
}
TINY = {
    "source": "untrained",
    "faces": {"detector": "mediapipe", "size": 32},
    "features": {"fps": 10},
    "window": {"seconds": 0.5},
    "images": {"first_frame": 2, "every": 4, "test_every": 4},
    "training": {"epochs": 2},
    "seeds": [0],
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of the package and its tests, with every example in it."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("transferpain", "tests", "experiments"):
        # What is compiled comes along, for it serves as long as a file is the same; not what is being written.
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.pyc.*"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for example in EXAMPLES.values():
        extend.apply(example, folder)
    return folder


def python(checkout: Path, *arguments: object) -> str:
    """Run `python ARGUMENTS` with the copy's package; return what it printed."""
    result = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_table_is_what_the_command_prints():
    printed = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=True).stdout
    assert printed in extend.PAGE.read_text(encoding="utf-8")
    assert list(EXAMPLES) == list(extend.BEFORE)


@each
def test_it_is_one_file_one_test_and_one_entry_of_a_registry(example):
    assert [len(example.modules), len(example.tests), len(example.registries)] == [1, 1, 1]
    (change,) = example.registries
    assert change.path.endswith("/registry.py")
    assert change.added == 2  # the import and the entry
    assert not re.search("(?m)^-", change.text)
    assert not (ROOT / example.modules[0].path).exists()
    mirrored = Path("tests", *Path(example.modules[0].path).parts[1:])
    assert Path(example.tests[0].path) == mirrored.with_name(f"test_{mirrored.name}")


def test_a_registry_that_changed_under_the_document_is_not_guessed_at():
    for hunk in (["+    NEW,\n", " ]\n"], ["+    NEW,\n"], ["+    NEW,\n", "     OLD,\n"]):
        with pytest.raises(ValueError, match=r"here\.py has"):
            extend.insert("x = [\n    OLD,\n    OLD,\n", hunk, "here.py")


def test_a_file_that_is_there_is_not_overwritten(checkout):
    with pytest.raises(ValueError, match="is there already"):
        extend.apply(EXAMPLES["backbone"], checkout)


@pytest.mark.slow
def test_the_registries_list_them_and_load_nothing_heavy(checkout):
    names = {example.registries[0].path: example.name for example in EXAMPLES.values()}
    code = (
        "import sys; from importlib import import_module; from transferpain.core.registry import Registry\n"
        f"for path, name in {names}.items():\n"
        "    module = import_module(path.removesuffix('.py').replace('/', '.'))\n"
        "    assert any(name in one for one in vars(module).values() if isinstance(one, Registry)), path\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'cv2', 'matplotlib', 'skimage'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    python(checkout, "-c", code)


def test_the_examples_have_the_style_of_the_code(checkout):
    written = [block.path for example in EXAMPLES.values() for block in example.blocks if block.language != "yaml"]
    python(checkout, "-m", "ruff", "check", *written)
    python(checkout, "-m", "ruff", "format", "--check", *written)


def contract_of(example) -> str:
    """Return the file of the tests that hold for every entry of an example's registry."""
    return f"{Path(example.registries[0].path).parent}/test_contract.py".replace("transferpain/", "tests/", 1)


@pytest.fixture(scope="module")
def outcomes(checkout) -> list[tuple[str, str]]:
    """The tests of all examples, and what became of each: one process imports the libraries once for all."""
    files, chosen = {}, []
    for example in EXAMPLES.values():
        (own,) = example.tests
        files |= {contract_of(example): None, own.path: None}
        chosen.append(f"({' and '.join(example.name.split())}) or {Path(own.path).stem}")
    printed = python(checkout, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-k", " or ".join(chosen), *files)
    return re.findall(r"(?m)^(\S+?::.*?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b", printed)


@pytest.mark.slow
@each
def test_the_contract_and_the_shown_test_hold(outcomes, example):
    contract, (own,) = contract_of(example), example.tests
    of_contract = [
        outcome
        for test, outcome in outcomes
        if test.startswith(f"{contract}::") and all(word.lower() in test.lower() for word in example.name.split())
    ]
    of_own = [outcome for test, outcome in outcomes if test.startswith(f"{own.path}::")]
    assert set(of_contract) == set(of_own) == {"PASSED"}


@pytest.fixture(scope="module")
def workspace(checkout, tmp_path_factory) -> Path:
    """A study of three experiments that name the examples, run by the copy's command."""
    folder = tmp_path_factory.mktemp("study")
    data = folder / "data"
    for name, settings in TWINS.items():
        write_twin(name, data, TwinSettings(**settings), lambda frames: None)
    for path in sorted((data / "biovid" / "video").rglob("*-*.mp4")):
        subject, stimulus, number = path.stem.split("-")
        if stimulus in ("BL1", "PA4"):
            state = {"BL1": "rest", "PA4": "pain"}[stimulus]
            target = data / "bedside" / "videos" / f"{subject}-{state}-{number}.mp4"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    shutil.copy(data / "biovid" / "SYNTHETIC.json", data / "bedside")
    task = folder / "bedside.yaml"
    task.write_text(said("dataset", "task.yaml"), encoding="utf-8")
    cross = {"task": "cross-binary", "dataset": "biovid"}
    cross["protocol"] = {"kind": "cross_dataset", "test_dataset": "ai4pain"}
    grouped = {"task": str(task), "protocol": {"kind": "group_kfold", "folds": 2, "selection_share": 0.5}}
    members = {
        "adapted": ("ai4pain-ann", cross | asked("backbone") | asked("head") | asked("adaptation")),
        "brightness": ("ai4pain-ann", grouped | asked("extractor")),
        "tuned": ("biovid-vgg16", asked("strategy") | asked("backbone")),
    }
    study = {
        "study": "extended",
        "title": "Extended",
        "question": "Does everything go together?",
        "data_root": str(data),
        "twins": TWINS,
        "set": TINY,
        "experiments": {name: {"experiment": base, "set": changes} for name, (base, changes) in members.items()},
        "comparisons": [{"better": "brightness", "worse": "brightness-again", "metric": EXAMPLES["metric"].name}],
    }
    study["experiments"]["brightness-again"] = study["experiments"]["brightness"]
    file = checkout / "experiments" / "extended.yaml"
    file.write_text(yaml.safe_dump(study), encoding="utf-8")
    python(checkout, "-m", "transferpain.cli", "run", file, "--workspace", folder)
    return folder


def said(kind: str, file: str) -> str:
    """Return the YAML of an example that stands for a file."""
    (text,) = [block.text for block in EXAMPLES[kind].of("yaml") if block.path == file]
    return text


def asked(kind: str) -> dict:
    """Return what an experiment says to have an example."""
    return yaml.safe_load(said(kind, "experiment.yaml"))


def folder_of(workspace: Path, name: str) -> Path:
    (folder,) = (path for path in (workspace / "runs").iterdir() if re.fullmatch(rf"{name}-[0-9a-f]{{16}}", path.name))
    return folder


@pytest.mark.slow
def test_experiments_name_them_and_run(checkout, workspace):
    manifests = {
        name: read_json(folder_of(workspace, name) / "model" / "manifest.json")
        for name in ("adapted", "brightness", "tuned")
    }
    assert manifests["adapted"]["backbone"] == manifests["tuned"]["backbone"] == EXAMPLES["backbone"].name
    assert manifests["adapted"]["adaptation"] == EXAMPLES["adaptation"].name
    assert manifests["adapted"]["answers"] == "parts/head.skops"
    assert manifests["brightness"]["extractor"] == EXAMPLES["extractor"].name
    assert manifests["brightness"]["dataset"] == EXAMPLES["dataset"].name
    assert manifests["tuned"]["strategy"] == EXAMPLES["strategy"].name
    card = (folder_of(workspace, "brightness") / "model" / "README.md").read_text(encoding="utf-8")
    assert "A head from the features `brightness` of faces to rest / pain." in card
    model = folder_of(workspace, "adapted") / "model"
    python(checkout, "-m", "transferpain.cli", "models", "verify", model, "--reproduce")


@pytest.mark.slow
def test_every_run_is_scored_checked_and_reported_by_them(workspace):
    for name in ("adapted", "brightness", "tuned"):
        folder = folder_of(workspace, name)
        assert EXAMPLES["metric"].name in read_json(folder / "metrics.json")["all"]
        lines = {line["name"]: line["state"] for line in read_json(folder / "leakage.json")["checks"]}
        assert lines[EXAMPLES["leakage check"].name] == "pass"
    report = workspace / "reports" / "extended"
    page = (report / "index.html").read_text(encoding="utf-8")
    assert "What so many subjects can show" in page
    assert "Lowest recall" in page
    assert (report / "sign_test.csv").is_file()
