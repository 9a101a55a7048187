"""Clicks, boxes and strokes to a mask with nothing to download: colour, edges and optical flow in one graph cut."""
