"""Plug-ins: find them, ask each what it offers, and make engines by name."""

from __future__ import annotations

from videdit.plugins.offers import AUTO, ROLES, Found, Registration, Role
from videdit.plugins.plugins import GROUP, Plugins

__all__ = ["AUTO", "GROUP", "ROLES", "Found", "Plugins", "Registration", "Role"]
