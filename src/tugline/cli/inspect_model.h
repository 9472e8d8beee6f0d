// Describes a model by its files: configuration, tensors, tokenizer, whether tugline can run it, and the
// memory that it needs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/files/model_source.h"
#include "tugline/model/config.h"
#include "tugline/model/tensor_check.h"

namespace tugline {

struct TensorCount {
  int64_t tensors = 0;
  int64_t elements = 0;
  int64_t bytes = 0;
};

struct TokenizerFacts {
  int64_t tokens = 0;
  std::optional<int32_t> bos_id;
  std::string bos;        // as text
  bool adds_bos = false;  // --bos auto puts it in front
};

// A part of the description; if it is absent or refused, the reason replaces its value.
template <typename Value>
struct Inspected {
  std::optional<Value> value;
  std::string problem;
};

struct ModelFacts {
  std::string name;
  std::string path;
  Inspected<ModelConfig> config;
  Inspected<std::map<std::string_view, TensorCount>> tensors;  // by dtype
  Inspected<TokenizerFacts> tokenizer;
  TensorCheck check;  // of the tensors against the configuration, if both could be read
  // Why tugline cannot run the model; empty if it can.
  [[nodiscard]] std::vector<std::string> problems() const;
};

[[nodiscard]] ModelFacts inspect_model(const ModelSource& source);

// The memory of the loaded weights in f32. It leaves out an embedding table that is not also the head, which
// stays in its file.
[[nodiscard]] int64_t weight_bytes_f32(const ModelConfig& config);

[[nodiscard]] std::string model_facts_json(const ModelFacts& facts);
[[nodiscard]] std::string model_facts_text(const ModelFacts& facts);

}  // namespace tugline
