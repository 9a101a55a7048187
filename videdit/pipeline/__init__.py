"""The pipeline: effects over the frames and masks of a film, in chunks, into a finished file."""
