"""The rules of MLPerf Storage: one rule, one function, its official number and name; pure functions of a Record."""

from rules import training
from rules.registry import RULES, Breach, Rule

__all__ = ["RULES", "Breach", "Rule", "training"]
