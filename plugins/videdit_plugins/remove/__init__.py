"""Plug-ins that come with videdit."""
