"""The command line: parse, one library call, print. Heavy imports happen inside commands."""

from __future__ import annotations

import sys
from typing import Any

import click

from retaliation_risk._version import __version__
from retaliation_risk.cli.data import check, import_, simulate
from retaliation_risk.cli.features import features
from retaliation_risk.cli.pipeline import compare, drift, evaluate, replay, score, train
from retaliation_risk.cli.posts import posts
from retaliation_risk.cli.runs import demo, report, run
from retaliation_risk.cli.serve import audit, forget, keys, serve
from retaliation_risk.cli.studies import study
from retaliation_risk.errors import RetaliationRiskError


class _Group(click.Group):
    """Print our own errors as their message and leave with their exit code; anything else is a bug and shows itself."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            if _interrupted(error):
                raise click.Abort from error
            if not isinstance(error, RetaliationRiskError):
                raise
            click.echo(str(error), err=True)
            sys.exit(error.exit_code)


def _interrupted(error: BaseException | None) -> bool:
    """Whether ctrl-C is behind an error: libraries make errors of their own of it, DuckDB within a query for one."""
    if error is None:
        return False
    told = (
        type(error).__name__ in ("RuntimeError", "InterruptException") and "interrupted" in str(error).lower()
    )
    behind = error.__cause__ or error.__context__
    return told or isinstance(error, KeyboardInterrupt) or _interrupted(behind)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="retaliation-risk")
def main() -> None:
    """Find the customers about to retaliate against a firm, in time to make it good.

    Exit codes: 0 ok, 1 bug, 2 usage, 3 data invalid, 4 gate failed, 5 artefact refused.
    """


for _command in (
    demo,
    import_,
    check,
    features,
    simulate,
    run,
    report,
    train,
    score,
    evaluate,
    compare,
    drift,
    replay,
    study,
    posts,
    serve,
    keys,
    forget,
    audit,
):
    main.add_command(_command)
