"""The four models of the rules, with the parallelism of their templates."""

from storagebench.model.checkpoint_size import Transformer


def llama(hidden, ffn, heads, kv_heads, layers, tensor, pipeline, data, zero_stage):
    return Transformer(
        hidden_size=hidden,
        ffn_hidden_size=ffn,
        num_attention_heads=heads,
        num_kv_heads=kv_heads,
        num_layers=layers,
        vocab_size=128_256,
        tensor=tensor,
        pipeline=pipeline,
        data=data,
        zero_stage=zero_stage,
    )


MODELS = {
    "llama3-8b": llama(4096, 14_336, 32, 8, 32, 1, 1, 8, 3),
    "llama3-70b": llama(8192, 28_672, 128, 8, 80, 8, 1, 8, 3),
    "llama3-405b": llama(16_384, 53_248, 128, 8, 126, 8, 32, 2, 1),
    "llama3-1t": llama(25_872, 98_304, 192, 32, 128, 8, 64, 2, 1),
}
