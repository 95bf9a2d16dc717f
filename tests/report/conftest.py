from __future__ import annotations

from pathlib import Path

import pytest
from report_folder import write_run_folder


@pytest.fixture
def full(tmp_path: Path) -> Path:
    return write_run_folder(tmp_path / "full", truth=True)
