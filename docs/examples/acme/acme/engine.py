"""A training engine: the native one, for plans that our driver can serve; records say that it ran."""

from storagebench.engines.training.engine import Engine
from storagebench.engines.training.native import NativeEngine
from storagebench.errors import PlanError
from storagebench.model import TrainingPlan


class AcmeEngine(NativeEngine):
    """Reads through the page cache alone, as the driver bypasses it by itself."""

    name = "acme-driver"
    version = "1"

    def check(self, plan: TrainingPlan) -> None:
        """Refuse what the driver does not know."""
        if plan.reading.direct:
            raise PlanError(f"{plan.id}: the driver knows no O_DIRECT; leave reader.odirect out")


ENGINE: Engine = AcmeEngine()
