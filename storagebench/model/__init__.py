"""The nouns of a run, one for each stage: frozen, written as JSON and read back, free of I/O."""

from storagebench.model.checkpointing_plan import CheckpointingPlan
from storagebench.model.cluster import LOCALHOST, Cluster, Host, HostFacts
from storagebench.model.databases import DATABASES, LIES, Database, IndexType
from storagebench.model.dataset import Column, Dataset
from storagebench.model.edition import Edition
from storagebench.model.families import OFFICIAL
from storagebench.model.kvcache_plan import KvCachePlan
from storagebench.model.kvcache_stage import Load, Stage, Storing, Tiers, Traffic
from storagebench.model.language_models import LANGUAGE_MODELS, LanguageModel, language_model
from storagebench.model.plan import Override, Plan, Prediction
from storagebench.model.record import Missing, Record, if_known
from storagebench.model.sizing import Sizing, required_files
from storagebench.model.submission import Group, Listing, Submission
from storagebench.model.training_plan import DlioChoice, Reading, TrainingPlan
from storagebench.model.vectordb_plan import REGIMES, Index, Search, VectorDatabasePlan
from storagebench.model.vectors import (
    BLOCK_ROWS,
    DEPTH,
    DISTRIBUTIONS,
    FLOAT_BYTES,
    METRICS,
    TILE_BYTES,
    Vectors,
    truth_bytes,
)
from storagebench.model.verdict import Finding, Judgement, Lands, Verdict
from storagebench.model.workload import Workload

__all__ = [
    "BLOCK_ROWS",
    "DATABASES",
    "DEPTH",
    "DISTRIBUTIONS",
    "FLOAT_BYTES",
    "LANGUAGE_MODELS",
    "LIES",
    "LOCALHOST",
    "METRICS",
    "OFFICIAL",
    "REGIMES",
    "TILE_BYTES",
    "CheckpointingPlan",
    "Cluster",
    "Column",
    "Database",
    "Dataset",
    "DlioChoice",
    "Edition",
    "Finding",
    "Group",
    "Host",
    "HostFacts",
    "Index",
    "IndexType",
    "Judgement",
    "KvCachePlan",
    "Lands",
    "LanguageModel",
    "Listing",
    "Load",
    "Missing",
    "Override",
    "Plan",
    "Prediction",
    "Reading",
    "Record",
    "Search",
    "Sizing",
    "Stage",
    "Storing",
    "Submission",
    "Tiers",
    "Traffic",
    "TrainingPlan",
    "VectorDatabasePlan",
    "Vectors",
    "Verdict",
    "Workload",
    "if_known",
    "language_model",
    "required_files",
    "truth_bytes",
]
