"""Plug-ins: find them, ask each what it offers, and make engines by name."""

from __future__ import annotations

from videdit.plugins.loading import GROUP
from videdit.plugins.offers import AUTO, ROLES, Found, Registration, Role
from videdit.plugins.plugins import Plugins

__all__ = ["AUTO", "GROUP", "ROLES", "Found", "Plugins", "Registration", "Role"]
