"""`transferpain live`: parse, call, print - nothing else."""

from math import isnan
from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import Debug, Model, Workspace, example, out, print_rows

live_app = typer.Typer()


@live_app.command(epilog=example("live ferplus-resnet18 --source 0"))
def live(
    model: Model,
    source: Annotated[str, typer.Option(metavar="0|FILE|URL", help="A camera's number, a video file, or a stream.")],
    record: Annotated[Path | None, typer.Option(metavar="FILE.mp4", help="Keep what is shown as a video.")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Keep one row per frame.")] = None,
    timeline: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the levels over time when it ends.")
    ] = None,
    window: Annotated[bool, typer.Option("--window/--no-window", help="Show the frames; q or Escape ends it.")] = True,
    skip: Annotated[
        str, typer.Option(help="Which frames keep the answer before them: interocular, paper (Algorithm 1), or none.")
    ] = "interocular",
    seconds: Annotated[
        float, typer.Option("--average", min=0.01, help="Seconds over which answers are averaged.")
    ] = 1.0,
    alert_level: Annotated[
        int | None, typer.Option(help="Alert from this level on, counted from 0. Default: never.")
    ] = None,
    alert_seconds: Annotated[float, typer.Option(help="How long the level must last.")] = 3.0,
    clip: Annotated[
        float | None,
        typer.Option(
            "--clip",
            help="Seconds that a model reads together: its clips' length. Default: of a head on features what its "
            "training says, of a fused network 5.5.",
        ),
    ] = None,
    encoder: Annotated[
        str,
        typer.Option(
            metavar="auto|keras|FILE.tflite",
            help="What answers: the fastest here, Keras, or a file that `export-edge` made of this model.",
        ),
    ] = "auto",
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Watch a camera, a file or a stream with a model; nothing is stored unless asked. No medical device."""
    from transferpain.apps.live.session import SessionOptions, live_settings, run_session
    from transferpain.apps.live.source import without_password
    from transferpain.models.bundles.address import model_at_hand

    settings = live_settings(skip=skip, window=seconds, clip=clip, alert_level=alert_level, alert_seconds=alert_seconds)
    file = None if encoder in ("auto", "keras") else Path(encoder)
    cache = workspace / "cache" if encoder == "auto" else None
    with model_at_hand(model, workspace) as address:
        result = run_session(address, source, settings, SessionOptions(record, csv, timeline, window, file, cache))
    took = "-" if isnan(result.median_ms) else f"{result.median_ms:.0f} and {result.p95_ms:.0f} ms"
    rows = [
        ["frames", str(result.frames)],
        ["without a face", str(result.without_face)],
        ["skipped, for they showed what the one before showed", str(result.skipped)],
        ["dropped, for they were late", str(result.dropped)],
        *([f"level {name}", str(count)] for name, count in result.levels.items()),
        ["alerts", str(result.alerts)],
        ["answered by", result.answered_by],
        ["from frame to decision, median and 95th percentile", took],
    ]
    print_rows(f"{without_password(source)}: {result.ended}", ["what", ""], rows)
    if result.undecided:
        out().print(result.undecided, markup=False, soft_wrap=True)
    out().print("Research only, no medical device.", markup=False)
    if result.warning:
        out().print(f"This model was {result.warning}.", markup=False)
