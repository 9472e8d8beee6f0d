// What `tugline tug` says: one JSON object for programs; for people the span's tokens by their KL, and a table of epsilons.
#pragma once

#include <string>
#include <vector>

#include "tugline/cli/terminal.h"
#include "tugline/cli/tug_text.h"
#include "tugline/core/precision.h"
#include "tugline/probe/unit.h"
#include "tugline/store/records.h"

namespace tugline {

struct TugResult {
  std::string model;
  int64_t d_model = 0;
  TugText text;
  ReadoutChoice readout = {};
  Vocabulary vocabulary = Vocabulary::kExact;
  double temperature = 1;
  PushOptions pushes;
  std::string direction_file;  // empty for random directions
  Precision precision = Precision::kF32;
  std::vector<UnitRecord> layers;  // ascending
  std::vector<double> flops =
      {};  // of each layer's pushes, in matrix products (probe/cost); empty where not counted
};

// {"model", "ids", "span": {"begin", "end"}, "readout", "seed", "precision", "vocabulary", "temperature", "direction_file", "d_model", "layers": [{"layer",
// "position", "rms", "rows", "tokens", "seconds", "flops" where counted, "direction_array" where each layer has its own, "note" where there is one, "responses": [{"direction", "epsilon", "kl": [per row],
// "mean", "js", "total_variation", "entropy_change", "standard_error" where the vocabulary was sampled}]}]}. `tokens` are the ids that the rows are about. Numbers read back to the same doubles.
[[nodiscard]] std::string tug_json(const TugResult& result);

// Each token's KL is the mean over directions at the epsilon of largest size.
[[nodiscard]] std::string tug_text(const TugResult& result, Colour colour);

}  // namespace tugline
