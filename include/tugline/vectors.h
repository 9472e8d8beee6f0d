// Diff-in-means vectors of a dataset's sentences (docs/method.md, "Vectors from means"): what `tugline
// vectors` writes.
//
//   const tugline::Vectors made = tugline::vectors(model, {.path = "annotated.json"}, {.layers = {20, 24}});
//   made.save("v.safetensors");
//   trace.tug({.layers = {20, 24}, .vectors_by_layer = made.by_kind.at("global"), .vectors_origin =
//   made.metadata});
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tugline/error.h"
#include "tugline/language_model.h"
#include "tugline/options.h"

namespace tugline {

struct Vectors {
  // By kind ("chunk", "example", "global") and layer. Each array is [n, width], with n = 1 for "global".
  std::map<std::string, std::map<int64_t, VectorArray>> by_kind = {};
  // How they were made, as the file says it (docs/formats.md, "Vector files").
  std::map<std::string, std::string> metadata = {};

  // The bytes of the file. The same vectors give the same bytes.
  [[nodiscard]] TUGLINE_API std::string safetensors() const;
  // Writes them into a file, which is replaced completely or left unchanged. Errors: kUsage for a name that
  // does not end in .safetensors; kIo.
  TUGLINE_API void save(const std::filesystem::path& path) const;
};

// Runs the dataset's transcripts up to the highest layer and makes the vectors of its sentences. Warns about
// each example that is skipped. Errors: kUsage for settings that cannot be, naming them, and for "global" if
// no chunk has the metric; those of a sweep's data; kNothingToMeasure if the data give no vector of a kind;
// kInput if all chunks are on one side of the threshold; kInterrupted.
[[nodiscard]] TUGLINE_API Vectors vectors(const LanguageModel& model, const DataSource& data,
                                          const VectorSettings& settings = {}, const Watch& watch = {});

}  // namespace tugline
