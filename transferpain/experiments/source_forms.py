"""A source that is no network, as a mapping: own features, an extractor, several sources, or finished runs."""

from typing import Any

from pydantic import ValidationError

from transferpain.core.validation import describe_fault
from transferpain.inputs.features.extractors.registry import EXTRACTORS
from transferpain.inputs.features.own_kinds.registry import OWN_KINDS
from transferpain.models.sources.origin import FINISHED_RUNS, JOINED, NO_NETWORK, OWN_FEATURES

OWN_FORM = "{" + " or ".join(OWN_KINDS) + ": FOLDER, rate: FRAMES A SECOND}"
OWN_NUMBERS = ("rate", "least_confidence")
OF_SIGNALS = ("channels", "longest_gap")  # what a source of signals says besides
EXTRACTOR_FORM = (
    "{extractor: "
    + " or ".join(name for name, kind in EXTRACTORS.items() if not kind.reads_source)
    + "}, with that one's settings beside it"
)

JOINED_FORM = "{joined: [{source: NAME, backbone: NAME}, ...]}"
RUNS_FORM = "{runs: [NAME OF A FINISHED RUN, ...]}"


def spread_source(values: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of an experiment with a source that is a mapping in the settings that read it.

    Raises:
        ValueError: if that source is neither `{features: FOLDER}`, with or without a rate, nor `{extractor: NAME}`, nor
            `{joined: SOURCES}`, nor `{runs: NAMES}`.
    """
    source, features = values.get("source"), values.get("features", {})
    if not isinstance(source, dict) or not isinstance(features, dict):
        return values
    for name, stands_for, key, form in (
        ("runs", FINISHED_RUNS, "members", RUNS_FORM),
        ("joined", JOINED, "joined", JOINED_FORM),
    ):
        if name in source:
            if set(source) != {name} or key in values:
                raise ValueError(f"source: {name} stand alone in it, as {form}, received {source}")
            return values | {"source": stands_for, key: source[name]}
    if source.get("extractor") is not None:
        return values | {"source": NO_NETWORK, "features": features | spread_extractor(source, features)}
    kinds, numbers = (
        [key for key in OWN_KINDS if source.get(key) is not None],
        {key: source.get(key) for key in OWN_NUMBERS},
    )
    are_numbers = all(one is None or type(one) in (int, float) for one in numbers.values())
    is_folder = len(kinds) == 1 and isinstance(source[kinds[0]], str)
    signals = {key: source[key] for key in OF_SIGNALS if source.get(key) is not None}
    if not (is_folder and are_numbers and set(source) <= {*OWN_KINDS, *numbers, *OF_SIGNALS}):
        forms = f"{OWN_FORM}, {EXTRACTOR_FORM}, {JOINED_FORM}, or {RUNS_FORM}"
        raise ValueError(f"source: as a mapping it is {forms}, received {source}")
    own = {"folder": source[kinds[0]], "files": kinds[0]}
    own |= {key: number for key, number in numbers.items() if number is not None}
    own |= {"signals": signals} if signals else {}
    return values | {"source": OWN_FEATURES, "features": features | own}


def spread_extractor(source: dict[str, Any], features: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of `features` that say the extractor of a source, and its settings.

    Raises:
        ValueError: if `features` names another extractor, or it has no such settings.
    """
    name, known = source["extractor"], features.get("extractor", source["extractor"])
    if known != name:
        raise ValueError(f"source: it names the extractor `{name}`, received `{known}` in features.extractor")
    settings = {key: value for key, value in source.items() if key != "extractor" and value is not None}
    former = features.get("extraction") or {}
    if not isinstance(former, dict):
        raise ValueError(f"features.extraction: a mapping of keys is meant, received {former}")
    chosen = former | settings
    if not chosen:
        return {"extractor": name}
    schema = EXTRACTORS[name].Settings if isinstance(name, str) and name in EXTRACTORS else None
    if schema is None:
        raise ValueError(f"source: known are {EXTRACTOR_FORM}, received {source}")
    try:
        schema(**chosen)
    except ValidationError as error:
        raise ValueError(f"source: {describe_fault(error, chosen, schema)}") from error
    return {"extractor": name, "extraction": chosen}
