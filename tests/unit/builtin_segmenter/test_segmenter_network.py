"""The network of the built-in segmenter: what it is shown, what it may change, and that it can be left out."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from threadpoolctl import threadpool_info, threadpool_limits

from videdit.errors import CorruptCheckpoint, MissingCheckpoint
from videdit.frames import Region
from videdit.prompts import Box, Click
from videdit.runtime import Runtime
from videdit_plugins.builtin.segmenter import choosing, cutting, evidence, learned
from videdit_plugins.builtin.segmenter.belief import Belief
from videdit_plugins.builtin.segmenter.engine import BuiltinSegmenter
from videdit_plugins.builtin.segmenter.motion import no_motion
from videdit_plugins.builtin.segmenter.network import Corrector
from videdit_plugins.builtin.segmenter.options import SegmenterOptions
from videdit_plugins.builtin.segmenter.planes import ACROSS, BELIEF, COUNT
from videdit_plugins.builtin.segmenter.pointing import lay_out


def test_without_its_answer_the_network_passes_the_belief_on():
    network = Corrector().eval()
    with torch.no_grad():
        for parameter in network.answer.parameters():
            parameter.zero_()
        shown = torch.randn(2, COUNT, 32, 48)
        answer, worth = network(shown)
        assert torch.allclose(answer[:, 0], 8 * network.trust * shown[:, BELIEF])
        assert worth.shape == (2,)


def test_folding_changes_no_answer():
    torch.manual_seed(0)
    network = Corrector().eval()
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.running_mean.normal_(0, 0.1)
                layer.running_var.uniform_(0.5, 2)
                layer.weight.uniform_(0.5, 2)
                layer.bias.normal_(0, 0.1)
        shown = torch.randn(1, COUNT, 32, 48)
        folded = network.folded()
        torch.testing.assert_close(folded(shown), network(shown), rtol=1e-4, atol=1e-4)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in folded.modules())


@pytest.mark.parametrize("size", [(16, 16), (240, 427), (31, 90), (427, 240)])
def test_a_close_look_answers_for_its_window(size):
    shown = np.random.default_rng(0).normal(0, 0.3, (COUNT, *size)).astype(np.float32)
    word = learned.CloseLook().word(shown, Region(2, 3, 9, 12))
    assert word.odds.shape == size
    assert word.odds[word.window.slices].any()
    assert np.count_nonzero(word.odds) <= word.window.width * word.window.height
    assert np.isfinite(word.odds).all()


def test_a_word_covers_a_belief_where_it_was_looked():
    odds = np.zeros((6, 8), np.float32)
    window = Region(2, 1, 5, 4)
    odds[window.slices] = -3
    laid = learned.Word(window, odds).over(np.full((6, 8), 2, np.float32))
    assert np.count_nonzero(laid == -3) == 9
    assert np.count_nonzero(laid == 2) == 6 * 8 - 9


def test_a_look_leaves_the_number_of_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        learned.CloseLook().word(np.zeros((COUNT, 60, 60), np.float32), Region(10, 10, 40, 40))
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


def test_a_look_leaves_the_number_of_blas_threads():
    """Two threads look; who does not hold the number must not set it, or the first one's is not taken any more."""
    learned.CloseLook().word(np.zeros((COUNT, 60, 60), np.float32), Region(10, 10, 40, 40), closely=True)
    with threadpool_limits(3, user_api="blas"):
        assert {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"} == {3}


def _square(side: int, odds: float) -> choosing.Merits:
    """Return the merits of a square mask in a frame of 64 x 64, of whose every pixel the network is as sure."""
    mask = np.zeros((64, 64), bool)
    mask[10 : 10 + side, 10 : 10 + side] = True
    window = Region(0, 0, 64, 64)
    field = np.where(mask, odds, -odds).astype(np.float32)
    nothing = np.zeros((64, 64), np.float32)
    seen = evidence.picture(np.zeros((64, 64, 3), np.uint8), no_motion((64, 64)))
    belief = Belief(field, nothing, nothing, nothing, nothing, nothing, mask, None)
    pointing = lay_out([Click(20, 20)], (64, 64), (64, 64), 2)
    return choosing.merits([mask], belief, cutting.edges_of(seen), pointing, None, learned.Word(window, field))[0]


def test_the_network_doubting_itself_lowers_the_score():
    scores = [choosing.confidence(_square(30, odds), False, learned=True) for odds in (8, 4, 2, 1, 0.5)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] - scores[-1] > 0.3
    without = {choosing.confidence(_square(30, odds), False, learned=False) for odds in (8, 1)}
    assert len(without) == 1


def test_of_masks_that_agree_alike_the_one_that_the_network_expects_most_of_comes_first():
    pointing = lay_out([Click(20, 20)], (64, 64), (64, 64), 2)
    found = [dataclasses.replace(_square(30, 4), told=told) for told in (0.5, 0.8, 0.7)]
    assert choosing.rank(found, pointing) == [1, 2, 0]


def test_what_moves_outside_the_mask_lowers_the_score():
    still = _square(30, 4)
    assert choosing.confidence(dataclasses.replace(still, moving=0.9), False, learned=True) > choosing.confidence(
        dataclasses.replace(still, moving=0.3), False, learned=True
    )


def test_moving_is_the_overlap_with_what_moves():
    mask = np.zeros((64, 64), bool)
    mask[20:40, 20:40] = True
    motion = np.zeros((64, 64), np.float32)
    motion[20:40, 30:50] = 1
    nothing = np.zeros((64, 64), np.float32)
    pointing = lay_out([Box(0, 0, 64, 64)], (64, 64), (64, 64), 2)
    edges = cutting.edges_of(evidence.picture(np.zeros((64, 64, 3), np.uint8), no_motion((64, 64))))

    def moving(motion: np.ndarray) -> float:
        belief = Belief(nothing, nothing, nothing, nothing, motion, nothing, mask, None)
        return choosing.merits([mask], belief, edges, pointing, None)[0].moving

    assert moving(motion) == pytest.approx(0.5)
    assert moving(np.where(mask, 1, -1).astype(np.float32)) == 1
    assert moving(np.where(mask, -1, 1).astype(np.float32)) == 0


def test_doubt_is_the_expected_error():
    merits = _square(30, 2.0)
    assert merits.doubt == pytest.approx(64 * 64 / (1 + np.exp(2.0)) / 30**2, rel=1e-5)
    assert merits.rim == pytest.approx(4 * 29 / 30**2)


def test_the_outline_counts_more_for_what_is_small():
    assert choosing.confidence(_square(8, 9), False, learned=True) < choosing.confidence(
        _square(40, 9), False, learned=True
    )


@pytest.mark.parametrize("region", [Region(0, 0, 1, 1), Region(10, 5, 60, 30), Region(90, 90, 100, 100)])
def test_the_surroundings_hold_the_region_and_stay_in_the_picture(region):
    window = learned.surroundings(region, (100, 100))
    assert 0 <= window.x0 <= region.x0
    assert 0 <= window.y0 <= region.y0
    assert region.x1 <= window.x1 <= 100
    assert region.y1 <= window.y1 <= 100


def test_with_and_without_the_network_prompts_are_obeyed(moving_clip):
    prompts = [Box(50, 40, 110, 100), Click(80, 70), Click(60, 50, False)]
    answers = []
    for with_network in (True, False):
        segmenter = BuiltinSegmenter(SegmenterOptions(), Runtime(learned=with_network))
        mask = segmenter.segment(moving_clip.frames, moving_clip.index, prompts)[0].mask
        assert mask[70, 80]
        assert not mask[50, 60]
        assert not mask[:, :50].any()
        answers.append(mask)
    assert not np.array_equal(*answers)


def test_other_weights_of_the_same_network_are_taken(tmp_path: Path, moving_clip):
    torch.manual_seed(0)
    state = {
        name: torch.rand_like(value) if value.is_floating_point() else value
        for name, value in Corrector().state_dict().items()
    }
    save_file(state, tmp_path / "other.safetensors")
    prompts = [Box(50, 40, 110, 100)]
    scores = [
        BuiltinSegmenter(SegmenterOptions(weights=weights), Runtime())
        .segment(moving_clip.frames, moving_clip.index, prompts)[0]
        .score
        for weights in (None, *learned.WEIGHTS, tmp_path / "other.safetensors")
    ]
    assert len(set(scores)) == 4


def test_several_networks_give_the_mean_of_their_answers():
    shown = np.random.default_rng(0).normal(0, 0.3, (COUNT, 60, 80)).astype(np.float32)
    region = Region(20, 10, 50, 40)
    one, other = (learned.CloseLook(weights=[path]).word(shown, region) for path in learned.WEIGHTS)
    both = learned.CloseLook(weights=learned.WEIGHTS).word(shown, region)
    np.testing.assert_allclose(both.odds, (one.odds + other.odds) / 2, atol=1e-4)
    assert both.window == one.window


def test_a_closer_look_does_not_know_left_from_right():
    shown = np.random.default_rng(0).normal(0, 0.3, (COUNT, 60, 80)).astype(np.float32)
    mirrored = shown[:, :, ::-1].copy()
    mirrored[ACROSS] *= -1
    look = learned.CloseLook()
    seen = look.word(shown, Region(20, 10, 50, 40), closely=True)
    turned = look.word(mirrored, Region(30, 10, 60, 40), closely=True)
    np.testing.assert_allclose(turned.odds[:, ::-1], seen.odds, atol=1e-3)
    plain = look.word(shown, Region(20, 10, 50, 40))
    assert not np.allclose(plain.odds, seen.odds, atol=1e-3)


def test_a_first_click_is_looked_at_once_more_where_the_network_found_the_object(moving_clip, monkeypatch):
    height, width = moving_clip.frames.size
    told = np.full((height, width), -8, np.float32)
    found = Region(30, 20, 130, 120)
    told[found.slices] = 8
    looks = []

    def word(self, shown, region, *, closely=False):
        looks.append((region, closely))
        return learned.Word(Region(0, 0, width, height), told)

    monkeypatch.setattr(learned.CloseLook, "word", word)
    segmenter = BuiltinSegmenter(SegmenterOptions(), Runtime())
    first = [Click(80, 70)]
    mask = segmenter.segment(moving_clip.frames, moving_clip.index, first)[0].mask
    (by_evidence, quickly), (by_network, closely) = looks
    assert (quickly, closely) == (False, True)

    def apart(region):
        return max(abs(getattr(region, side) - getattr(found, side)) for side in ("x0", "y0", "x1", "y1"))

    assert apart(by_network) <= 4 < apart(by_evidence)
    segmenter.segment(moving_clip.frames, moving_clip.index, [*first, Click(40, 40, False)], mask)
    assert [closely for _, closely in looks[2:]] == [True]


def test_weights_that_are_not_there_or_do_not_fit_are_named(tmp_path: Path):
    nowhere, short, foreign = (tmp_path / f"{name}.safetensors" for name in ("nowhere", "short", "foreign"))
    with pytest.raises(MissingCheckpoint, match="nowhere"):
        BuiltinSegmenter(SegmenterOptions(weights=nowhere), Runtime())
    short.write_bytes(learned.WEIGHTS[0].read_bytes()[:1000])
    with pytest.raises(CorruptCheckpoint, match="short"):
        BuiltinSegmenter(SegmenterOptions(weights=short), Runtime())
    save_file({"stem.conv.weight": torch.zeros(1)}, foreign)
    with pytest.raises(CorruptCheckpoint, match="do not fit the network"):
        BuiltinSegmenter(SegmenterOptions(weights=foreign), Runtime())
    BuiltinSegmenter(SegmenterOptions(weights=nowhere), Runtime(learned=False))


def test_torch_is_loaded_for_the_network_alone():
    code = (
        "import sys, numpy as np\n"
        "from videdit.frames import ArrayFrames\n"
        "from videdit.prompts import Click\n"
        "from videdit.runtime import Runtime\n"
        "from videdit_plugins.builtin.segmenter.engine import BuiltinSegmenter\n"
        "from videdit_plugins.builtin.segmenter.options import SegmenterOptions\n"
        "frames = ArrayFrames([np.zeros((32, 32, 3), np.uint8)])\n"
        "BuiltinSegmenter(SegmenterOptions(), Runtime(learned=False)).segment(frames, 0, [Click(16, 16)])\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
