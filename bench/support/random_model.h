// Models with random weights made in memory, at the shapes of real ones: what the benchmarks run on.
#pragma once

#include <string>

#include "tugline/model/model.h"

namespace tugline::bench {

enum class ModelShape { kSmolLm2_135M, kDeepSeekR1Qwen_1_5B };
[[nodiscard]] std::string name_of(ModelShape shape);

// The configuration, cut to `layers` layers. A push costs what the layers above its site cost: those below
// need not exist.
[[nodiscard]] ModelConfig config_of(ModelShape shape, int64_t layers);

// Values of variance 1 / in, a function of `seed` and of the element's place alone.
[[nodiscard]] LinearSource random_linear(int64_t out, int64_t in, uint64_t seed);
[[nodiscard]] std::unique_ptr<Buffer> random_buffer(Backend& backend, int64_t rows, int64_t columns,
                                                    uint64_t seed, double rms = 1);

[[nodiscard]] LayerWeights random_layer(const ModelConfig& config, Backend& backend, uint64_t seed);
[[nodiscard]] Model random_model(ModelConfig config, Backend& backend);

}  // namespace tugline::bench
