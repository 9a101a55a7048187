"""The weights and clips that the golden tests draw by a rule, for benchmarks that compare networks without files."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"


def reference_module() -> Any:
    spec = importlib.util.spec_from_file_location("reference_weights", GOLDEN / "reference_weights.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
