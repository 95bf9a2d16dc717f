"""The command line as its users meet it: help that is light, one line per breach, exit codes, nothing left behind."""

import ast
import gzip
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from retaliation_risk.cli import main
from retaliation_risk.errors import MESSAGES, ArgumentError
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames, write_tables
from tests.adapters.logs import HEADER, LEAKS, ROWS, write_log
from tests.parquet import read_parquet

ROOT = Path(__file__).parents[1]
COMMANDS = sorted(main.commands)
HEAVY = {
    "duckdb", "jinja2", "joblib", "lifelines", "matplotlib", "numba", "numpy", "pandas", "rich", "scipy", "sklearn",
    "statsmodels",
}  # fmt: skip
TRAINED = re.compile(r"^Models trained in \d+\.\d s\. Learned from [\d,]+ acts?, each against .+ rows")
PROBLEM = re.compile(r"^(?:(?:error|warning): )?(RR\d{3}) ([a-z ]+): (.+)$")


@pytest.fixture
def cli(capsys):
    """Call the program in this process: exit code, stdout, stderr."""

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments], prog_name="retaliation-risk")
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return call


def program(*arguments, **options):
    """The program as a process of its own."""
    command = [sys.executable, "-m", "retaliation_risk", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Sixty simulated customers: too few events for a model, so a run is quick."""
    folder = tmp_path_factory.mktemp("cli") / "world"
    write_tables(tables_from_frames(simulate(60, seed=1).frames), folder)
    return folder


# Help.


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_loads_nothing_heavy(command):
    asked = [command, "--help"] if command else ["--help"]
    script = (
        "import sys, retaliation_risk.cli as cli\n"
        "try:\n    cli.main(sys.argv[1:], prog_name='retaliation-risk')\n"
        "except SystemExit as left:\n    code = left.code\n"
        f"print((code, sorted({HEAVY!r} & set(sys.modules))), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *asked], capture_output=True, text=True, check=True, timeout=60
    )
    assert ast.literal_eval(done.stderr.splitlines()[-1]) == (0, [])
    assert done.stdout.startswith("Usage: retaliation-risk")


def leaves(group):
    """Every command that does something: those of a group stand for it."""
    for command in group.commands.values():
        yield from leaves(command) if hasattr(command, "commands") else [command]


@pytest.mark.parametrize("command", list(leaves(main)), ids=lambda command: command.name)
def test_every_command_says_what_it_does(command):
    assert (command.help or "").strip().split("\n")[0].endswith(".")
    options = {option.name: option for option in command.params if option.param_type_name == "option"}
    assert "as_json" in options
    assert [option for option in options.values() if not (option.help or "").endswith(".")] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_stands_in_the_readme(name):
    assert re.search(rf"\bretaliation-risk {name}\b", (ROOT / "README.md").read_text(encoding="utf-8"))


def test_the_module_runs_as_the_program():
    done = program("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"retaliation-risk, version \d+\.\d+\.\d+\S*\n", done.stdout)


# Bad tables, through check and run.

CUSTOMERS = "customer_id,first_seen_at\nC1,2024-01-01T00:00:01Z\nC2,2024-02-01T00:00:01Z\n"
TICKETS = "ticket_id,customer_id,opened_at\nT1,C1,2025-03-01T10:00:00Z\nT2,C2,2025-03-02T10:00:00Z\n"
EVENTS = "ticket_id,occurred_at,event_type\nT1,2025-03-01T11:00:00Z,solved\nT2,2025-03-02T11:00:00Z,closed\n"
GOOD = {"customers.csv": CUSTOMERS, "tickets.csv": TICKETS, "ticket_events.csv": EVENTS}

# What is wrong: the files that differ from GOOD (None: not there), the code, and the value that must be shown.
FAULTS = {
    "a missing column": (
        {"tickets.csv": TICKETS.replace("opened_at", "opened")},
        "RR101",
        "opened_at",
    ),
    "a truncated gzip": (
        {"tickets.csv": None, "tickets.csv.gz": gzip.compress(TICKETS.encode())[:-9]},
        "RR102",
        "tickets.csv.gz",
    ),
    "an empty file": ({"tickets.csv": ""}, "RR103", "tickets.csv"),
    "headers only": ({"tickets.csv": TICKETS.split("\n")[0] + "\n", "ticket_events.csv": None}, "RR104", "tickets"),
    "no tickets": ({"tickets.csv": None, "ticket_events.csv": None}, "RR105", "tickets"),
    "unparsable dates": (
        {"tickets.csv": TICKETS.replace("2025-03-01T10:00:00Z", "yesterday")},
        "RR201",
        "'yesterday'",
    ),
    "an event before its ticket": (
        {"ticket_events.csv": EVENTS.replace("2025-03-01T11", "2025-03-01T09")},
        "RR204",
        "2025-03-01T09:00:00Z",
    ),
    "duplicate ids": ({"tickets.csv": TICKETS.replace("T2,", "T1,"), "ticket_events.csv": None}, "RR205", "'T1'"),
    "an unknown event type": ({"ticket_events.csv": EVENTS.replace("solved", "forgotten")}, "RR206", "'forgotten'"),
    "a future time": (
        {"tickets.csv": TICKETS.replace("2025-03-02T", "2999-03-02T"), "ticket_events.csv": None},
        "RR207",
        "2999-03-02T10:00:00Z",
    ),
    "an orphan": ({"tickets.csv": TICKETS.replace("C2,", "C9,")}, "RR208", "'C9'"),
}  # fmt: skip


def write_world(folder, changes):
    folder.mkdir()
    for name, content in {**GOOD, **changes}.items():
        if content is not None:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def problems(text):
    """(level and code, name, found) of every line; each line must be a problem."""
    matches = [PROBLEM.match(line) for line in text.splitlines()]
    assert all(matches), text
    return [match.groups() for match in matches]


def test_the_good_tables_are_good(cli, tmp_path):
    code, out, err = cli("check", write_world(tmp_path / "good", {}))
    assert (code, out) == (0, "")
    assert err.endswith("good: 0 errors, 0 warnings.\n")


@pytest.mark.parametrize("fault", FAULTS)
def test_check_names_code_value_and_cure(cli, tmp_path, fault):
    changes, expected, value = FAULTS[fault]
    code, out, err = cli("check", write_world(tmp_path / "bad", changes))
    assert code == 3
    (found,) = [line for line in out.splitlines() if line.startswith("error: ")]
    ((shown, name, words),) = problems(found)
    assert (shown, name) == (expected, MESSAGES[expected].name)
    assert value in words
    assert words.endswith(MESSAGES[expected].cure)
    assert err.count("\n") == 1
    assert "bad: 1 error," in err


@pytest.mark.parametrize("fault", FAULTS)
def test_run_refuses_bad_tables_in_one_line_and_leaves_nothing(cli, tmp_path, fault):
    changes, expected, value = FAULTS[fault]
    tables = write_world(tmp_path / "bad", changes)
    code, out, err = cli("run", tables, "--out", tmp_path / "run")
    assert (code, out) == (3, "")
    ((shown, name, words),) = problems(err)
    assert (shown, name) == (expected, MESSAGES[expected].name)
    assert value in words
    assert words.endswith(MESSAGES[expected].cure)
    assert [path.name for path in tmp_path.iterdir()] == ["bad"]


def test_every_breach_gets_its_own_line(cli, tmp_path):
    changes = {
        "tickets.csv": TICKETS.replace("2025-03-01T10:00:00Z", "yesterday").replace("C2,", "C9,"),
        "ticket_events.csv": EVENTS.replace("solved", "forgotten"),
        "customers.csv": CUSTOMERS.replace("C2,", "C1,"),
    }
    tables = write_world(tmp_path / "bad", changes)
    code, out, err = cli("run", tables, "--out", tmp_path / "run")
    assert (code, out) == (3, "")
    assert sorted(shown for shown, _, _ in problems(err)) == ["RR201", "RR205", "RR206", "RR208"]
    assert cli("check", tables)[1].count("error: ") == 4


def test_check_prints_json_for_machines(cli, tmp_path):
    tables = write_world(tmp_path / "bad", FAULTS["duplicate ids"][0])
    code, out, _ = cli("check", tables, "--json")
    said = pd.io.json.ujson_loads(out)
    assert (code, said["ok"]) == (3, False)
    assert [(p["code"], p["level"], p["table"], p["count"], p["examples"]) for p in said["problems"]] == [
        ("RR205", "error", "tickets", 1, ["T1"])
    ]


def test_a_rename_file_maps_other_names(cli, tmp_path):
    tables = write_world(tmp_path / "theirs", {"tickets.csv": TICKETS.replace("opened_at", "Created at")})
    rename = tmp_path / "rename.toml"
    rename.write_text('[tickets]\nopened_at = "Created at"\n')
    assert cli("check", tables)[0] == 3
    assert cli("check", tables, "--rename", rename)[0] == 0
    code, out, _ = cli("features", tables, "--rename", rename, "--at", "2025-03-02")
    assert (code, out.splitlines()[1].split(",")[:2]) == (0, ["C1", "2025-03-02"])


@pytest.mark.parametrize("command", ["check", "run", "features"])
def test_a_rename_file_that_is_not_there(cli, world, tmp_path, command):
    more = {"check": [], "run": ["--out", tmp_path / "run"], "features": ["--at", "2025-01-01"]}[command]
    code, out, err = cli(command, world, "--rename", tmp_path / "no.toml", *more)
    assert (code, out) == (3, "")
    assert problems(err)[0][0] == "RR107"
    assert list(tmp_path.iterdir()) == []


# Bad exports, through import.

EXPORTS = {
    "a missing column": (HEADER.replace("caller_id", "caller"), ROWS, "RR101", "caller_id"),
    "another vendor": ("id,subject,created\n", "1,Hello,2025-01-01\n", "RR102", "servicenow"),
    "headers only": (HEADER, "", "RR104", "log"),
    "unparsable dates": (HEADER, ROWS.replace("1/3/2016 08:05", "2016 March 1"), "RR201", "2016 March 1"),
}


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
@pytest.mark.parametrize("fault", EXPORTS)
def test_import_refuses_a_bad_export_in_one_line_and_leaves_nothing(cli, tmp_path, fault, suffix):
    header, rows, expected, value = EXPORTS[fault]
    log = write_log(tmp_path / f"log{suffix}", rows, header)
    refused(cli, log, expected, value)


def refused(cli, log, expected, value):
    code, out, err = cli("import", "servicenow", log, "--out", log.parent / "tables")
    assert (code, out) == (3, "")
    ((shown, name, words),) = problems(err)
    assert (shown, name) == (expected, MESSAGES[expected].name)
    assert value.lower() in words.lower()
    assert words.endswith(MESSAGES[expected].cure)
    assert [path.name for path in log.parent.iterdir()] == [log.name]


def test_import_refuses_an_empty_export(cli, tmp_path):
    log = tmp_path / "log.csv"
    log.touch()
    refused(cli, log, "RR103", "log.csv")


def test_import_refuses_a_truncated_gzip(cli, tmp_path):
    log = write_log(tmp_path / "log.csv.gz")
    log.write_bytes(log.read_bytes()[:-9])
    refused(cli, log, "RR102", "log.csv.gz")


def test_import_then_check(cli, tmp_path):
    log = write_log(tmp_path / "log.csv")
    code, out, err = cli("import", "servicenow", log, "--out", tmp_path / "tables", "--json")
    assert code == 0
    assert pd.io.json.ujson_loads(out)["rows_out"]["tickets"] == 11
    assert err == f"Tables written to {tmp_path / 'tables'}.\n"
    assert cli("check", tmp_path / "tables")[0] == 0
    assert not set(LEAKS) & set(read_parquet(tmp_path / "tables" / "tickets.parquet"))


# Output that exists, and arguments.


@pytest.mark.parametrize("command", ["import", "simulate", "run", "demo"])
def test_no_command_writes_over_a_folder(cli, world, tmp_path, command):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "kept").write_text("mine")
    log = write_log(tmp_path / "log.csv")
    given = {"import": ["servicenow", log], "run": [world]}.get(command, ["--customers", "20"])
    code, out, err = cli(command, *given, "--out", tmp_path / "there")
    assert (code, out) == (2, "")
    ((shown, _, words),) = problems(err)
    assert shown == "RR108"
    assert "there" in words
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["kept"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "there"]


@pytest.mark.parametrize(
    ("arguments", "expected", "value"),
    [
        (["--outcome", "sulking"], "RR404", "'sulking'"),
        (["--model", "crystal_ball"], "RR111", "'crystal_ball'"),
        (["--models", "cox,crystal_ball"], "RR111", "'crystal_ball'"),
        (["--controls", "many"], "RR111", "'many'"),
        (["--controls", "0"], "RR111", "0"),
        (["--horizon-days", "-3"], "RR111", "-3.0"),
        (["--horizon-days", "nan"], "RR111", "nan"),
        (["--seed", "-1"], "RR111", "-1"),
    ],
)
def test_run_refuses_an_argument_with_its_value(cli, world, tmp_path, arguments, expected, value):
    code, out, err = cli("run", world, "--out", tmp_path / "run", *arguments)
    assert (code, out) == (2, "")
    ((shown, _, words),) = problems(err)
    assert shown == expected
    assert value in words
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_outcome_is_told_the_known_ones(cli, world, tmp_path):
    err = cli("run", world, "--out", tmp_path / "run", "--outcome", "sulking")[2]
    assert {"reopened", "retaliation", "switching"} <= set(re.split(r"[, .]+", err))


def test_a_place_where_no_folder_can_be_made(cli, world, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = cli("run", world, "--out", tmp_path / "file" / "run")
    assert (code, problems(err)[0][0]) == (2, "RR111")
    assert "file/run" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dance"], "No such command 'dance'"),
        (["run", "tables"], "Missing option '--out'"),
        (["run", "tables", "--out", "run", "--capacity", "0"], "0 is not in the range x>=1"),
        (["run", "tables", "--out", "run", "--bootstraps", "3"], "3 is not in the range x>=20"),
        (["run", "tables", "--out", "run", "--horizon-days", "soon"], "'soon' is not a valid float"),
        (["check"], "Missing argument 'SOURCE'"),
        (["check", "tables", "--loud"], "--loud"),
        (["simulate", "--customers", "0", "--out", "x"], "0 is not in the range x>=1"),
        (["simulate", "--format", "xlsx", "--out", "x"], "'xlsx' is not one of"),
        (["features", "tables"], "--at is needed with SOURCE"),
        (["features", "tables", "--at", "next week"], "'next week' is no ISO 8601 time"),
        (["features", "tables", "--at", "2025-01-01", "--out", "no/such/folder.csv"], "no/such is no folder"),
    ],
)
def test_usage_errors_leave_with_2(cli, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert words in " ".join(err.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "nowhere"],
        ["run", "nowhere", "--out", "run"],
        ["import", "servicenow", "nowhere", "--out", "o"],
    ],
)
def test_what_does_not_exist_is_not_found(cli, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    code, out, err = cli(*arguments)
    assert (code, out, problems(err)[0][0]) == (3, "", "RR107")
    assert "nowhere" in err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_helpdesk(cli, tmp_path):
    code, _, err = cli("import", "napkin", tmp_path / "log.csv", "--out", tmp_path / "tables")
    assert (code, problems(err)[0][0]) == (2, "RR111")
    assert "'napkin'; it must be one of freshdesk, hubspot" in err


@pytest.mark.parametrize("content", [None, "", "{", '{"schema_version": 99}'])
def test_report_refuses_what_is_no_run(cli, tmp_path, content):
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    code, out, err = cli("report", tmp_path)
    assert (code, out, problems(err)[0][0]) == (5, "", "RR501")
    assert not (tmp_path / "report.html").exists()


# The good way.


def test_features_as_of_a_moment(cli, world, tmp_path):
    dictionary = pd.io.json.ujson_loads(cli("features", "--json")[1])
    code, out, err = cli("features", world, "--at", "2025-06-01T00:00:00Z", "--out", tmp_path / "f.csv")
    assert (code, out) == (0, "")
    table = pd.read_csv(tmp_path / "f.csv")
    assert list(table)[2:] == [entry["name"] for entry in dictionary]
    assert err == f"{len(table)} customers, {len(dictionary)} features as of 2025-06-01T00:00:00Z.\n"
    tickets = read_parquet(world / "tickets.parquet")
    before = tickets[tickets["opened_at"] < "2025-06-01"].groupby("customer_id").size()
    assert table.set_index("customer_id")["tickets_ever"].to_dict() == {
        customer: before.get(customer, 0) for customer in table["customer_id"]
    }


def test_the_dictionary_as_a_table(cli):
    code, out, err = cli("features")
    assert (code, err) == (0, "")
    assert "double_deviations_180d"[:12] in out


def test_simulate_run_report_and_demo(cli, tmp_path):
    code, out, _ = cli(
        "simulate", "--customers", "40", "--seed", "3", "--format", "csv", "--out", tmp_path / "w", "--json"
    )
    assert (code, pd.io.json.ujson_loads(out)["rows"]["customers"]) == (0, 40)
    code, out, err = cli("run", tmp_path / "w", "--out", tmp_path / "run", "--bootstraps", "20", "--json")
    page = tmp_path / "run" / "report.html"
    assert (code, pd.io.json.ujson_loads(out)["report"]) == (0, str(page))
    assert TRAINED.match(err)
    assert err.endswith(f"\nReport: {page}\n")
    written = page.read_bytes()
    page.unlink()
    assert cli("report", tmp_path / "run")[0] == 0
    assert page.read_bytes() == written
    code, out, _ = cli("demo", "--customers", "40", "--bootstraps", "20", "--out", tmp_path / "demo")
    assert code == 0
    assert out.count("\n") == 1
    assert (tmp_path / "demo" / "report.html").exists()


# Interrupted.


def started(tables, out):
    """A run in a process of its own that has begun to write."""
    command = [
        sys.executable,
        "-m",
        "retaliation_risk",
        "run",
        str(tables),
        "--out",
        str(out),
        "--bootstraps",
        "20",
    ]
    # A shell that starts tests in the background has them ignore ctrl-C, and children inherit that.
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    until = time.monotonic() + 120
    while not list(out.parent.glob(f".{out.name}.partial-*")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.005)
    return process


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("delay", [0.0, 0.5])
def test_ctrl_c_leaves_nothing(world, tmp_path, delay):
    # Without delay it mostly falls into a query: DuckDB makes an error of its own of it.
    process = started(world, tmp_path / "run")
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:  # it fell into a library that swallows it: a person would press again
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (1, "")
    assert err.splitlines()[-1] == "Aborted!"
    assert list(tmp_path.iterdir()) == []


def swallowed(kind):
    """What a library makes of a ctrl-C that it caught, as lifelines does where it checks numbers."""
    try:
        raise KeyboardInterrupt
    except BaseException:  # as bare as theirs
        raise kind("Values must be numeric")  # noqa: B904


@pytest.mark.parametrize("kind", [ValueError, lambda words: ArgumentError("RR111", words)])
def test_a_ctrl_c_that_a_library_made_an_error_of_is_one(kind, monkeypatch):
    monkeypatch.setattr("retaliation_risk.tables.read_tables", lambda *_, **__: swallowed(kind))
    found = CliRunner().invoke(main, ["run", ".", "--out", "never"])
    assert (found.exit_code, found.stderr.strip()) == (1, "Aborted!")


def test_an_error_that_no_ctrl_c_is_behind_is_told_as_it_is(monkeypatch):
    def fail(*_, **__):
        raise ArgumentError("RR111", "this is wrong.")

    monkeypatch.setattr("retaliation_risk.tables.read_tables", fail)
    found = CliRunner().invoke(main, ["run", ".", "--out", "never"])
    assert found.exit_code == 2
    assert found.stderr.startswith("RR111")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_killed_run_leaves_no_run_and_the_next_clears_up(world, tmp_path):
    process = started(world, tmp_path / "run")
    process.kill()
    process.communicate(timeout=120)
    (left,) = tmp_path.iterdir()
    assert left.name == f".run.partial-{process.pid}"
    done = program("run", world, "--out", tmp_path / "run", "--bootstraps", "20")
    assert done.returncode == 0
    assert TRAINED.match(done.stderr)
    assert done.stderr.endswith(f"\nReport: {tmp_path / 'run' / 'report.html'}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
