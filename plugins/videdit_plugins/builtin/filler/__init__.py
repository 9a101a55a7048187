"""The built-in filler: what other frames of the shot show behind a hole, aligned and blended; no network."""
