"""From a point and the user's wishes to a Plan: sizes with their working, and a refusal of what cannot fit."""

from storagebench.plan.chosen import chosen
from storagebench.plan.limits import check_disk, check_memory
from storagebench.plan.wishes import Wishes

__all__ = ["Wishes", "check_disk", "check_memory", "chosen"]
