"""OpenVINO: often the fastest on a CPU, in bfloat16 where the processor has it (extra ``openvino``)."""

from __future__ import annotations

import threading
from importlib.util import find_spec

from torch import nn

from jeoni.features.engine import Run
from jeoni.features.export import to_onnx
from jeoni.types import Array

__all__ = ["OpenVinoEngine"]


class OpenVinoEngine:
    """One stream per caller; each caller has its own request."""

    name = "openvino"

    def missing(self) -> str:
        """Whether the extra is there."""
        return "" if find_spec("openvino") else "install it with: pip install 'jeoni[openvino]'"

    def accelerated(self) -> bool:
        """Never: it runs on the processor."""
        return False

    def precisions(self) -> tuple[str, ...]:
        """``bfloat16`` first, where the processor has it."""
        import openvino

        able = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        return ("bfloat16", "float32") if "BF16" in able else ("float32",)

    def compile(self, network: nn.Module, rows: Array, threads: int, precision: str) -> Run:
        """Export, read and compile."""
        import openvino

        core = openvino.Core()
        model = core.read_model(to_onnx(network, rows))
        settings = {
            "NUM_STREAMS": str(threads),
            "INFERENCE_NUM_THREADS": str(threads),
            "INFERENCE_PRECISION_HINT": {"bfloat16": "bf16", "float32": "f32"}[precision],
        }
        compiled = core.compile_model(model, "CPU", settings)
        mine = threading.local()

        def run(batch: Array) -> list[Array]:
            if not hasattr(mine, "request"):
                mine.request = compiled.create_infer_request()
            mine.request.infer([batch])
            return [mine.request.get_output_tensor(i).data.copy() for i in range(len(compiled.outputs))]

        return run
