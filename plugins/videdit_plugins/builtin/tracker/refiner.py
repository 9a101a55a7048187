"""The learned part of the tracker, as the tracker uses it: arrays in, arrays out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from videdit_plugins.builtin.threads import beside, one_thread
from videdit_plugins.builtin.tracker.channels import Channels, Look
from videdit_plugins.builtin.tracker.combine import sigmoid
from videdit_plugins.builtin.tracker.memory import Places
from videdit_plugins.builtin.tracker.planes import FloatMap
from videdit_plugins.builtin.tracker.roi import Roi

if TYPE_CHECKING:
    from torch import Tensor

    from videdit_plugins.builtin.tracker.network import Features, TrackerNetwork
    from videdit_plugins.builtin.tracker.target import Target

WEIGHTS = tuple(Path(__file__).with_name(f"tracker-{number}.safetensors") for number in (1, 2))
"""Two networks that learned from different films: what both say is wrong less often than what either says."""
LARGEST_ODDS = 8.0
MOST_ADDED = 4.0
TAKEN, MOST_TAKEN = 0.4, 1.5
"""The network may add to the evidence's log odds, but take little from them: it learned from cut-outs that pass behind
others, and is quick to give up a limb that a film shows in another pose. What evidence holds up stays."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the networks make of a window's picture, before any object is asked for.

    keys:     (K, h / 4, w / 4) float32, to remember the window by
    features: each network's own
    """

    keys: NDArray[np.float32]
    features: Sequence[Features] = ()


class Refiner(Protocol):
    """Turns evidence into a probability."""

    def encode(self, lab: NDArray[np.uint8]) -> Encoded:
        """Return what there is to know of a window (h, w, 3) uint8, OpenCV's 8-bit Lab, by its picture alone."""
        ...

    def refine(
        self, target: Target, index: int, roi: Roi, seen: Look, encoded: Encoded, evidence: Channels, odds: FloatMap
    ) -> FloatMap:
        """Return the probability of each pixel of the window `roi` of frame `index`, (h, w) float32.

        encoded: of `seen.lab`
        odds:    (h, w) float32, what the evidence alone says
        """
        ...


def picture(lab: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (3, h, w) float32 about [-2, 2] of OpenCV's 8-bit Lab (h, w, 3)."""
    return np.ascontiguousarray((lab.astype(np.float32) - 128).transpose(2, 0, 1) / np.float32(48))


def cues(evidence: Channels, odds: FloatMap) -> NDArray[np.float32]:
    """Return (13, h, w) float32: the evidence, each about [-1, 1]; with the picture, what the network takes."""
    more = [
        2 * evidence.warped - 1,
        2 * evidence.agreement - 1,
        2 * evidence.found - 1,
        odds / LARGEST_ODDS,
    ]
    return np.concatenate([evidence.maps, np.stack(more)]).astype(np.float32)


def weighed(odds: FloatMap, own: FloatMap) -> FloatMap:
    """Return the log odds that the tracker goes by, of the evidence's and the network's own, (h, w) float32 each."""
    more = own - odds
    added = np.minimum(more, np.float32(MOST_ADDED))
    taken = np.maximum(np.float32(TAKEN) * more, np.float32(-MOST_TAKEN))
    return np.asarray(odds + np.where(more < 0, taken, added), np.float32)


class LearnedRefiner:
    """Runs networks on the CPU, where windows this small are quickest, and goes by the mean of their log odds.

    networks: each has 32 keys of its own, which lie one after the other
    weigh:    the log odds to go by, of the evidence's and the networks' own
    """

    def __init__(self, *networks: TrackerNetwork, weigh: Callable[[FloatMap, FloatMap], FloatMap] = weighed) -> None:
        self._networks = [network.eval() for network in networks]
        self._weigh = weigh

    def encode(self, lab: NDArray[np.uint8]) -> Encoded:
        import torch

        with torch.inference_mode(), one_thread():
            shown = _batch(picture(lab)).contiguous(memory_format=torch.channels_last)
            features = [network.encoder(shown) for network in self._networks]
            return Encoded(np.concatenate([one.keys[0].numpy() for one in features]), features)

    def refine(
        self, target: Target, index: int, roi: Roi, seen: Look, encoded: Encoded, evidence: Channels, odds: FloatMap
    ) -> FloatMap:
        import torch

        given = [one.learned for one in target.closest(index) if one.learned is not None]
        last = [target.last_places] if target.last_places is not None else given[-1:]
        with torch.inference_mode():
            taken = _batch(np.concatenate([picture(seen.lab), cues(evidence, odds)]))
            taken = taken.contiguous(memory_format=torch.channels_last)
        asked = partial(self._asked, encoded=encoded, taken=taken, odds=odds, given=given, last=last)
        others = [beside(partial(asked, number)) for number in range(1, len(self._networks))]
        answers = [asked(0), *(other.result() for other in others)]
        return sigmoid(self._weigh(odds, np.mean(answers, axis=0)))

    def _asked(
        self,
        number: int,
        *,
        encoded: Encoded,
        taken: Tensor,
        odds: FloatMap,
        given: list[Places],
        last: list[Places],
    ) -> FloatMap:
        """Return a network's own log odds (h, w)."""
        import torch

        from videdit_plugins.builtin.tracker.network import KEY, Remembered

        def remembered(frames: list[Places]) -> Remembered:
            keys = np.concatenate([one.keys[:, number * KEY : (number + 1) * KEY] for one in frames])
            inside = np.concatenate([one.inside for one in frames])
            return Remembered(_batch(keys), _batch(inside))

        network, features = self._networks[number], encoded.features[number]
        with torch.inference_mode(), one_thread():
            own, _ = network(features, taken, _batch(odds[None]), remembered(given), remembered(last))
            return np.asarray(own[0, 0].numpy(), np.float32)


def _batch(values: NDArray[np.float32]) -> Tensor:
    import torch

    return torch.from_numpy(np.ascontiguousarray(values)[None])


CONVOLUTIONS_KEPT = 64
"""Windows are of many shapes, and for each shape the library under torch keeps code and weights of every convolution:
1024 of them unless told before the first, which is a hundred megabytes; old shapes hardly come back."""


def load_refiner(weights: Path | None = None) -> LearnedRefiner | None:
    """Return a refiner of the network in a file, or of those that come with videdit, None if it comes without.

    Raises MissingCheckpoint if there is no such file, CorruptCheckpoint if what it holds is not this network's.
    """
    if weights is None:
        return _of_videdit()
    return _loaded(weights)


@cache
def _of_videdit() -> LearnedRefiner | None:
    return _loaded(*WEIGHTS) if all(path.exists() for path in WEIGHTS) else None


def _loaded(*weights: Path) -> LearnedRefiner:
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(CONVOLUTIONS_KEPT))
    from videdit.checkpoints import load_state_dict, load_strict
    from videdit_plugins.builtin.tracker.network import TrackerNetwork

    networks = []
    for path in weights:
        tensors = load_state_dict(path, "safetensors")
        network = TrackerNetwork.as_wide_as(tensors)
        load_strict(network, tensors, str(path))
        networks.append(network.folded())
    return LearnedRefiner(*networks)
