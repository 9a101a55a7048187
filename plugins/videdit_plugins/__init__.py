"""The plug-ins that come with videdit, written against its public names alone."""
