"""What docs/policies.md says of policies and playbooks is so."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from retaliation_risk.policies import POLICIES, parse_playbook, read_playbook

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")


def test_the_policies_of_the_page_are_all_there_are():
    rows = re.findall(r"^\| `(\w+)` \| .*? \| ([\w, ]+) \| ?(yes)? ?\|$", PAGE, flags=re.M)
    shown = [(name, tuple(needs.split(", ")), uses == "yes") for name, needs, uses in rows]
    assert shown == [(policy.name, policy.needs, policy.uses_influence) for policy in POLICIES]


def test_the_rules_of_the_page_are_those_shipped():
    section = PAGE.split("| rule | when |")[1].split("\n\n")[0]
    names = [line.split("|")[1].strip() for line in section.splitlines()[2:]]
    rules = [rule.name + " (uses influence)" * rule.uses_influence for rule in read_playbook().rules]
    assert names == [*rules, "default"]


def test_the_playbook_of_the_page_reads():
    (text,) = re.findall(r"^```toml\n(.*?)^```", PAGE, flags=re.M | re.S)
    assert len(parse_playbook(text).rules[0].when) == 4


def test_the_policy_and_the_capacity_of_the_page_run():
    own, capacity = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.M | re.S)[:2]
    scored = pd.DataFrame(
        {"customer_id": ["a", "b"], "risk": [0.1, 0.2], "tier": [3, 1], "tenure_days": [9.0, 1.0]}
    )
    names = {"scored": scored}
    exec(compile(own + capacity, "policies.md", "exec"), names)
    assert names["newest_first"].priority(scored).tolist() == [-9.0, -1.0]
    assert names["answered"][["team", "customer_id"]].values.tolist() == [["gold desk", "a"], ["phone", "b"]]
    assert set(names["state"].answered) == {"a", "b"}
