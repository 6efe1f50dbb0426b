"""A pytest-native benchmark suite for the storage behind AI: runs are test cases."""

__version__ = "0.1.0"
