"""The sound of the films, made from nothing: a small tune, the ball's bounces, and air."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SAMPLES_PER_SECOND = 48000
Sound = NDArray[np.float32]
"""(samples, 2) float32 in [-1, 1]: left and right."""

_BEAT_SECONDS = 0.25
# In half tones above A3; None is a rest.
_MELODY: tuple[int | None, ...] = (0, 4, 7, 12, None, 11, 7, None, 5, 9, 12, 16, None, 14, 12, None)
_BASS: tuple[int, ...] = (-12, -8, -7, -5)


def make_tune(duration_seconds: float) -> Sound:
    """Make a tune for a plucked instrument with a bass beneath, of that length."""
    sound = _silence(duration_seconds)
    for beat in range(int(duration_seconds / _BEAT_SECONDS)):
        note = _MELODY[beat % len(_MELODY)]
        if note is not None:
            _add(sound, beat * _BEAT_SECONDS, _pluck(note), 0.16, place=0.3 * np.sin(beat))
        if beat % 4 == 0:
            _add(sound, beat * _BEAT_SECONDS, _pluck(_BASS[beat // 4 % 4] - 12, fading=1.6), 0.20, place=0.0)
    return _finish(sound + _air(duration_seconds))


def add_bounces(sound: Sound, times: Sequence[float], places: Sequence[float]) -> Sound:
    """Lay the thump of a light ball into a sound, at each time in seconds, from -1 on the left to 1 on the right."""
    mixed = sound.copy()
    for number, (time, place) in enumerate(zip(times, places, strict=True)):
        _add(mixed, time, _thump(number), 0.62 * 0.72**number, place)
    return _finish(mixed)


def _silence(duration_seconds: float) -> Sound:
    return np.zeros((round(duration_seconds * SAMPLES_PER_SECOND), 2), np.float32)


def _add(sound: Sound, start_seconds: float, note: NDArray[np.float64], loudness: float, place: float) -> None:
    """Add a note in place, at equal power between the two sides."""
    start = round(start_seconds * SAMPLES_PER_SECOND)
    length = min(len(note), len(sound) - start)
    if length <= 0:
        return
    angle = (np.clip(place, -1, 1) + 1) * np.pi / 4
    sides = np.array([np.cos(angle), np.sin(angle)])
    sound[start : start + length] += (loudness * note[:length, None] * sides).astype(np.float32)


def _pluck(half_tones: int, fading: float = 3.5) -> NDArray[np.float64]:
    """A struck bar: a few partials, the higher ones gone sooner."""
    time = np.arange(int(1.2 * SAMPLES_PER_SECOND)) / SAMPLES_PER_SECOND
    frequency = 220.0 * 2 ** (half_tones / 12)
    partials = ((1.0, 1.0), (2.0, 0.35), (3.93, 0.18), (6.9, 0.06))
    waves = (
        strength * np.sin(2 * np.pi * frequency * ratio * time) * np.exp(-fading * ratio * time)
        for ratio, strength in partials
    )
    return np.asarray(sum(waves), np.float64) * np.minimum(1, time / 0.003)


def _thump(number: int) -> NDArray[np.float64]:
    """A hollow beat whose pitch falls, with the rattle of gravel."""
    time = np.arange(int(0.35 * SAMPLES_PER_SECOND)) / SAMPLES_PER_SECOND
    falling = 95 * time + 110 / 38 * (1 - np.exp(-38 * time))
    body = np.sin(2 * np.pi * falling) * np.exp(-17 * time)
    rattle = np.random.default_rng([7, number]).normal(0, 0.30, len(time)) * np.exp(-55 * time)
    return np.asarray((body + rattle) * np.minimum(1, time / 0.0015), np.float64)


def _air(duration_seconds: float) -> Sound:
    """Quiet wind: noise without its highs, swelling slowly, a little different on each side."""
    count = round(duration_seconds * SAMPLES_PER_SECOND)
    noise = np.random.default_rng(11).normal(0, 1, (count, 2))
    spectrum = np.fft.rfft(noise, axis=0)
    frequency = np.fft.rfftfreq(count, 1 / SAMPLES_PER_SECOND)[:, None]
    soft = np.fft.irfft(spectrum / (1 + (frequency / 320) ** 2), count, axis=0)
    swell = 0.7 + 0.3 * np.sin(2 * np.pi * 0.4 * np.arange(count) / SAMPLES_PER_SECOND)
    return np.asarray(0.012 * soft / soft.std() * swell[:, None], np.float32)


def _finish(sound: Sound) -> Sound:
    """Keep the peaks below full scale, and let the end fade within 30 ms so that it does not click."""
    fade = np.minimum(1, (len(sound) - np.arange(len(sound))) / (0.03 * SAMPLES_PER_SECOND))
    return np.asarray(np.tanh(sound) * fade[:, None], np.float32)
