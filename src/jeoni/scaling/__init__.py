"""Frozen stages on several machines: what Ray does of it. See :class:`jeoni.features.executor.Executor`."""
