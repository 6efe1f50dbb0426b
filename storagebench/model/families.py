"""The names of the families: one on the command line and in the checkout, one in results trees and rules."""

OFFICIAL: dict[str, str] = {
    "training": "training",
    "checkpointing": "checkpointing",
    "kvcache": "kv_cache",
    "vectordb": "vector_database",
}
"""By the name of the suite, its marker and its folder of configurations: the name that the rules use."""
