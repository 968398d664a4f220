"""Jinja's environment for the pages, whose compiled templates are kept as Python keeps its own modules'.

A page is made of half a dozen templates, and compiling them takes longer than filling them in. Python compiles a
module once and puts it into the folder ``__pycache__`` beside it; the templates' code goes to the same place, under the
same conditions: the source must be the one that was compiled, and nothing is written where the folder cannot be, or
where Python is told to write none. Within a process a template is compiled once in any case.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
from jinja2.bccache import Bucket

__all__ = ["page_environment"]

OPTIONS: dict[str, Any] = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
_compiled: dict[tuple[str, str], CodeType] = {}  # by template and source


def page_environment(places: Sequence[Path] = ()) -> jinja2.Environment:
    """An environment that finds jeoni's templates, and those in further folders.

    Args:
        places: folders that are searched after jeoni's own.
    """
    own = Path(str(resources.files("jeoni.report"))) / "templates"
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([own, *places]),
        bytecode_cache=CompiledTemplates(own / "__pycache__"),
        undefined=jinja2.StrictUndefined,
        **OPTIONS,
    )


class CompiledTemplates(jinja2.FileSystemBytecodeCache):
    """Compiled templates in a folder that need not exist, and need not be writable."""

    def __init__(self, folder: Path) -> None:
        # what the code depends on beside its source
        what = f"{sys.implementation.cache_tag} {jinja2.__version__} {OPTIONS}"
        super().__init__(str(folder), f"%s-{hashlib.sha256(what.encode()).hexdigest()[:8]}.jinja")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket where there is sound code of the same source."""
        bucket.code = _compiled.get((bucket.key, bucket.checksum))
        if bucket.code is not None:
            return
        try:
            super().load_bytecode(bucket)
        except Exception:  # cut off or damaged: whatever unpickling says, it is compiled again
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code where that can be done."""
        assert bucket.code is not None
        _compiled[bucket.key, bucket.checksum] = bucket.code
        if sys.dont_write_bytecode:
            return
        try:
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)
        except OSError:  # such as a package that is installed for all users
            return
