"""The segmenter: Segment Anything as videdit calls it.

Source: Kirillov et al., "Segment Anything", ICCV 2023; the networks are those of the segment-anything package.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from videdit.frames import Descriptor, FrameSequence, Mask
from videdit.prompts import Prompt
from videdit.runtime import Runtime
from videdit.segmenter import Hypothesis, Segmenter
from videdit_plugins.sam.asking import Question, drawn_mask, mask_box, questions
from videdit_plugins.sam.embedding import Embedded, EmbeddedFrames
from videdit_plugins.sam.options import SamOptions


class Answer(NamedTuple):
    """One mask, as the network gives it.

    coarse: (1, 1, h4, w4) logits; full: (H, W) bool; score: the network's own estimate of the IoU, in [0, 1]
    """

    coarse: Tensor
    full: NDArray[np.bool_]
    score: float


class SamSegmenter(Segmenter):
    """Answers prompts with Segment Anything; the heavy part runs once per frame."""

    def __init__(self, options: SamOptions, runtime: Runtime, model: Any) -> None:
        """model: a `segment_anything.modeling.Sam`, its weights loaded"""
        self._options = options
        self._model = model.to(runtime.device).eval()
        self._frames = EmbeddedFrames(self._model, options.frames_kept)

    @torch.inference_mode()
    def segment(
        self, frames: FrameSequence, index: int, prompts: Sequence[Prompt], previous: Mask | None = None
    ) -> list[Hypothesis]:
        drawn = previous if previous is not None and previous.any() else drawn_mask(prompts)
        asked = questions(prompts, self._options.stroke_points)
        if drawn is not None and not any(one.points_at_something for one in asked):
            # A mask alone says little to the network; its box says where.
            asked[0].box = mask_box(drawn)
        if not any(one.points_at_something for one in asked):
            return [Hypothesis(np.zeros(frames.size, np.bool_), 0.0)]
        embedded = self._frames.get(frames[index])
        if len(asked) == 1 and asked[0].ambiguous and drawn is None:
            answers = self._first_click(embedded, asked[0])
        else:
            answers = [self._together(embedded, asked, drawn)]
        for one in answers:
            embedded.keep_answer(one.full, one.coarse)
        return [Hypothesis(one.full, one.score) for one in answers]

    @torch.inference_mode()
    def describe(self, frames: FrameSequence, index: int, mask: Mask) -> Descriptor | None:
        """Return the mean image embedding inside the mask."""
        return self._frames.get(frames[index]).pooled(mask) if mask.any() else None

    def _first_click(self, embedded: Embedded, question: Question) -> list[Answer]:
        """Return the best of three masks, refined, and the two others."""
        best, *others = sorted(self._ask(embedded, question, None, several=True), key=lambda one: -one.score)
        if self._options.refine:
            best = self._ask(embedded, question, best.coarse, several=False)[0]
        # The choice among the three was made before refining; the estimates of another pass do not undo it.
        return [best, *(one._replace(score=min(one.score, best.score)) for one in others)]

    def _together(self, embedded: Embedded, asked: Sequence[Question], drawn: Mask | None) -> Answer:
        """Return what the answers to all questions cover, with the score of the most doubtful one."""
        side = self._model.prompt_encoder.mask_input_size[0]
        coarse = None if drawn is None else embedded.coarse_logits(drawn, side)
        answers = [self._ask(embedded, one, coarse, several=False)[0] for one in asked]
        return Answer(
            torch.stack([one.coarse for one in answers]).amax(dim=0),
            np.logical_or.reduce([one.full for one in answers]),
            min(one.score for one in answers),
        )

    def _ask(self, embedded: Embedded, question: Question, coarse: Tensor | None, *, several: bool) -> list[Answer]:
        model = self._model
        sparse, dense = model.prompt_encoder(
            points=self._points(embedded, question), boxes=self._box(embedded, question), masks=coarse
        )
        logits, scores = model.mask_decoder(
            image_embeddings=embedded.features,
            image_pe=model.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=several,
        )
        full = model.postprocess_masks(logits, embedded.inner_size, embedded.size)[0] > model.mask_threshold
        return [
            Answer(logits[:, number : number + 1], mask.cpu().numpy(), float(score))
            for number, (mask, score) in enumerate(zip(full, scores[0].clamp(0, 1), strict=True))
        ]

    def _points(self, embedded: Embedded, question: Question) -> tuple[Tensor, Tensor] | None:
        if not question.points:
            return None
        places = np.array([(x, y) for x, y, _ in question.points], np.float64)
        labels = torch.tensor([[int(positive) for _, _, positive in question.points]])
        return self._frames.points(places, embedded), labels.to(embedded.features.device)

    def _box(self, embedded: Embedded, question: Question) -> Tensor | None:
        if question.box is None:
            return None
        return self._frames.points(np.array(question.box, np.float64).reshape(2, 2), embedded).reshape(1, 4)
