"""videdit inside other programs."""
