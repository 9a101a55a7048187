"""Try it: videdit --plugins-dir examples/plugins sepia film.mp4 --click 320,240 -o aged.mp4"""

import numpy as np

import videdit


class Sepia(videdit.Effect):
    """Give objects the brown of an old photograph."""

    def render(self, window):
        grey = window.rgb.mean(axis=2, keepdims=True)
        return (grey * np.array([1.0, 0.84, 0.62])).astype(window.rgb.dtype)


@videdit.hookimpl
def register_effects(register):
    register("sepia", Sepia)
