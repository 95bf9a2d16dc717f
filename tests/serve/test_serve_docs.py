"""docs/serve.md and deploy/readout.env say what the settings say, and the commands of the docs do what they promise."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from retaliation_risk.serve.settings import variables

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs/serve.md").read_text(encoding="utf-8")


def settings_table():
    """The settings as docs/serve.md shows them."""
    rows = [
        f"| `{each['name']}` | {each['default'] and '`' + each['default'] + '`'} | {each['about']} |"
        for each in variables()
    ]
    return "\n".join(["| variable | default | |", "|---|---|---|", *rows])


def test_the_docs_show_every_setting():
    (shown,) = re.findall(r"<!-- settings: .*? -->\n(.*?)\n?<!-- /settings -->", DOCS, flags=re.S)
    assert shown.strip() == settings_table()


def test_the_example_of_the_environment_names_every_setting_and_no_other():
    lines = (ROOT / "deploy/readout.env").read_text(encoding="utf-8").splitlines()
    named = [re.match(r"(# )?(RETALIATION_RISK_[A-Z_]+)=(.*)", line) for line in lines]
    given = {found[2]: (found[1], found[3]) for found in named if found}
    told = {each["name"]: each["default"] for each in variables()}
    assert list(given) == list(told)
    for name, (commented, value) in given.items():
        assert not commented or value == told[name]
        assert "SECRET" not in name or value == ""


def test_five_commands_lead_from_nothing_to_a_readout(tmp_path):
    _, block = re.findall(r"^```sh\n(.*?)^```$", DOCS, flags=re.M | re.S)
    block = block.replace("8000", str(free_port()))
    # The program of this tree, whatever is installed; a small world and few draws for the sake of time.
    program = f'retaliation-risk() {{ PYTHONPATH="{ROOT}" "{sys.executable}" -m retaliation_risk "$@"; }}\n'
    quick = block.replace("run tables", "run tables --bootstraps 20 --models prevalence,cox").replace(
        "serve --run", f"serve --port {re.findall(r'127.0.0.1:([0-9]+)', block)[0]} --run"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RETALIATION_RISK")}
    output = tmp_path / "output"
    command = ["bash", "-c", f"set -e\n{program}{quick}"]
    with output.open("wb") as both:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environ, stdout=both, stderr=both, start_new_session=True
        )
        try:
            process.wait(timeout=300)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # the service goes on in the background, as it should
            process.wait()
    said = output.read_text()
    assert '{"customer_id"' in said, said
    readout, _ = json.JSONDecoder().raw_decode(said[said.index('{"customer_id"') :])
    assert readout["customer_id"] == "C0000001"
    assert 0 < readout["risk"] < 1


def free_port():
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
