"""Segment Anything as a segmenter, with a tiny network of random weights: shapes, cache, what is asked of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

from videdit.errors import CorruptCheckpoint, MissingCheckpoint
from videdit.frames import ArrayFrames
from videdit.plugins import Plugins
from videdit.prompts import Box, Click, MaskPrompt, Stroke
from videdit.runtime import Runtime
from videdit.testing.contracts import assert_contract
from videdit_plugins.sam import loading
from videdit_plugins.sam.asking import along, questions
from videdit_plugins.sam.embedding import Embedded
from videdit_plugins.sam.engine import SamSegmenter
from videdit_plugins.sam.options import SamOptions

SIDE, PATCH, WIDTH = 64, 16, 32
SIZE = (48, 80)


def tiny() -> Any:
    torch.manual_seed(0)
    grid = (SIDE // PATCH, SIDE // PATCH)
    encoder = ImageEncoderViT(
        img_size=SIDE,
        patch_size=PATCH,
        embed_dim=16,
        depth=1,
        num_heads=2,
        out_chans=WIDTH,
        norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
        use_rel_pos=True,
        window_size=2,
        global_attn_indexes=(0,),
    )
    prompts = PromptEncoder(WIDTH, grid, (SIDE, SIDE), mask_in_chans=16)
    transformer = TwoWayTransformer(depth=1, embedding_dim=WIDTH, num_heads=2, mlp_dim=32)
    decoder = MaskDecoder(
        num_multimask_outputs=3, transformer=transformer, transformer_dim=WIDTH, iou_head_hidden_dim=32
    )
    return Sam(encoder, prompts, decoder).eval().requires_grad_(False)


class Counted:
    """Counts calls of a module and keeps what it was called with."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.calls: list[dict[str, Any]] = []
        module.register_forward_pre_hook(lambda _, given, named: self.calls.append(dict(named)), with_kwargs=True)


@pytest.fixture
def model() -> Any:
    return tiny()


def film(count: int = 3) -> ArrayFrames:
    draw = np.random.default_rng(0)
    return ArrayFrames([draw.integers(0, 256, (*SIZE, 3), np.uint8) for _ in range(count)])


def disc() -> np.ndarray:
    yy, xx = np.mgrid[: SIZE[0], : SIZE[1]]
    return (yy - 24) ** 2 + (xx - 30) ** 2 < 144


def test_contract(model: Any) -> None:
    assert_contract("segmenter", lambda options, runtime: SamSegmenter(options, runtime, model), SamOptions())


def test_a_second_click_runs_no_image_encoder(model: Any) -> None:
    encoder = Counted(model.image_encoder)
    segmenter = SamSegmenter(SamOptions(frames_kept=2), Runtime(), model)
    frames = film()
    first = segmenter.segment(frames, 0, [Click(30, 24)])
    segmenter.segment(frames, 0, [Click(30, 24), Click(60, 10, positive=False)], first[0].mask)
    segmenter.segment(frames, 0, [Box(5, 5, 60, 40)])
    assert len(encoder.calls) == 1
    segmenter.segment(frames, 1, [Click(30, 24)])
    segmenter.segment(frames, 0, [Click(30, 24)])
    assert len(encoder.calls) == 2
    segmenter.segment(frames, 2, [Click(30, 24)])
    segmenter.segment(frames, 1, [Click(30, 24)])
    assert len(encoder.calls) == 4, "two frames are kept, not three"


def test_another_film_is_not_taken_for_the_first(model: Any) -> None:
    encoder = Counted(model.image_encoder)
    segmenter = SamSegmenter(SamOptions(), Runtime(), model)
    segmenter.segment(film(), 0, [Click(30, 24)])
    segmenter.segment(ArrayFrames([np.zeros((*SIZE, 3), np.uint8)]), 0, [Click(30, 24)])
    assert len(encoder.calls) == 2


def test_a_first_click_takes_the_best_of_three_and_refines_it(model: Any) -> None:
    asked, decoded = Counted(model.prompt_encoder), Counted(model.mask_decoder)
    found = SamSegmenter(SamOptions(), Runtime(), model).segment(film(), 0, [Click(30, 24)])
    assert [call["multimask_output"] for call in decoded.calls] == [True, False]
    assert asked.calls[0]["masks"] is None
    assert asked.calls[1]["masks"].shape == (1, 1, 16, 16)
    assert len(found) == 3
    plain = SamSegmenter(SamOptions(refine=False), Runtime(), model).segment(film(), 0, [Click(30, 24)])
    assert sorted((one.score for one in plain), reverse=True) == [one.score for one in plain]


def test_a_correction_begins_at_the_logits_of_the_answer_it_corrects(model: Any) -> None:
    segmenter = SamSegmenter(SamOptions(), Runtime(), model)
    frames = film()
    found = segmenter.segment(frames, 0, [Click(30, 24)])
    asked = Counted(model.prompt_encoder)
    clicks = [Click(30, 24), Click(60, 10, positive=False)]
    segmenter.segment(frames, 0, clicks, found[0].mask)
    own = asked.calls[-1]["masks"]
    assert own.unique().numel() > 3
    changed = found[0].mask ^ disc()
    segmenter.segment(frames, 0, clicks, changed)
    assert not torch.equal(asked.calls[-1]["masks"], own)
    segmenter.segment(frames, 0, clicks, np.zeros(SIZE, bool))
    assert asked.calls[-1]["masks"] is None, "an empty answer is no evidence"


def test_a_mask_becomes_coarse_logits_where_the_frame_lies() -> None:
    embedded = Embedded(torch.zeros(1), (48, 80), (38, 64))
    logits = embedded.coarse_logits(np.ones((48, 80), bool), 16)[0, 0]
    assert torch.allclose(logits[:10], torch.tensor(8.0))
    assert (logits[10:] == -8).all()


def test_a_drawn_mask_comes_with_its_box(model: Any) -> None:
    asked = Counted(model.prompt_encoder)
    SamSegmenter(SamOptions(), Runtime(), model).segment(film(), 0, [MaskPrompt(mask=disc())])
    assert asked.calls[0]["boxes"][0].tolist() == pytest.approx([19 * 0.8, 13 * 38 / 48, 41 * 0.8, 35 * 38 / 48])
    assert asked.calls[0]["masks"] is not None
    assert asked.calls[0]["points"] is None


def test_several_boxes_are_answered_together(model: Any) -> None:
    segmenter = SamSegmenter(SamOptions(), Runtime(), model)
    boxes = [Box(2, 2, 30, 40), Box(40, 5, 78, 44)]
    both = segmenter.segment(film(), 0, boxes)[0]
    alone = [segmenter.segment(film(), 0, [box])[0] for box in boxes]
    assert np.array_equal(both.mask, alone[0].mask | alone[1].mask)
    assert both.score == min(one.score for one in alone)


def test_points_go_to_the_boxes_that_hold_them() -> None:
    prompts = [Box(0, 0, 20, 20), Box(30, 0, 50, 20), Click(5, 5), Click(70, 5), Click(40, 9, positive=False)]
    first, second, loose = questions(prompts, 5)
    assert first.points == [(5, 5, True), (40, 9, False)]
    assert second.points == [(40, 9, False)]
    assert loose.points == [(70, 5, True), (40, 9, False)]
    assert loose.box is None


def test_nothing_pointed_at_is_an_empty_answer(model: Any) -> None:
    encoder = Counted(model.image_encoder)
    found = SamSegmenter(SamOptions(), Runtime(), model).segment(film(), 0, [Click(3, 3, positive=False)])
    assert not found[0].mask.any()
    assert found[0].score == 0
    assert encoder.calls == []


def test_strokes_are_sampled_along_their_length() -> None:
    assert along(np.array([[3.0, 4.0]]), 5).tolist() == [[3, 4]]
    assert along(np.array([[0.0, 0.0], [10.0, 0.0]]), 5).tolist() == [[5, 0]]
    spread = along(np.array([[0.0, 0.0], [90.0, 0.0], [90.0, 90.0]]), 5)
    assert np.allclose(spread, [[18, 0], [54, 0], [90, 0], [90, 36], [90, 72]])
    negative = questions([Click(1, 1), Stroke(((0, 0), (200, 0)), positive=False)], 3)[0]
    assert [positive for _, _, positive in negative.points] == [True, False, False, False]


def test_a_descriptor_is_the_mean_embedding_inside_the_mask(model: Any) -> None:
    encoder = Counted(model.image_encoder)
    segmenter = SamSegmenter(SamOptions(), Runtime(), model)
    frames = film()
    found = segmenter.describe(frames, 0, disc())
    assert found is not None
    assert found.shape == (WIDTH,)
    assert float(found @ found) == pytest.approx(1, abs=1e-5)
    whole = segmenter.describe(frames, 0, np.ones(SIZE, bool))
    assert whole is not None
    assert not np.allclose(found, whole)
    segmenter.segment(frames, 0, [Click(30, 24)])
    assert len(encoder.calls) == 1
    assert segmenter.describe(frames, 0, np.zeros(SIZE, bool)) is None


def test_loading_is_strict(model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segment_anything.sam_model_registry", {"vit_b": tiny})
    state = model.state_dict()
    path = tmp_path / "sam.pth"
    torch.save(state, path)
    again = loading.load_model(path, "sam-vit-b")
    assert all(torch.equal(one, state[name]) for name, one in again.state_dict().items())
    first = next(iter(state))
    torch.save({name: one for name, one in state.items() if name != first} | {"more": torch.zeros(1)}, path)
    with pytest.raises(CorruptCheckpoint, match=rf"sam\.pth.*missing: {first}.*unexpected: more"):
        loading.load_model(path, "sam-vit-b")


def test_the_largest_file_present_wins() -> None:
    plugins = Plugins()
    ranks = [plugins.find("segmenter", name).rank for name in ("builtin", "sam-vit-b", "sam-vit-l", "sam-vit-h")]
    assert ranks == sorted(set(ranks))
    offer = plugins.find("segmenter", "sam-vit-b")
    with pytest.raises(MissingCheckpoint, match="videdit checkpoints pull sam-vit-b"):
        offer.factory(offer.options(), plugins.runtime())
