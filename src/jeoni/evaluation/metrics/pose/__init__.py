"""Metrics of keypoints: how far each lies off, in pixels and beside the size of what it belongs to."""
