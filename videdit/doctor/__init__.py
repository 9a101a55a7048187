"""What this machine has, what is missing, and the one command that mends each fault."""

from __future__ import annotations

from videdit.doctor.examination import examine
from videdit.doctor.report import Report, Row, Severity

__all__ = ["Report", "Row", "Severity", "examine"]
