"""Writes THIRD_PARTY.md from what is installed: `python docs/third_party.py [FILE]`.

The packages of requirements.txt come first, then what they pull in, then those that carry a model's file; versions,
licences and home pages are those that the packages state of themselves. Models are those in weights/, with the terms in
their manifests, and the assets of the toolkit, by their facts.
"""

import argparse
import json
import re
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from transferpain.core.assets.asset import PACKAGES_FOLDER, Asset
from transferpain.models.assets import ALL_ASSETS

ROOT = Path(__file__).parents[1]
HEAD = """# What others made

Written by `make third-party`, from what the installed packages state of themselves; their own licence files count. None
of them is part of this repository: `make setup` installs them. The toolkit itself is under the [MIT licence](LICENSE).
"""
MODELS = """
## Models

| model | where it comes from | terms |
|---|---|---|
"""
OTHER_MODELS = (
    ("the detector of `face_alignment`", "downloaded by that package when it is first used", "BSD, as the package"),
)
TABLE = "| package | version | licence | home page |\n|---|---|---|---|\n"
LONGEST_LICENCE = 80  # letters; longer is the text of a licence instead of its name


def third_party(requirements: Path, weights: Path) -> str:
    """Return the page as Markdown.

    Raises:
        PackageNotFoundError: if a package of `requirements` is not installed.
    """
    direct, pulled_in = installed(read_requirements(requirements))
    return (
        f"{HEAD}\n## Packages that transferpain imports\n\n{TABLE}{rows(direct)}"
        f"\n## Packages that these pull in\n\n{TABLE}{rows(pulled_in)}"
        f"\n## Packages that carry a model's file\n\n{TABLE}{rows(carriers(requirements))}{MODELS}{model_rows(weights)}"
    )


def read_requirements(path: Path) -> list[Requirement]:
    """Return the lines of a requirements file that name a package, and those of the files that it refers to."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found += read_requirements(path.parent / line.removeprefix("-r ").strip())
        elif line and not line.startswith(("#", "-")):
            found.append(Requirement(line.partition(" --hash=")[0]))
    return found


def carriers(requirements: Path) -> list[Distribution]:
    """Return the packages of requirements-assets.txt, beside `requirements`: they stand in a folder of their own.

    Raises:
        PackageNotFoundError: if one is not installed.
    """
    there = {canonicalize_name(one.name): one for one in distributions(path=[str(PACKAGES_FOLDER)])}
    asked = [
        canonicalize_name(one.name) for one in read_requirements(requirements.with_name("requirements-assets.txt"))
    ]
    if missing := [name for name in asked if name not in there]:
        raise PackageNotFoundError(missing[0])
    return by_name(there[name] for name in asked)


def installed(requirements: Iterable[Requirement]) -> tuple[list[Distribution], list[Distribution]]:
    """Return the packages that are asked for, and those that they pull in, each by name.

    What a package asks for and is not installed is left out: some offer several builds of one package.
    """
    direct = {canonicalize_name(one.name): distribution(one.name) for one in requirements}
    found, open_requirements = dict(direct), [one for one in direct.values() for one in requirements_of(one)]
    while open_requirements:
        name = canonicalize_name(open_requirements.pop().name)
        try:
            package = found.get(name) or distribution(name)
        except PackageNotFoundError:
            continue
        if name not in found:
            found[name] = package
            open_requirements += requirements_of(package)
    return by_name(direct.values()), by_name(found[name] for name in found.keys() - direct.keys())


def requirements_of(package: Distribution) -> list[Requirement]:
    """Return what a package asks for on this system, extras left aside."""
    asked = map(Requirement, package.requires or [])
    return [one for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})]


def by_name(packages: Iterable[Distribution]) -> list[Distribution]:
    return sorted(packages, key=lambda package: canonicalize_name(package.name))


def rows(packages: Iterable[Distribution]) -> str:
    """Return a row per package; a version without the build (`+cpu`)."""
    return "".join(
        f"| {package.name} | {package.version.split('+')[0]} | {licence(package)} | {home_page(package)} |\n"
        for package in packages
    )


def licence(package: Distribution) -> str:
    """Return the licence that a package states: its expression, else its classifiers, else its first words."""
    facts = package.metadata
    if expression := facts.get("License-Expression"):
        return expression
    classifiers = [line for line in facts.get_all("Classifier") or [] if line.startswith("License :: OSI Approved ::")]
    if classifiers:
        return ", ".join(line.split(" :: ")[-1] for line in classifiers)
    texts = [facts.get("License") or "", *(file.read_text() for file in package.files or [] if is_licence(file.name))]
    lines = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
    names = [line for line in lines if len(line) <= LONGEST_LICENCE and not line.startswith("Copyright")]
    return names[0] if names else "not stated"


def is_licence(name: str) -> bool:
    return re.match(r"(licen[cs]e|copying)\b", name, re.IGNORECASE) is not None


def home_page(package: Distribution) -> str:
    """Return the address that a package states, its home page before others."""
    stated = [line.split(", ", 1) for line in package.metadata.get_all("Project-URL") or []]
    addresses = {label.lower(): address for label, address in stated}
    kinds = ("homepage", "home", "repository", "source", "source code")
    choice = [package.metadata.get("Home-page"), *(addresses.get(kind) for kind in kinds), *addresses.values()]
    return next(filter(None, choice), "not stated")


def model_rows(weights: Path) -> str:
    """Return a row per shipped model, from its manifest, and one per model that others bring."""
    lines = []
    for path in sorted(weights.glob("*/manifest.json")):
        terms = json.loads(path.read_text(encoding="utf-8"))["terms"]
        stated = " ".join(f"{one['title']}: {one['licence']} {one['notice']} Cite: {one['citation']}." for one in terms)
        lines.append((f"`{path.parent.name}`", "in `weights/`, trained by this toolkit", f"Research use. {stated}"))
    others = [(f"`{asset.file}`, for {asset.serves}", origin(asset), asset.licence) for asset in ALL_ASSETS.values()]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [*lines, *others, *OTHER_MODELS])


def origin(asset: Asset) -> str:
    """Return where an asset comes from: the places where it may lie, else its address; and how its bytes are known."""
    places = "".join(f"in {place.title}, or " for place in asset.places)
    return f"{places}downloaded from <{asset.url}>; {asset.bytes:,} bytes, {asset.algorithm} `{asset.digest}`"


if __name__ == "__main__":
    # A mistyped option is no name of a file.
    parser = argparse.ArgumentParser(description="Writes THIRD_PARTY.md, or another file.")
    parser.add_argument("file", nargs="?", type=Path, default=ROOT / "THIRD_PARTY.md")
    chosen = parser.parse_args().file
    chosen.write_text(third_party(ROOT / "requirements.txt", ROOT / "weights"), encoding="utf-8")
