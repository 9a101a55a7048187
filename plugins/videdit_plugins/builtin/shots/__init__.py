"""Shot detectors that need nothing downloaded: PySceneDetect's five, and `auto`, which weighs more evidence."""
