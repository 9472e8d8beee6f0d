// The annotated dataset: reasoning traces whose decisive sentence is marked. JSON in, Examples out; tolerant of
// missing and null optional fields, strict about types. Knows nothing of tokens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tugline {

struct Example {
  int64_t index = 0;         // position in the file
  uint64_t content_hash = 0; // of transcript and anchor sentence: the example's identity for seeding
  std::string prompt;
  std::string transcript;    // raw_response, else model_input_prompt + cot: what is teacher-forced
  std::string cot;           // the reasoning text, a substring of transcript where the data is consistent
  std::optional<std::string> answer;
  std::optional<int64_t> anchor_index;         // thought_anchor_idx: the anchor's chunk number
  std::optional<std::string> anchor_sentence;  // thought_anchor_sentence
  std::map<std::string, std::vector<std::optional<double>>> chunk_metrics;  // such as counterfactual_importance_kl
};

// Throws Error naming the file, the example's index, the field, expected and found. An empty list is an error.
[[nodiscard]] std::vector<Example> load_dataset(const std::filesystem::path& path);

}  // namespace tugline
