"""Options of settings: one file, the environment and flags, the same for every command that learns or judges."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from retaliation_risk.artefacts import Artefact
    from retaliation_risk.pipeline import Config

_FLAGS = (
    click.option("--outcome", help="retaliation, or one outcome or event type."),
    click.option("--horizon-days", type=float, help="How far ahead a risk looks."),
    click.option("--capacity", type=click.IntRange(1), help="Customers the team can answer a period."),
    click.option("--model", help="Model whose risk orders the queue."),
    click.option("--models", "compare", help="Models to train and judge, with commas between."),
    click.option(
        "--controls", help="Customers that each one who acted is compared with: a number, all, or auto."
    ),
    click.option(
        "--now", type=click.DateTime(), help="Moment of the question, UTC; default: the end of observation."
    ),
    click.option("--bootstraps", "n_bootstrap", type=click.IntRange(20), help="Draws behind each interval."),
    click.option("--seed", type=int, help="Same inputs and seed, same bytes."),
)
_NAMES = ("outcome", "horizon_days", "capacity", "model", "compare", "controls", "now", "n_bootstrap", "seed")


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --config, --set and a flag for each common setting; it is called with ``config``."""

    @wraps(command)
    def with_config(*args: Any, config: Path | None, changes: tuple[str, ...], **options: Any) -> Any:
        flags = {name: options.pop(name) for name in _NAMES}
        return command(*args, config=_read(config, changes, flags), **options)

    for option in reversed(_FLAGS):
        with_config = option(with_config)
    with_config = click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="KEY=VALUE",
        help="Any other setting, such as drift.psi=0.3.",
    )(with_config)
    return click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Settings as TOML (docs/run.toml); flags and RETALIATION_RISK_... variables go before it.",
    )(with_config)


def _read(path: Path | None, changes: tuple[str, ...], flags: dict[str, Any]) -> Config:
    from retaliation_risk.pipeline import read_config

    told = {}
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals:
            raise click.BadParameter(f"{change!r} is no KEY=VALUE.", param_hint="--set")
        told[key.strip()] = value.strip()
    now = flags.pop("now")
    moment = now.isoformat() if isinstance(now, datetime) else None
    return read_config(path, flags={**told, **flags, "now": moment})


joblib_option = click.option(
    "--allow-joblib",
    is_flag=True,
    help="Open a model stored as a pickle too: it can run any code of who wrote it.",
)


def stored_options(
    about: str, *, required: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command --artefact, --digest and --allow-joblib; it is called with ``stored``, None where none is named."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def with_model(
            *args: Any, artefact: Path | None, digest: str | None, allow_joblib: bool, **options: Any
        ) -> Any:
            stored = None if artefact is None else opened(artefact, digest=digest, allow_joblib=allow_joblib)
            return command(*args, stored=stored, **options)

        with_model = joblib_option(with_model)
        with_model = click.option(
            "--digest", help="Open only the model with this digest (as train prints it with --json)."
        )(with_model)
        return click.option(
            "--artefact", required=required, type=click.Path(path_type=Path, file_okay=False), help=about
        )(with_model)

    return decorate


def side_option(name: str, about: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command one side of a comparison: the folder of a stored model, or one that has it as ``model/``."""
    return click.option(
        f"--{name}", required=True, type=click.Path(path_type=Path, file_okay=False), help=about
    )


def opened(folder: Path, *, digest: str | None = None, allow_joblib: bool = False) -> Artefact:
    """Open a stored model, given as its folder or as one that has it as ``model/``."""
    from retaliation_risk.artefacts import load_artefact

    inside = folder / "model"
    return load_artefact(inside if inside.is_dir() else folder, digest=digest, allow_joblib=allow_joblib)
