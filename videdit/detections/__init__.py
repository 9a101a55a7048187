"""From a detector of single frames to things followed through a film: faces, number plates, whatever words name."""
