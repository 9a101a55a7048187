"""Detectors of faces: CenterFace, whose weights come along, and YuNet, whose file is fetched by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from videdit.hookspecs import Register, hookimpl
from videdit.runtime import Runtime
from videdit_plugins.faces.options import CenterFaceOptions, YuNetOptions

if TYPE_CHECKING:
    from videdit.detector import Detector

FINDS = ("faces", "face")


def _centerface(options: CenterFaceOptions, runtime: Runtime) -> Detector:
    from videdit_plugins.faces.centerface import CenterFace

    return CenterFace(options, runtime)


def _yunet(options: YuNetOptions, runtime: Runtime) -> Detector:
    from videdit_plugins.faces.yunet import YuNet

    return YuNet(options, runtime)


@hookimpl
def register_detectors(register: Register) -> None:
    register(
        "centerface", _centerface, CenterFaceOptions, rank=20, finds=FINDS, summary="faces; its weights come along"
    )
    register(
        "yunet",
        _yunet,
        YuNetOptions,
        checkpoints=("yunet-2026may",),
        rank=10,
        finds=FINDS,
        summary="faces, several times as fast; misses more of the small and the turned ones",
    )
