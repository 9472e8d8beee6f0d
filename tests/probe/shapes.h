// A configuration for sums of costs, small and with no two sizes alike.
#pragma once

#include "tugline/model/config.h"

namespace tugline::test {

inline ModelConfig small_shape() {
  ModelConfig config;
  config.name = "small";
  config.hidden_size = 24;
  config.intermediate_size = 50;
  config.num_layers = 5;
  config.num_heads = 6;
  config.num_kv_heads = 2;
  config.head_dim = 8;
  config.vocab_size = 100;
  return config;
}

}  // namespace tugline::test
