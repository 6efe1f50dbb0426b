"""The nouns of a run, one for each stage: frozen, written as JSON and read back, free of I/O."""

from storagebench.model.checkpointing_plan import CheckpointingPlan
from storagebench.model.cluster import LOCALHOST, Cluster, Host, HostFacts
from storagebench.model.dataset import Column, Dataset
from storagebench.model.edition import Edition
from storagebench.model.families import OFFICIAL
from storagebench.model.plan import Override, Plan, Prediction
from storagebench.model.record import Missing, Record
from storagebench.model.sizing import Sizing, required_files
from storagebench.model.submission import Group, Listing, Submission
from storagebench.model.training_plan import DlioChoice, Reading, TrainingPlan
from storagebench.model.verdict import Finding, Judgement, Lands, Verdict
from storagebench.model.workload import Workload

__all__ = [
    "LOCALHOST",
    "OFFICIAL",
    "CheckpointingPlan",
    "Cluster",
    "Column",
    "Dataset",
    "DlioChoice",
    "Edition",
    "Finding",
    "Group",
    "Host",
    "HostFacts",
    "Judgement",
    "Lands",
    "Listing",
    "Missing",
    "Override",
    "Plan",
    "Prediction",
    "Reading",
    "Record",
    "Sizing",
    "Submission",
    "TrainingPlan",
    "Verdict",
    "Workload",
    "required_files",
]
