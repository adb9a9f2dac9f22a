"""What a model card says of how a model was trained, beside what it is: trees, action units, clients."""

HYBRID_TITLES = {"units": "Action units only", "cnn": "CNN only", "hybrid": "Action units and CNN"}


def describe_trees(manifest: dict) -> str:
    """Say what stands beside the network in its bundle, and whose the scores are; nothing where it is alone."""
    if "hybrid" not in manifest:
        return ""
    facts = manifest["hybrid"]
    scored = manifest.get("scores_of") or HYBRID_TITLES[facts["main"]]
    measured = facts["estimator"]
    for measure in dict.fromkeys(facts.get("measures", {}).values()):
        units = [f"AU{unit}" for unit, one in facts["measures"].items() if one == measure]
        measured += f"; {measure}: {', '.join(units)}"
    return (
        f" Beside it stands gradient boosting on {len(facts['units'])} action units ({measured}), alone and "
        f"with its embedding. The scores are those of: {scored}."
    )


def describe_units(manifest: dict) -> str:
    """Say which action units were learned beside pain, and with what weight; nothing where none were."""
    if "units" not in manifest:
        return ""
    units = ", ".join(f"AU{unit}" for unit in manifest["units"]["of"])
    return (
        f" It learned coded action units beside its task ({units}; the weight of their loss "
        f"{manifest['units']['weight']:g}, beside 1), and answers its task alone."
    )


def describe_federated(manifest: dict) -> str:
    """Say that clients trained a head, and what each kept for itself; nothing of other models."""
    facts = manifest.get("federated")
    if facts is None:
        return ""
    text = (
        f" It was trained by federated averaging: {facts['clients']} clients, one for each {facts['client']}, "
        f"simulated in one process, sent weights in {facts['rounds']} rounds, without differential privacy or secure "
        "aggregation."
    )
    if facts["personal"] == "last_layer":
        text += " Its last layer is the mean of the clients' own ones."
    return text
