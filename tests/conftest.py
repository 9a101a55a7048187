"""Shared fixtures. Real footage is read from the folder that VIDEDIT_TEST_DATA names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Tests measure no time, examples of property tests included: the machine may be busy.
settings.register_profile("videdit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("videdit")


@pytest.fixture(scope="session")
def footage() -> Path:
    """The folder with `davis/` and `clips/`; tests that need it are skipped, by name, where it is absent."""
    folder = os.environ.get("VIDEDIT_TEST_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs real footage: VIDEDIT_TEST_DATA names no folder")
    return Path(folder)
