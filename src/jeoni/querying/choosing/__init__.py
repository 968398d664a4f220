"""What the query methods share: the pool they see, a head on few labels, clusters, seeding, and the simulation."""

from __future__ import annotations
