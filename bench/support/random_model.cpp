#include "support/random_model.h"

#include <cmath>

namespace tugline::bench {
namespace {

// A full-period mixing of 64 bits (splitmix64's finaliser): quick enough to make gigabytes of weights.
uint64_t mixed(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// Uniform in [-sqrt(3), sqrt(3)): variance 1.
float random_value(uint64_t seed, uint64_t index) {
  const auto bits = static_cast<int32_t>(mixed(seed * 0x9e3779b97f4a7c15ULL + index) >> 40);  // 24 bits
  constexpr float kScale = 1.7320508f / (1 << 23);
  return static_cast<float>(bits - (1 << 23)) * kScale;
}

LinearSource with_bias(LinearSource source, bool bias) {
  if (bias) source.bias.assign(static_cast<size_t>(source.out), 0.1f);
  return source;
}

std::unique_ptr<Buffer> unit_norm(Backend& backend, int64_t columns) {
  auto weight = backend.allocate(1, columns);
  backend.upload(std::vector<double>(static_cast<size_t>(columns), 1.0), weight->matrix());
  return weight;
}

}  // namespace

std::string name_of(ModelShape shape) { return shape == ModelShape::kSmolLm2_135M ? "135M" : "1.5B"; }

ModelConfig config_of(ModelShape shape, int64_t layers) {
  ModelConfig config;
  config.name = name_of(shape);
  config.num_layers = layers;
  if (shape == ModelShape::kSmolLm2_135M) {
    config.architecture = Architecture::kLlama;
    config.hidden_size = 576;
    config.intermediate_size = 1536;
    config.num_heads = 9;
    config.num_kv_heads = 3;
    config.head_dim = 64;
    config.vocab_size = 49152;
    config.tied_head = true;
  } else {
    config.architecture = Architecture::kQwen2;
    config.hidden_size = 1536;
    config.intermediate_size = 8960;
    config.num_heads = 12;
    config.num_kv_heads = 2;
    config.head_dim = 128;
    config.vocab_size = 151936;
    config.qkv_bias = true;
  }
  return config;
}

LinearSource random_linear(int64_t out, int64_t in, uint64_t seed) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(in));
  return {.out = out,
          .in = in,
          .fill_rows =
              [=](int64_t begin, std::span<float> values) {
                const auto first = static_cast<uint64_t>(begin * in);
                for (size_t i = 0; i < values.size(); ++i) values[i] = scale * random_value(seed, first + i);
              },
          .bias = {}};
}

std::unique_ptr<Buffer> random_buffer(Backend& backend, int64_t rows, int64_t columns, uint64_t seed,
                                      double rms) {
  std::vector<double> values(static_cast<size_t>(rows * columns));
  for (size_t i = 0; i < values.size(); ++i) values[i] = rms * random_value(seed, i);
  auto buffer = backend.allocate(rows, columns);
  backend.upload(values, buffer->matrix());
  return buffer;
}

LayerWeights random_layer(const ModelConfig& config, Backend& backend, uint64_t seed) {
  const int64_t hidden = config.hidden_size;
  LayerWeights weights;
  const auto set = [&](LinearWeight weight, const LinearSource& source) {
    weights.linears[static_cast<size_t>(weight)] = backend.make_linear(source);
  };
  for (const NormWeight weight : {NormWeight::kAttention, NormWeight::kMlp})
    weights.norms[static_cast<size_t>(weight)].weight = unit_norm(backend, hidden);
  set(LinearWeight::kQkv,
      with_bias(random_linear(config.q_size() + 2 * config.kv_size(), hidden, seed), config.qkv_bias));
  set(LinearWeight::kOutput, random_linear(hidden, config.q_size(), seed + 1));
  set(LinearWeight::kGateUp, random_linear(2 * config.intermediate_size, hidden, seed + 2));
  set(LinearWeight::kDown, random_linear(hidden, config.intermediate_size, seed + 3));
  return weights;
}

Model random_model(ModelConfig config, Backend& backend) {
  constexpr uint64_t kSeedsEachLayer = 8;
  Weights weights;
  weights.embedding = random_linear(config.vocab_size, config.hidden_size, 1);
  for (int64_t layer = 0; layer < config.num_layers; ++layer)
    weights.layers.push_back(
        random_layer(config, backend, kSeedsEachLayer * static_cast<uint64_t>(layer + 1)));
  weights.final_norm.weight = unit_norm(backend, config.hidden_size);
  weights.head = backend.make_head(random_linear(config.vocab_size, config.hidden_size, 2));
  return {std::move(config), std::move(weights), backend};
}

}  // namespace tugline::bench
