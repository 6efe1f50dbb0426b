"""Stands in for tensorflow, which DLIO 2.0.0 imports for a profiler that nobody asked for."""
