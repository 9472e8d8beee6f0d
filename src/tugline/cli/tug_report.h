// The output of `tugline tug`: one JSON object for programs; for people the span's tokens by their KL, and a
// table of epsilons.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tugline/cli/terminal.h"
#include "tugline/cli/tug_text.h"
#include "tugline/core/precision.h"
#include "tugline/probe/unit.h"
#include "tugline/store/records.h"

namespace tugline {

struct TugLayer {
  LayerIndex layer;
  UnitMeasurement measured;
  AuditResult audit = {};
  double flops = 0;  // of its pushes, in matrix products (probe/cost)
};

struct TugResult {
  std::string model;
  int64_t d_model = 0;
  int64_t width = 0;  // of what is pushed
  TugText text;
  SitePoint point = {};
  PushAt at = PushAt::kBefore;
  ReadoutChoice readout = {};
  Vocabulary vocabulary = Vocabulary::kExact;
  double temperature = 1;
  AskedTokens asked = {};
  PushOptions pushes;
  std::string direction_file;  // empty for random directions
  Precision precision = Precision::kF32;
  std::vector<TugLayer> layers;  // ascending
  std::map<int32_t, std::string> token_text =
      {};  // the bytes of tokens that are named; without a tokenizer none
};

// The fields are in docs/formats.md. Numbers read back to the same doubles.
[[nodiscard]] std::string tug_json(const TugResult& result);

// Each token's KL is the mean over directions at the epsilon of largest size; what moved most at a row, of
// the push there whose KL is the largest.
[[nodiscard]] std::string tug_text(const TugResult& result, Colour colour);

}  // namespace tugline
