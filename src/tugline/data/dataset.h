// The annotated dataset: reasoning traces whose decisive sentence is marked. JSON in, Examples out; tolerant
// of missing and null optional fields, strict about types. Knows nothing of tokens. The format:
// docs/dataset.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tugline {

struct Example {
  int64_t index = 0;          // position in the file
  uint64_t content_hash = 0;  // of transcript and anchor sentence: the example's identity for seeding
  std::string prompt;         // the problem as a person would state it; empty where the file has none
  std::string transcript;  // raw_response, else model_input_prompt + cot: what is teacher-forced; never empty
  std::string cot;         // the reasoning text, a substring of transcript where the data is consistent
  std::optional<std::string> answer;
  std::optional<int64_t> anchor_index;         // thought_anchor_idx: the anchor's chunk number, from 0
  std::optional<std::string> anchor_sentence;  // thought_anchor_sentence
  // By metric name, one value a chunk; only the metrics that the file has. Names: chunk_metric_names().
  std::map<std::string, std::vector<std::optional<double>>> chunk_metrics;
};

enum class DatasetFormat {
  kJson,       // one list of objects
  kJsonLines,  // one object a line; blank lines are passed over
};

// The metrics that the annotated files may give for each chunk, such as counterfactual_importance_kl.
[[nodiscard]] const std::vector<std::string>& chunk_metric_names();

// Reads the whole file; the name's end decides: .jsonl is JSON Lines, anything else JSON. Throws Error naming
// the file, the example's index, the field, expected and found. An empty list is an error. Thread-safe.
[[nodiscard]] std::vector<Example> load_dataset(const std::filesystem::path& path);

// The same from memory; `name` stands for the file in messages.
[[nodiscard]] std::vector<Example> parse_dataset(std::string_view text, DatasetFormat format,
                                                 std::string_view name);

}  // namespace tugline
