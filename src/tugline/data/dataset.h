// The annotated dataset: reasoning traces whose decisive sentences are marked. JSON in, Examples out. Tolerant of missing
// and null optional fields, strict about types. Finds anchors and chunks in the reasoning text, and knows nothing of
// tokens. The format: docs/dataset.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/data/anchors.h"

namespace tugline {

struct Example {
  int64_t index = 0;          // position in the file
  uint64_t content_hash = 0;  // of transcript, anchors and given chunks: the example's identity for seeding
  std::string id;             // the file's own name for it; empty if it has none
  std::string prompt;         // the problem as a person would state it; empty if the file has none
  std::string transcript;  // raw_response, else model_input_prompt + cot: what is teacher-forced; never empty
  std::string cot;         // the reasoning text, a part of the transcript if the data is consistent
  std::optional<std::string> answer;
  std::vector<ByteRange> chunks;  // of cot, in order; empty ranges are given chunks that are not in it
  std::vector<Anchor> anchors;    // in the file's order
  std::string no_anchor;          // if there are none: a sentence that says what was looked for and found
  // By name, one value for each chunk. Only lists that count this example's chunks: a caller may pair them by number.
  std::map<std::string, std::vector<std::optional<double>>> chunk_metrics;
  // What speaks against the file's numbers counting these chunks. If there is anything, chunk_metrics is empty.
  std::vector<std::string> doubts;
};

struct Dataset {
  std::vector<Example> examples;
  std::vector<std::string> warnings;  // each names the file, and the example or the field that it is about

  // Metrics that some example has, and the annotated files' own, which come first.
  [[nodiscard]] std::vector<std::string> metric_names() const;
};

// Which field of the file holds what: tugline's name -> the file's. A name that is not in it is the field's own. A name
// that tugline does not know makes a metric of that name.
using FieldNames = std::map<std::string, std::string>;

// "NAME=FIELD" for each. Errors (kUsage): no '=', an empty side, a name given twice.
[[nodiscard]] FieldNames parse_field_names(const std::vector<std::string>& pairs);

// The metrics of the annotated files, such as counterfactual_importance_kl.
[[nodiscard]] const std::vector<std::string>& annotated_metric_names();

// Reads the whole file: one list of objects, or one object a line, told apart by content. Errors name the file, the
// example's index, the field, expected and found. An empty list is an error, and so is a field of `names` that no example
// has. Thread-safe.
[[nodiscard]] Dataset load_dataset(const std::filesystem::path& path, const FieldNames& names = {});

// The same from memory; `name` stands for the file in messages.
[[nodiscard]] Dataset parse_dataset(std::string_view text, std::string_view name,
                                    const FieldNames& names = {});

}  // namespace tugline
