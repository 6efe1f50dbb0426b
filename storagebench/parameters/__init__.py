"""The parameter tree of a workload: what it may hold, how it is overridden, hashed and turned into a dataset."""

from storagebench.parameters.core_config import core_config_hash, respell
from storagebench.parameters.datasets import dataset_of, expand_columns, row_bytes
from storagebench.parameters.dotted import check_param, flatten, merge, parse_param, set_dotted, with_values

__all__ = [
    "check_param",
    "core_config_hash",
    "dataset_of",
    "expand_columns",
    "flatten",
    "merge",
    "parse_param",
    "respell",
    "row_bytes",
    "set_dotted",
    "with_values",
]
