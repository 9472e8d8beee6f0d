// What `tugline tug` measured: the pushes' settings, and one result for each span. JSON and text are made
// from it (cli/tug_json, cli/tug_report, cli/sentence_report).
#pragma once

#include <map>
#include <string>
#include <vector>

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

struct TugSpan {
  int64_t sentence = -1;  // its number in the text, if every sentence is pushed at
  TokenRange tokens;
  std::string text = {};              // of a sentence
  double response = 0;                // by which sentences are ranked (api/tug)
  std::vector<TugLayer> layers = {};  // ascending
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
  std::string data = {};       // the dataset's name; empty for other texts
  int64_t example = 0;         // of the dataset
  Precision precision = Precision::kF32;
  std::vector<TugSpan> spans = {};  // in the order of the text
  std::map<int32_t, std::string> token_text =
      {};  // the bytes of tokens that are named; without a tokenizer none
};

// The token that a row is about: the one it predicts, or its own.
[[nodiscard]] int64_t token_of_row(const ReadoutChoice& readout, int64_t row);

// The bytes of a token that is named; empty if they are not known.
[[nodiscard]] std::string bytes_of_token(const TugResult& result, int32_t token);

// The tokens that rose at a row, or those that fell, and their changes.
[[nodiscard]] std::vector<MovedToken> moved_in_row(const ResponseRecord& response, size_t measure, size_t row,
                                                   size_t rows);

// Mean over directions, except the null's, of each row's KL at one epsilon.
[[nodiscard]] std::vector<double> row_means(const UnitMeasurement& unit, double epsilon);

}  // namespace tugline
