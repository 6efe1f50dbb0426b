"""Stands in for pydftracer 1.0, which has no wheels from Python 3.13 on; DLIO 2.0.0's own fallback raises."""
