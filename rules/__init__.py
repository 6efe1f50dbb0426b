"""The rules of MLPerf Storage: one rule, one function, its official number and name; pure functions of a Record."""

from rules.registry import RULES, Breach, Rule

# Rules are asked and listed in the order of these imports, which is that of the text.
# isort: off
from rules import layout, layout_leaves, layout_advice
from rules import provenance, provenance_advice
from rules import system
from rules import training_groups
from rules import training
from rules import training_advice
from rules import checkpointing
from rules import checkpointing_groups
from rules import vectordb, vectordb_advice, vectordb_evidence
from rules import kvcache, kvcache_advice, kvcache_evidence
from rules import unreadable
# isort: on

__all__ = ["RULES", "Breach", "Rule"]
