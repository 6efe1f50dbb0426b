"""The rank of searching, with a smaller least limit of memory: an index for tests must outgrow it."""

from storagebench.engines.vectordb import regime, search
from storagebench.launch.communicator import run_rank
from storagebench.units import MIB

regime.LEAST_CAP_BYTES = 32 * MIB

if __name__ == "__main__":
    run_rank(search.work)
