"""Classes that no example was seen of: from their names, descriptions or attributes.

A file of this folder is one way to score items against class vectors: by where the names lie in the items' own space
(``space = "names"``), or by a map that is learned on seen classes (``space = "seen"``). What they share is in
``semantics``.
"""

from __future__ import annotations
