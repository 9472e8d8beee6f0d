// Reads the annotated dataset: JSON in, Examples out. Missing and null optional fields
// are accepted; a wrong type is an error. Finds anchors and chunks in the reasoning
// text; text/spans finds their tokens. docs/dataset.md describes the format.
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
  std::string id;             // the example's name in the file; empty if it has none
  std::string prompt;         // the problem as a person would state it; empty if the file has none
  std::string transcript;  // raw_response, else model_input_prompt + cot: what is teacher-forced; never empty
  std::string cot;         // the reasoning text, a part of the transcript if the data is consistent
  std::optional<std::string> answer;
  std::vector<ByteRange> chunks;  // of cot, in order; empty ranges are given chunks that are not in it
  std::vector<Anchor> anchors;    // in the file's order
  std::string no_anchor;  // if `anchors` is empty: a sentence that says what was expected and what was found
  // By name; each has one value for each of `chunks`, so callers may pair them by number.
  std::map<std::string, std::vector<std::optional<double>>> chunk_metrics;
  // Signs that the file's numbers count other chunks than these. If there is one, chunk_metrics is empty.
  std::vector<std::string> doubts;
};

struct Dataset {
  std::vector<Example> examples;
  std::vector<std::string> warnings;  // each names the file, and the example or the field that it is about

  // Metrics that some example has, and the annotated files' own, which come first.
  [[nodiscard]] std::vector<std::string> metric_names() const;
};

// The fields of the file that have other names: tugline's name -> the file's. A name that tugline does not
// know becomes a metric of that name.
using FieldNames = std::map<std::string, std::string>;

// Parses pairs "NAME=FIELD". Errors (kUsage): no '=', an empty side, a name given twice.
[[nodiscard]] FieldNames parse_field_names(const std::vector<std::string>& pairs);

// The metrics of the annotated files, such as counterfactual_importance_kl.
[[nodiscard]] const std::vector<std::string>& annotated_metric_names();

// Reads the whole file: one list of objects, or one object per line; the content decides which. Errors
// (kInput): another type, an empty list, a field of `names` that no example has. They name the file, the
// example's index, the field, what was expected and what was found. Thread-safe.
[[nodiscard]] Dataset load_dataset(const std::filesystem::path& path, const FieldNames& names = {});

// The same from memory; `name` stands for the file in messages.
[[nodiscard]] Dataset parse_dataset(std::string_view text, std::string_view name,
                                    const FieldNames& names = {});

}  // namespace tugline
