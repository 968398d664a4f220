"""ONNX Runtime: the default on a CPU."""

from __future__ import annotations

from importlib.util import find_spec

from torch import nn

from jeoni.features.engine import Run
from jeoni.features.export import to_onnx
from jeoni.types import Array

__all__ = ["OnnxRuntimeEngine"]


class OnnxRuntimeEngine:
    """One session, many callers: each call keeps to its own core, so nothing waits at barriers."""

    name = "onnxruntime"

    def missing(self) -> str:
        """Whether the package is there."""
        return "" if find_spec("onnxruntime") else "install it with: pip install onnxruntime"

    def accelerated(self) -> bool:
        """Never: it runs on the processor."""
        return False

    def precisions(self) -> tuple[str, ...]:
        """``float32``."""
        return ("float32",)

    def compile(self, network: nn.Module, rows: Array, threads: int, precision: str) -> Run:
        """Export and load."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(to_onnx(network, rows), options, providers=["CPUExecutionProvider"])
        return lambda batch: list(session.run(None, {"rows": batch}))
