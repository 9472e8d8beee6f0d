// Makes the vectors of a dataset's sentences. Finds errors before the weights are needed, and then runs the
// transcripts.
#pragma once

#include <string>
#include <vector>

#include "tugline/data/dataset.h"
#include "tugline/model/model.h"
#include "tugline/options.h"
#include "tugline/probe/sweep.h"
#include "tugline/text/tokenizer.h"
#include "tugline/vectors.h"

namespace tugline {

struct VectorsJob {
  DataSource data = {};
  VectorSettings settings = {};
  Dataset dataset = {};
  std::vector<std::string> kinds = {};  // that are made
  SweepOptions options = {};
  SweepPlan plan = {};  // points into the dataset
};

// Loads the dataset and fills in `kinds`, before anything about the model is known. Errors: those of
// load_data; kUsage.
void read_data(VectorsJob& job, const Watch& watch);
// Fills in options and plan, with warnings about what is skipped. Errors: those of check_plan;
// kNothingToMeasure.
void make_plan(VectorsJob& job, const ModelConfig& config, const Tokenizer& tokenizer, const Watch& watch);
// Runs the transcripts. `watch.keep_going` is also asked after each example.
[[nodiscard]] Vectors make_vectors(const VectorsJob& job, const Model& model, const Watch& watch);

// Errors (kUsage): a name that does not end in .safetensors. `setting` is the path's name in the message.
void check_vectors_path(const std::filesystem::path& path, const std::string& setting);

}  // namespace tugline
