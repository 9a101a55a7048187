"""Run the commands that docs/evaluation.md gives for the papers' tables, with networks of random weights.

    python benchmarks/table_commands.py DAVIS WORK [--only 4] [--sequences soapbox] [--frames 2] [--sam sam-vit-b]

Everything is what a user with the official files runs, but for their contents: files of the official names are drawn
at random in WORK (3 GB with sam-vit-h), and their digests are not asked for. So every command, network and file format
is gone through, and the figures mean nothing. --sam takes a smaller network in place of the one that the commands name.
WORK gets folders 2016 and 2017 laid out as the data sets are, with the sequences in the lists.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
import time
from pathlib import Path

import torch

ROOT = Path(__file__).parents[1]
LISTS = {"2016": "ImageSets/480p/val.txt", "2017": "ImageSets/2017/test-dev.txt"}
SAM_FILES = {
    "sam-vit-b": "sam_vit_b_01ec64.pth",
    "sam-vit-l": "sam_vit_l_0b3195.pth",
    "sam-vit-h": "sam_vit_h_4b8939.pth",
}


def documented() -> list[list[str]]:
    """Return the commands, without the program's name."""
    text = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    return [shlex.split(line) for line in re.findall(r"^    videdit (evaluate tracking 201\d .*)$", text, re.M)]


def draw_weights(folder: Path, sam: str | None) -> None:
    """Write random weights under the official names, where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    xmem = folder / "XMem-s012.pth"
    if not xmem.exists():
        sys.path.insert(0, str(ROOT / "tests" / "golden"))
        from reference_weights import reference_state_dict  # type: ignore[import-not-found]

        torch.save(reference_state_dict(ROOT / "tests" / "golden" / "xmem_state_dict.tsv"), xmem)
    if sam is not None and not (folder / SAM_FILES[sam]).exists():
        from segment_anything import sam_model_registry

        torch.manual_seed(0)
        torch.save(
            sam_model_registry[sam.removeprefix("sam-").replace("-", "_")]().state_dict(), folder / SAM_FILES[sam]
        )


def lay_out(davis: Path, work: Path, sequences: list[str]) -> None:
    """Make folders that look like the two data sets."""
    for year, listed in LISTS.items():
        path = work / year / listed
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{name}\n" for name in sequences), encoding="utf-8")
        for name in ("JPEGImages", "Annotations"):
            if not (work / year / name).exists():
                (work / year / name).symlink_to((davis / name).resolve())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("davis", type=Path, help="a folder with JPEGImages and Annotations")
    parser.add_argument("work", type=Path)
    parser.add_argument("--only", type=int, help="number of one command, from 1")
    parser.add_argument("--sequences", default="soapbox", help="names with commas between")
    parser.add_argument("--frames", default="2")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--sam", choices=list(SAM_FILES), help="in place of the one that the commands name")
    chosen = parser.parse_args()
    davis, work = chosen.davis.resolve(), chosen.work.resolve()
    commands = documented()
    wanted = commands if chosen.only is None else [commands[chosen.only - 1]]
    needs_sam = any("--segmenter" in one for one in wanted)
    draw_weights(work / "weights", (chosen.sam or "sam-vit-h") if needs_sam else None)
    lay_out(davis, work, chosen.sequences.split(","))
    os.environ["VIDEDIT_CHECKPOINTS"] = str(work / "weights")
    os.chdir(work)

    from videdit.checkpoints import store
    from videdit.cli.app import run

    store.compare = lambda *_, **__: ("", "0" * 64)  # type: ignore[assignment]
    for one in wanted:
        command = [chosen.sam if chosen.sam and word == "sam-vit-h" else word for word in one]
        command += ["--frames", chosen.frames, "--device", chosen.device, "--quiet"]
        began, code = time.process_time(), 0
        try:
            run(command)
        except SystemExit as ended:
            code = int(ended.code or 0)
        masks = sorted(Path(command[command.index("--results") + 1], "masks").rglob("*.png"))
        print(f"videdit {shlex.join(command)}\nexit code {code}, {time.process_time() - began:.0f} CPU s, ", end="")
        print(f"{len(masks)} result files: {', '.join(str(path) for path in masks[:4])}", flush=True)


if __name__ == "__main__":
    main()
