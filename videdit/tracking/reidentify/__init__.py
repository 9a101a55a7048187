"""Re-identification: find an object again by its looks, after a cut or an occlusion."""
