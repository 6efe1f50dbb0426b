"""Everything that stops a run, drawn as a tree; each message says what, where and what to do.

::

    StorageBenchError            never raised itself
    ├── ConfigError              a configuration file or an option is wrong        (collection or usage error)
    │   └── UnknownParameterError    no such parameter; another family may know it
    ├── PlanError                the plan cannot fit this cluster or this disk     (ERROR)
    ├── ClusterError             a host, a launcher or the environment is unfit    (ERROR)
    ├── DatasetError             the dataset is damaged, foreign or incomplete     (ERROR)
    ├── EngineError              a benchmark started and then failed               (FAILED)
    └── RecordError              a run folder cannot be written or read            (ERROR, FAILED)

A broken rule is a `Finding`, never an exception.
"""


class StorageBenchError(Exception):
    """Any error whose message is one sentence meant for the person at the terminal."""


class ConfigError(StorageBenchError):
    """A configuration file or an option is wrong."""


class UnknownParameterError(ConfigError):
    """There is no such parameter in this family."""


class PlanError(StorageBenchError):
    """The plan cannot fit this cluster or this disk."""


class ClusterError(StorageBenchError):
    """A host, a launcher or the environment is unfit."""


class DatasetError(StorageBenchError):
    """The dataset is damaged, foreign or incomplete."""


class EngineError(StorageBenchError):
    """A benchmark started and then failed."""


class RecordError(StorageBenchError):
    """A run folder cannot be written or read."""
