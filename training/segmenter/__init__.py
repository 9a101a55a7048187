"""Training of the segmenter's network: `python -m training.segmenter`."""
