#!/usr/bin/env python3
"""What an expert would write in PyTorch to measure pushes fast: a replay of what a push can change, in batches.

One forward pass of the text keeps the prefix's keys and values and the residual at the pushed layer. A batch of pushes then runs
only the layers above, only the rows from the pushed token on, against those keys and values (F.scaled_dot_product_attention with a
causal mask over the span), and the LM head on the rows that are read. In float32, on values: below epsilon 1 its KL is rounding.

    python3 bench/expert_replay.py MODEL --pushes 64

MODEL is a .gguf file or a directory as a model hub stores it. Needs bench/requirements.txt. bench/story.py runs it beside tugline.
"""

import argparse
import pathlib
import time

import notebook_loop
import torch
import torch.nn.functional as F

BATCHES = (8, 16, 32, 64)  # pushes at once, of which the fastest is kept


def rotated(x, cosine, sine):
    """Rotary embedding on halves.  x [pushes, heads, rows, head_dim], cosine and sine [rows, head_dim]"""
    first, second = x.chunk(2, -1)
    return x * cosine + torch.cat((-second, first), -1) * sine


class ExpertReplay:
    """`site` as notebook_loop has it. Runs models of the Llama and Qwen2 families, with transformers' own weights and norms."""

    def __init__(self, model, ids, site):
        self.model, self.site = model, site
        self.first = site.position
        self.count = max(site.rows) + 1 - self.first
        self.read = [row - self.first for row in site.rows]
        self.heads = model.config.num_attention_heads
        self.kv_heads = model.config.num_key_value_heads
        with torch.no_grad():
            self._run_base(torch.tensor([ids]))
        see_prefix = torch.ones(self.count, self.first, dtype=torch.bool)
        self.mask = torch.cat((see_prefix, torch.ones(self.count, self.count, dtype=torch.bool).tril()), 1)

    def _run_base(self, ids):
        kept = []
        layer = self.model.model.layers[self.site.layer]
        handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(notebook_loop.hidden_states(output)))
        with handle:
            base = self.model(ids, use_cache=True)
        self.residual = kept[0][0, self.first : self.first + self.count].clone()
        self.rms = self.residual[0].pow(2).mean().sqrt().item()
        self.base_log_probabilities = torch.log_softmax(base.logits[0, list(self.site.rows)].float(), -1)
        positions = torch.arange(self.first, self.first + self.count)[None]
        cosine, sine = self.model.model.rotary_emb(self.residual[None], positions)
        self.cosine, self.sine = cosine[0], sine[0]
        above = range(self.site.layer + 1, len(self.model.model.layers))
        cache = base["cache"] if "cache" in base else base["past_key_values"]  # the name depends on transformers' version
        self.prefixes = [self._prefix(cache, layer) for layer in above]
        self.layers = [self.model.model.layers[layer] for layer in above]

    def _prefix(self, cache, layer):
        """Keys and values of the tokens before the push: [1, kv_heads, prefix, head_dim] each."""
        keys, values = (cache.layers[layer].keys, cache.layers[layer].values) if hasattr(cache, "layers") else cache[layer]
        return keys[:, :, : self.first].contiguous(), values[:, :, : self.first].contiguous()

    def _heads(self, x, heads):
        return x.view(x.shape[0], self.count, heads, -1).transpose(1, 2)

    def _attention(self, block, x, prefix):
        pushes = x.shape[0]
        q = rotated(self._heads(block.q_proj(x), self.heads), self.cosine, self.sine)
        k = rotated(self._heads(block.k_proj(x), self.kv_heads), self.cosine, self.sine)
        v = self._heads(block.v_proj(x), self.kv_heads)
        k = torch.cat((prefix[0].expand(pushes, -1, -1, -1), k), 2)
        v = torch.cat((prefix[1].expand(pushes, -1, -1, -1), v), 2)
        group = self.heads // self.kv_heads
        k, v = (t.repeat_interleave(group, 1) for t in (k, v))
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=self.mask)
        return block.o_proj(mixed.transpose(1, 2).reshape(pushes, self.count, -1))

    def responses(self, vectors):
        """Mean over the rows of KL(pushed || base) in nats.  vectors [pushes, d] are added to the residual as they are"""
        with torch.inference_mode():
            h = self.residual.repeat(vectors.shape[0], 1, 1)
            h[:, 0] += vectors
            for layer, prefix in zip(self.layers, self.prefixes):
                h += self._attention(layer.self_attn, layer.input_layernorm(h), prefix)
                h += layer.mlp(layer.post_attention_layernorm(h))
            logits = self.model.lm_head(self.model.model.norm(h[:, self.read]))
            pushed = F.log_softmax(logits, -1)
            kl = F.kl_div(self.base_log_probabilities.expand_as(pushed), pushed, reduction="none", log_target=True)
            return kl.sum(-1).mean(-1).tolist()

    def _timed(self, vectors, batch):
        start = time.perf_counter()
        kls = [kl for part in vectors.split(batch) for kl in self.responses(part)]
        return kls, (time.perf_counter() - start) / len(kls)

    def run(self, directions, epsilons, count):
        """`count` pushes, as notebook_loop.Push; and the batch size, the fastest of BATCHES on a batch each."""
        ordered = sorted(epsilons, reverse=True)
        chosen = [((i // len(ordered)) % len(directions), ordered[i % len(ordered)]) for i in range(count)]
        vectors = torch.stack([e * self.rms * torch.from_numpy(directions[d]) for d, e in chosen])
        self.responses(vectors[:1])
        trials = [batch for batch in BATCHES if batch <= count] or [count]
        best = min(trials, key=lambda batch: self._timed(vectors[:batch], batch)[1])
        kls, seconds = self._timed(vectors, best)
        pushes = [notebook_loop.Push(d, e, kl, seconds) for (d, e), kl in zip(chosen, kls)]
        return pushes, best


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--ids", type=pathlib.Path, help="JSON list of token ids; default: random ones")
    parser.add_argument("--tokens", type=int, default=600)
    parser.add_argument("--span", default="570:595", help="BEGIN:END in tokens (%(default)s)")
    parser.add_argument("--layer", type=int, default=24)
    parser.add_argument("--epsilons", default="1,2,5,10")
    parser.add_argument("--pushes", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=42)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    model = notebook_loop.load_model(arguments.model)
    ids = notebook_loop.token_ids(arguments, model.config.vocab_size)
    begin, end = map(int, arguments.span.split(":"))
    site = notebook_loop.Site(arguments.layer, begin, end, "predicting")
    directions = notebook_loop.unit_directions(arguments.pushes, model.config.hidden_size, arguments.seed)
    epsilons = [float(epsilon) for epsilon in arguments.epsilons.split(",")]
    pushes, batch = ExpertReplay(model, ids, site).run(directions, epsilons, arguments.pushes)
    print(f"{pushes[0].seconds:.4g} seconds a push, {len(pushes)} pushes, {batch} at once, f32, {arguments.threads} threads")


if __name__ == "__main__":
    main()
