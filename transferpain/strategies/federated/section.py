"""What federated training adds to a report: who the clients were, what left them, and what a new subject gets."""

from pathlib import Path
from typing import Any, Literal

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.strategies.common.finished import fold_files, read_experiment, read_fold_table
from transferpain.strategies.common.stated import Stated, StatedExperiment, read_stated

FACTS_FILE = "federated.json"
CLIENTS_FILE = "clients.csv"
TITLES = {
    "training": "Training",
    "clients": "Clients",
    "of_one_class": "Of one class",
    "without_a_face": "Without a face",
    "rounds": "Rounds",
    "kept_round": "Kept",
    "updates": "Updates",
    "megabytes_down": "MB to clients",
    "megabytes_up": "MB from clients",
}
SIMULATED = (
    "Clients were simulated in one process, one after the other, on one machine that holds the clips of all of them: "
    "no network was used, and times say nothing of one."
)
LEAVES = (
    "What leaves a client, each time that it takes part in a round: {up} numbers of its network's weights, averages of "
    "batch normalisation among them ({up_bytes} bytes), and three numbers beside them: how many rows it has, and their "
    "loss and accuracy while it learned. Once, before the first round: how many clips and windows of each class it "
    "has, from which come class weights, if any, and the answer for a clip without a face; of a client of one class "
    "these counts tell its labels. No clip, face or feature leaves it."
)
PRIVACY = (
    "Weights are no secret: from a client's weights or their changes others can learn who took part, and rebuild what "
    "it learned from (membership inference, gradient inversion). Nothing here hinders that: there is no differential "
    "privacy and no secure aggregation, and the server sees each client's weights by themselves."
)
SERVER = (
    "The server holds the clips of the selection part, validates its model on them after each round and keeps that of "
    "the lowest loss. The linear probe in this report is fitted to the features of all training clips at once: it is a "
    "baseline, and not federated."
)
AVERAGED = (
    "A new subject, as every tested one, gets the server's model: the mean of all clients' weights by their rows."
)
PERSONAL = (
    "Each client keeps a last layer of its own, which no other client is given. A new subject, as every tested one, "
    "has none: it gets the averaged layers and the mean of the clients' last layers by their rows, for which these "
    "leave the clients, too. No tested clip was used to make it a personal one; what some labelled clips of a tested "
    "subject would add is the matter of few-shot calibration (`few_shot`), which does not test the clips it uses."
)


class StatedFederated(Stated):
    """`federated.json` of a fold."""

    clients: int
    without_a_face: int
    of_one_class: int
    rounds: int
    kept_round: int
    updates: int
    body: int
    last_layer: int
    bytes_a_number: int
    bytes_down: int
    bytes_up: int


class StatedSettings(Stated):
    """How clients trained together, in `experiment.yaml`."""

    client: str
    local_epochs: int
    share: float
    personal: Literal["none", "last_layer"]


class FederatedExperiment(StatedExperiment):
    """`experiment.yaml` of such a run."""

    name: str
    federated: StatedSettings


def federated_section(run: Path) -> Section | None:
    """Return the section of a run's folder; `None` before a fold is finished."""
    files = fold_files(run, FACTS_FILE)
    if not files:
        return None
    experiment = read_experiment(run, FederatedExperiment)
    name, how = experiment["name"], experiment["federated"]
    trainings = {training: read_stated(path, StatedFederated) for training, path in files.items()}
    clients = {
        training: read_fold_table(path, ("client",), ("clips", "rows", "classes", "rounds"))
        for training, path in fold_files(run, CLIENTS_FILE).items()
    }
    first = next(iter(trainings.values()))
    up = first["body"] + first["last_layer"]
    personal = how["personal"] == "last_layer"
    table = rounds_table(name, trainings)
    return Section(
        title="Federated training",
        paragraphs=(
            describe(how, clients),
            LEAVES.format(up=f"{up:,}", up_bytes=f"{up * first['bytes_a_number']:,}"),
            *([f"Back to a client go {first['body']:,} of these numbers, and its first last layer once."] * personal),
            PRIVACY,
            PERSONAL if personal else AVERAGED,
            SERVER,
            SIMULATED,
        ),
        tables=(
            Table(
                name="federated",
                numbers=table,
                text=as_text(table),
                caption=f"Rounds of {name}, and what was sent in them",
                note="Updates: how often a client trained in a round, in all of them. MB: 1,000,000 bytes, counted "
                "from the sizes of what was sent. Kept: the round whose model answers.",
            ),
            Table(name="clients", numbers=clients_table(name, clients)),
        ),
        notes=one_class_note(trainings),
        folded=True,
    )


def describe(how: dict[str, Any], clients: dict[str, pd.DataFrame]) -> str:
    """Say in a sentence or two who trained together, and how."""
    rows = pd.concat(clients.values())["rows"]
    share = "All of them take" if how["share"] == 1 else f"A share of {how['share']:g} of them, drawn anew, takes"
    epochs = "one epoch" if how["local_epochs"] == 1 else f"{how['local_epochs']} epochs"
    return (
        f"A head was trained by federated averaging (McMahan et al., AISTATS 2017): a client for each "
        f"{how['client']}, with {rows.min()} to {rows.max()} rows. {share} part in a round; each trains the server's "
        f"weights for {epochs} on its own rows, with an optimiser that begins anew, and the server takes the mean of "
        "theirs by their rows. Rounds count as epochs do elsewhere."
    )


def rounds_table(name: str, trainings: dict[str, Any]) -> pd.DataFrame:
    """Return one row per training: clients, rounds and bytes.

    Args:
        name: of the run.
        trainings: fold folder -> what its `federated.json` holds.
    """
    columns = ["clients", "of_one_class", "without_a_face", "rounds", "kept_round", "updates", "body", "last_layer"]
    rows = [
        {"run": name, "training": training, **{key: facts[key] for key in (*columns, "bytes_down", "bytes_up")}}
        for training, facts in trainings.items()
    ]
    return pd.DataFrame(rows)


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rounds as text, without the run's name."""
    shown = {"megabytes_down": table["bytes_down"], "megabytes_up": table["bytes_up"]}
    megabytes = {key: [f"{value / 1e6:,.2f}" for value in values] for key, values in shown.items()}
    text = table.astype(str).assign(**megabytes)
    return text[list(TITLES)].rename(columns=TITLES)


def clients_table(name: str, clients: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per training and client, for the file of the report."""
    tables = [table.assign(run=name, training=training) for training, table in clients.items()]
    return pd.concat(tables, ignore_index=True)[["run", "training", "client", "clips", "rows", "classes", "rounds"]]


def one_class_note(trainings: dict[str, Any]) -> tuple[str, ...]:
    """Say where clients knew one class alone; nothing where none did."""
    most = max(facts["of_one_class"] for facts in trainings.values())
    if not most:
        return ()
    return (
        f"Up to {most} clients of a training have clips of one class alone: each learned from what it has, and pulls "
        "the mean towards that class by its rows.",
    )
