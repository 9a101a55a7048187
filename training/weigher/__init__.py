"""The network that weighs the views of a hole for the built-in filler."""
