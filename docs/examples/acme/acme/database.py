"""A vector database: the exact scan under a name and a version of its own."""

from storagebench.engines.vectordb.backend import Backend, Target
from storagebench.engines.vectordb.backends.flat import FlatSession
from storagebench.model import DATABASES


class Scan:
    """Opens sessions; what one must be able to do is `storagebench.engines.vectordb.backend.Session`."""

    name = "acme-scan"
    capabilities = DATABASES["flat"]

    def version(self, dsn: str) -> str:
        """Return the version of what answers."""
        return "1"

    def connect(self, target: Target) -> FlatSession:
        """Open a session."""
        return FlatSession(target)


BACKEND: Backend = Scan()
