"""One film's run: predict a frame from memory, take what was given on it, remember it, go on.

Source: XMem, section 3.2 and algorithm of the appendix; memory sets per group and permanent frames are videdit's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from videdit_plugins.xmem.aggregation import aggregate
from videdit_plugins.xmem.memory.elements import Elements, new_elements, places
from videdit_plugins.xmem.memory.group import Group, Limits
from videdit_plugins.xmem.network.key_encoder import Features
from videdit_plugins.xmem.network.network import STRIDE, XMem


@dataclass(frozen=True, slots=True)
class Encoded:
    """One frame, ready for the run.

    index:    its number in the film
    image:    (1, 3, H, W), normalised, padded to multiples of 16
    features: of that image
    """

    index: int
    image: Tensor
    features: Features


@dataclass(frozen=True, slots=True)
class Prediction:
    """What memory says about a frame.

    objects:       ids, in the order of the arrays
    logits:        (objects + 1, H, W), background first, after aggregation
    hidden:        (objects, Ch, h, w), the sensory memory if nothing is given on this frame; None if it stays
    concentration: (objects, h, w), how few elements decide at each place
    support:       (objects, h, w) in [0, 1], weight of what memory knows as the object among what decides
    """

    objects: tuple[int, ...]
    logits: Tensor
    hidden: Tensor | None
    concentration: Tensor
    support: Tensor


@dataclass(slots=True)
class Run:
    """All that changes from frame to frame.

    steps, last_memory: frames handled since the first, and which of them was remembered last
    hidden:             object id -> (Ch, h, w); its keys are the objects, in the order they joined
    prediction:         of the present frame; None on the first, or if everything was given
    """

    steps: int = 0
    last_memory: int = 0
    hidden: dict[int, Tensor] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    prediction: Prediction | None = None


class Propagation:
    """The order of calls: for each frame `advance` (but on the first), `predict`, `settle`."""

    def __init__(self, network: XMem, limits: Limits, *, memory_every: int, given_stay: bool = True) -> None:
        """given_stay: frames on which masks are given are never forgotten; False is the published behaviour."""
        self._network = network
        self._limits = limits
        self._memory_every = memory_every
        self._given_stay = given_stay
        self.run = Run()
        self.refused = 0
        """How often there was no room to keep a frame for good; when its turn comes it is remembered like others."""

    def advance(self) -> None:
        """Go to the next frame."""
        self.run.steps += 1
        self.run.prediction = None

    def predict(self, frame: Encoded) -> Prediction | None:
        """Return what memory says about the frame; None if there are no objects."""
        run = self.run
        if not run.groups:
            return None
        objects = tuple(run.hidden)
        readout, concentration, support = self._read(frame.features, objects)
        scheduled = self._scheduled()
        logit, hidden = self._network.decode(
            frame.features, readout, torch.stack([run.hidden[one] for one in objects]), update=not scheduled
        )
        logits = aggregate(torch.sigmoid(logit))
        run.prediction = Prediction(objects, logits, None if scheduled else hidden, concentration, support)
        return run.prediction

    def settle(self, frame: Encoded, given: Mapping[int, Tensor], passing: Set[int] = frozenset()) -> None:
        """Finish the frame: take the given masks as the truth, and remember it if it is time or anything was given.

        given:   object id -> (H, W) float32 in [0, 1]; ids not known yet join
        passing: ids of given masks that do not keep the frame in memory for good
        """
        run = self.run
        if not given and not self._scheduled():
            self._go_on()
            return
        run.last_memory = run.steps
        objects = [*run.hidden, *(one for one in given if one not in run.hidden)]
        if not objects:
            return
        logits = self._merged(objects, given)
        channels = self._network.widths.hidden
        blank = frame.features.key.new_zeros(channels, *frame.features.key.shape[-2:])
        hidden = torch.stack([run.hidden.get(one, blank) for one in objects])
        probability = torch.softmax(logits, dim=0)[1:]
        value, hidden = self._network.encode_objects(frame.image, frame.features.f16, probability, hidden)
        values = dict(zip(objects, zip(value, _on_places(probability), strict=True), strict=True))
        self._remember(frame, values, set(given) - passing)
        run.hidden = dict(zip(objects, hidden, strict=True))

    def confirm(self, frame: Encoded, masks: Mapping[int, Tensor]) -> None:
        """Remember masks of known objects on any frame for good.

        masks: object id -> (H, W) float32 in [0, 1]
        """
        objects = list(masks)
        stacked = torch.stack([masks[one] for one in objects])
        shape = frame.features.key.shape[-2:]
        hidden = stacked.new_zeros(len(objects), self._network.widths.hidden, *shape)
        probability = torch.softmax(aggregate(stacked), dim=0)[1:]
        value, _ = self._network.encode_objects(frame.image, frame.features.f16, probability, hidden)
        values = dict(zip(objects, zip(value, _on_places(probability), strict=True), strict=True))
        self._split(set(objects))
        for group in self.run.groups:
            if group.objects[0] in values:
                elements = _elements(frame.features, [values[one] for one in group.objects])
                self.refused += not group.keep(frame.index, elements, self._limits)

    def forget(self, object_id: int) -> None:
        """Drop all that is known of an object."""
        run = self.run
        run.hidden.pop(object_id, None)
        run.groups = [
            group.split([one for one in group.objects if one != object_id]) if object_id in group.objects else group
            for group in run.groups
            if group.objects != [object_id]
        ]
        run.prediction = _without(run.prediction, object_id)

    # -- parts ------------------------------------------------------------------------------------------------------

    def _scheduled(self) -> bool:
        return self.run.steps - self.run.last_memory >= self._memory_every

    def _go_on(self) -> None:
        prediction = self.run.prediction
        if prediction is not None and prediction.hidden is not None:
            self.run.hidden = dict(zip(prediction.objects, prediction.hidden, strict=True))

    def _read(self, features: Features, objects: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
        height, width = features.key.shape[-2:]
        query, selection = places(features.key), places(features.selection)
        values: dict[int, Tensor] = {}
        concentrations: dict[int, Tensor] = {}
        supports: dict[int, Tensor] = {}
        for group in self.run.groups:
            answer = group.read(query, selection, self._limits)
            for column, object_id in enumerate(group.objects):
                values[object_id] = answer.value[:, column].T.reshape(-1, height, width)
                concentrations[object_id] = answer.concentration.view(height, width)
                supports[object_id] = answer.support[:, column].reshape(height, width)
        parts = [torch.stack([some[one] for one in objects]) for some in (values, concentrations, supports)]
        return parts[0], parts[1], parts[2]

    def _merged(self, objects: list[int], given: Mapping[int, Tensor]) -> Tensor:
        """Logits of what was predicted, overwritten by what was given; (objects + 1, H, W)."""
        prediction = self.run.prediction
        if not given and prediction is not None:
            return prediction.logits
        covered = torch.stack(list(given.values())).amax(dim=0) > 0.5
        predicted: dict[int, Tensor] = {}
        if prediction is not None:
            probability = torch.softmax(prediction.logits, dim=0)[1:] * ~covered
            predicted = dict(zip(prediction.objects, probability, strict=True))
        blank = torch.zeros_like(covered, dtype=torch.float32)
        return aggregate(torch.stack([given.get(one, predicted.get(one, blank)) for one in objects]))

    def _remember(self, frame: Encoded, values: Mapping[int, tuple[Tensor, Tensor]], given: set[int]) -> None:
        if self._given_stay:
            self._split(given)
        known = [one for group in self.run.groups for one in group.objects]
        for group in self.run.groups:
            elements = _elements(frame.features, [values[one] for one in group.objects])
            if self._given_stay and group.objects[0] in given:
                if group.keep(frame.index, elements, self._limits):
                    continue
                self.refused += 1
            group.remember(elements, self._limits)
        joining = [one for one in values if one not in known]
        if joining:
            elements = _elements(frame.features, [values[one] for one in joining])
            self.run.groups.append(Group.begin(joining, frame.index, elements))

    def _split(self, objects: set[int]) -> None:
        """Part groups of which only some objects get a frame for good: their memories differ from here on."""
        groups: list[Group] = []
        for group in self.run.groups:
            inside = [one for one in group.objects if one in objects]
            outside = [one for one in group.objects if one not in objects]
            groups.extend([group.split(inside), group.split(outside)] if inside and outside else [group])
        self.run.groups = groups


def _on_places(probability: Tensor) -> Tensor:
    """(objects, H, W) -> (objects, h, w): how much of each place of memory is the object."""
    return functional.avg_pool2d(probability[None], STRIDE)[0]


def _elements(features: Features, objects: list[tuple[Tensor, Tensor]]) -> Elements:
    """objects: of each its value (Cv, h, w), and how much of each place it was, (h, w)."""
    value, inside = (torch.stack(part) for part in zip(*objects, strict=True))
    return new_elements(features.key, features.shrinkage, features.selection, value, inside)


def _without(prediction: Prediction | None, object_id: int) -> Prediction | None:
    if prediction is None or object_id not in prediction.objects:
        return prediction
    kept = [column for column, one in enumerate(prediction.objects) if one != object_id]
    if not kept:
        return None
    return Prediction(
        tuple(prediction.objects[column] for column in kept),
        prediction.logits[[0, *(column + 1 for column in kept)]],
        None if prediction.hidden is None else prediction.hidden[kept],
        prediction.concentration[kept],
        prediction.support[kept],
    )
