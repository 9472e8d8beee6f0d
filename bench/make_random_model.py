#!/usr/bin/env python3
"""Writes a model with random weights in the layout of a model hub: config.json and model.safetensors.

    python3 bench/make_random_model.py OUT --preset deepseek-r1-distill-qwen-1.5b --dtype bf16
    python3 bench/make_random_model.py OUT --preset tiny --set num_hidden_layers=6 --set tie_word_embeddings=true

For timing and memory, where what the weights say does not matter: they are drawn so that activations stay of the size that
trained models have. Weights are streamed to disk, a few million at a time. The same seed and preset give the same file.
Needs numpy.
"""

import argparse
import dataclasses
import json
import math
import pathlib
import shutil
import sys

import numpy

QWEN2 = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_act": "silu",
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "max_position_embeddings": 131072,
    "use_sliding_window": False,
    "tie_word_embeddings": False,
}
LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_act": "silu",
    "rms_norm_eps": 1e-5,
    "rope_theta": 100000.0,
    "max_position_embeddings": 8192,
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": True,
}
PRESETS = {
    "tiny": QWEN2 | dict(hidden_size=64, intermediate_size=160, num_hidden_layers=4, num_attention_heads=4,
                         num_key_value_heads=2, vocab_size=512),
    "smollm2-135m": LLAMA | dict(hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
                                 num_key_value_heads=3, vocab_size=49152),
    "deepseek-r1-distill-qwen-1.5b": QWEN2 | dict(hidden_size=1536, intermediate_size=8960, num_hidden_layers=28,
                                                  num_attention_heads=12, num_key_value_heads=2, vocab_size=151936),
    "deepseek-r1-distill-llama-8b": LLAMA | dict(hidden_size=4096, intermediate_size=14336, num_hidden_layers=32,
                                                 num_attention_heads=32, num_key_value_heads=8, vocab_size=128256,
                                                 rope_theta=500000.0, tie_word_embeddings=False),
}  # fmt: skip
DTYPES = {"f32": ("F32", 4, "float32"), "f16": ("F16", 2, "float16"), "bf16": ("BF16", 2, "bfloat16")}

BLOCK_VALUES = 1 << 22
LOGIT_SPREAD = 3.0  # standard deviation of the logits: distributions neither flat nor one-hot
BIAS_SPREAD = 0.1
NORM_SPREAD = 0.1


@dataclasses.dataclass
class Tensor:
    name: str
    shape: tuple
    mean: float
    deviation: float

    @property
    def values(self):
        return math.prod(self.shape)


def linear(name, outputs, inputs, gain=1.0):
    """Rows of unit norm on average: an input of RMS 1 gives an output of RMS `gain`."""
    return Tensor(f"{name}.weight", (outputs, inputs), 0.0, gain / math.sqrt(inputs))


def norm(name, width):
    return Tensor(f"{name}.weight", (width,), 1.0, NORM_SPREAD)


def bias(name, width):
    return Tensor(f"{name}.bias", (width,), 0.0, BIAS_SPREAD)


def layer_tensors(prefix, config):
    width, inner = config["hidden_size"], config["intermediate_size"]
    head = config.get("head_dim", width // config["num_attention_heads"])
    queries, keys = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    # Each layer adds to the residual twice; so scaled, the sum over all layers has RMS about 1.
    gain = 1 / math.sqrt(2 * config["num_hidden_layers"])
    yield norm(f"{prefix}.input_layernorm", width)
    for name, outputs in (("q_proj", queries), ("k_proj", keys), ("v_proj", keys)):
        yield linear(f"{prefix}.self_attn.{name}", outputs, width)
        if config["model_type"] == "qwen2" or config.get("attention_bias"):
            yield bias(f"{prefix}.self_attn.{name}", outputs)
    yield linear(f"{prefix}.self_attn.o_proj", width, queries, gain)
    if config.get("attention_bias"):
        yield bias(f"{prefix}.self_attn.o_proj", width)
    yield norm(f"{prefix}.post_attention_layernorm", width)
    yield linear(f"{prefix}.mlp.gate_proj", inner, width)
    yield linear(f"{prefix}.mlp.up_proj", inner, width)
    yield linear(f"{prefix}.mlp.down_proj", width, inner, gain)


def model_tensors(config):
    width, vocabulary = config["hidden_size"], config["vocab_size"]
    # The head's spread for the embedding too: the two are one where they are tied.
    yield linear("model.embed_tokens", vocabulary, width, LOGIT_SPREAD)
    for layer in range(config["num_hidden_layers"]):
        yield from layer_tensors(f"model.layers.{layer}", config)
    yield norm("model.norm", width)
    if not config["tie_word_embeddings"]:
        yield linear("lm_head", vocabulary, width, LOGIT_SPREAD)


def encode(values, dtype):
    """float32 values as the bytes of `dtype`, rounded to nearest even."""
    if dtype == "f32":
        return values.astype("<f4").tobytes()
    if dtype == "f16":
        return values.astype("<f2").tobytes()
    bits = values.view(numpy.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()


def safetensors_header(tensors, dtype):
    name, size, _ = DTYPES[dtype]
    header, offset = {}, 0
    for tensor in tensors:
        end = offset + tensor.values * size
        header[tensor.name] = {"dtype": name, "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the data begin on a multiple of eight bytes
    return len(text).to_bytes(8, "little") + text


def write_weights(path, tensors, dtype, seed):
    generator = numpy.random.default_rng(seed)
    with open(path, "wb") as file:
        file.write(safetensors_header(tensors, dtype))
        for tensor in tensors:
            for begin in range(0, tensor.values, BLOCK_VALUES):
                count = min(BLOCK_VALUES, tensor.values - begin)
                values = generator.standard_normal(count, dtype=numpy.float32)
                values *= numpy.float32(tensor.deviation)
                values += numpy.float32(tensor.mean)
                file.write(encode(values, dtype))


def overridden(config, settings):
    """`config` with NAME=VALUE applied; VALUE is JSON, or a bare word."""
    for setting in settings:
        name, separator, value = setting.partition("=")
        if not separator:
            sys.exit(f"make_random_model: --set {setting}: expected NAME=VALUE")
        try:
            config[name] = json.loads(value)
        except json.JSONDecodeError:
            config[name] = value
    return config


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, help="folder to write; made where it is not there")
    parser.add_argument("--preset", choices=PRESETS, required=True)
    parser.add_argument("--dtype", choices=DTYPES, default="bf16")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another value for a field of config.json")
    parser.add_argument("--tokenizer", type=pathlib.Path, help="a tokenizer.json to put beside the weights")
    parser.add_argument("--seed", type=int, default=42)
    arguments = parser.parse_args()

    config = overridden(dict(PRESETS[arguments.preset], torch_dtype=DTYPES[arguments.dtype][2]), arguments.set)
    tensors = list(model_tensors(config))
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_weights(arguments.out / "model.safetensors", tensors, arguments.dtype, arguments.seed)
    (arguments.out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    if arguments.tokenizer:
        shutil.copyfile(arguments.tokenizer, arguments.out / "tokenizer.json")
    print(f"{arguments.out}: {sum(tensor.values for tensor in tensors):,} weights, {arguments.dtype}")


if __name__ == "__main__":
    main()
