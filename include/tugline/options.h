// The settings of calls: plain structs with the names and defaults of the command line's options
// (docs/cli.md), and callbacks that watch and stop a long call.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tugline/error.h"

namespace tugline {

// The progress of a tug or a sweep.
struct CallProgress {
  int64_t pushes = 0;      // done by this call
  int64_t all_pushes = 0;  // that this call does
  double work = 0;         // the share of its floating-point operations, 0 to 1
  std::string unit =
      {};  // the last one that is finished, such as "example 3, anchor, layer 20"; empty before the first
};

// Callbacks that watch and stop a long call. Every function may be empty.
struct Watch {
  // Receives a warning for the user, such as that a text already begins with the BOS. Called from the calling
  // thread.
  std::function<void(const std::string& sentence)> warn = {};
  // Receives other information. While a model is downloaded, it is called from several threads, one at a
  // time.
  std::function<void(const std::string& sentence)> inform = {};
  // While a model is downloaded: how many bytes of it are here, of how many. Called from several threads, one
  // at a time.
  std::function<void(int64_t bytes, int64_t all_bytes)> fetched = {};
  // After each batch of pushes. Called from the calling thread.
  std::function<void(const CallProgress& progress)> progress = {};
  // Called before each matrix product and each slice of a weight, from any thread. If it returns false, the
  // call ends with Error kInterrupted. A sweep keeps what it has finished.
  std::function<bool()> keep_going = {};
};

// How a model's name on the hub is resolved. An empty field is as the hub's environment variables say
// (docs/formats.md, "Models").
struct HubOptions {
  std::string revision = {};      // a branch, tag or commit; ORG/NAME@REVISION says the same
  std::string token = {};         // in place of HF_TOKEN and the token file; no message shows it
  std::string cache = {};         // a folder, in place of HF_HUB_CACHE
  bool local_files_only = false;  // nothing is downloaded
};

struct ModelOptions {
  // "f32"; "bf16": products on differences in bf16, right to about a percent, f32 if the CPU lacks the
  // instructions; "plain-bf16": what a hooked bf16 model computes, rounding noise included.
  std::string precision = "f32";
  // The number of threads of the model's calls; 0 means as many as OpenMP has. The process's own setting does
  // not change.
  int threads = 0;
  HubOptions hub = {};
};

// Vectors of the width of what is pushed, row by row: d_model, or head_dim at the hook "z". They need not be
// of length 1.
struct VectorArray {
  std::vector<double> values = {};  // [rows, width]
  int64_t rows = 0;
  // What each row belongs to, such as "0:3,0:4" for two chunks of example 0; empty if that is not known.
  // Layers whose rows belong to different things are refused.
  std::string belong_to = {};
  [[nodiscard]] bool empty() const { return rows == 0; }
};

// The pushes that are made, and how they are read.
struct PushSettings {
  std::vector<int64_t> layers = {};  // negative ones count from the end; empty: the last
  std::string hook = "resid_post";   // "resid_pre", "resid_mid", "attn_out", "mlp_out", "z"
  std::optional<int64_t> head = {};  // the query head, from 0: with the hook "z", and only with it
  std::string at = "before";         // the span's tokens that are pushed: "first", "last", "every"
  std::vector<double> epsilons = {0, 0.25, 0.5, 1,
                                  2};  // in units of the RMS of what is pushed; distinct, may be negative
  std::string push = "additive";       // "rotation", "interpolation"

  int32_t directions = 8;                      // random directions at each site
  std::string direction_family = "isotropic";  // docs/method.md, "Families"
  std::string direction_sharing = "common";    // "independent": fresh directions at each epsilon
  uint64_t seed = 42;
  // In place of random directions, one of the three: vectors that are the same at every layer, vectors for
  // each layer (from 0), or a direction file (docs/formats.md).
  VectorArray vectors = {};
  std::map<int64_t, VectorArray> vectors_by_layer = {};
  // Where these vectors were made, as a vector file's metadata say it (docs/formats.md, "Vector files");
  // empty if that is not known. Warns if it is not where they are pushed.
  std::map<std::string, std::string> vectors_origin = {};
  std::string direction_file = {};
  int32_t null_directions = 0;  // random ones that are pushed beside the vectors, to compare them with
  // Makes directions orthogonal to: "residual", a direction file, or the rows of an array. Empty: to nothing.
  std::string orthogonal_to = {};
  VectorArray orthogonal_vectors = {};

  std::string readout = "predicting";  // "following", "downstream", "downstream:N"
  double temperature = 1;              // 0.001 to 1000
  std::string vocabulary = "exact";    // "sampled"
  int64_t audit = 0;                   // pushes of each unit that are also rerun plainly in f64
  // Two tokens: also measure how the first's logit minus the second's changes.
  std::optional<std::pair<int32_t, int32_t>> answers = {};
  // Also keep this many tokens whose probability rose most in each row, and as many whose fell most; 0 to
  // 100. Not with "sampled".
  int64_t moved_tokens = 0;

  int64_t memory_limit = int64_t{4} << 30;  // bytes: working memory of a batch of pushes
  int64_t batch_rows = 800;                 // rows of a batch
};

// Further settings of a sweep.
struct SweepSettings {
  PushSettings push = {.audit = 1};
  std::vector<std::string> spans = {"anchor"};  // "anchor", "chunks", "controls"
  std::string bos = "auto";                     // "always", "never"
  std::optional<int64_t> max_examples = {};     // only the dataset's first ones; empty: all
  // Measure only as many of the epsilons as predict the others to this relative error of KL; empty: all of
  // them.
  std::optional<double> node_tolerance = {};
  // If a number of a unit is not finite, record the unit as failed, warn, and go on with the others. A later
  // sweep tries it again.
  bool keep_going = false;
  // The part `shard`, from 1, of the `shards` parts of the run.
  int64_t shard = 1;
  int64_t shards = 1;
};

// A dataset (docs/dataset.md): a file, or its content.
struct DataSource {
  std::string path = {};
  std::optional<std::string> text = {};            // JSON or JSON Lines; `path` is then its name in captions
  std::map<std::string, std::string> fields = {};  // tugline's name of a field -> the data's
};

// Which vectors are made of a dataset's sentences, and how.
struct VectorSettings {
  std::vector<int64_t> layers = {};  // as in PushSettings, like hook and head
  std::string hook = "resid_post";
  std::optional<int64_t> head = {};
  // "chunk": one for each sentence; "example": one for each example's anchor; "global": one for all examples,
  // by the metric. Empty: all, but no global vector, with a warning, if no chunk has the metric.
  std::vector<std::string> kinds = {};
  // "global": the mean of the chunks above the threshold, minus the mean of the others.
  std::string metric = "counterfactual_importance_kl";
  double threshold = 0.2;
  bool centred = false;  // for "global": first subtract each example's own mean from its chunks
  std::string bos = "auto";
  std::optional<int64_t> max_examples = {};  // with "example", the first that have an anchor; empty: all
};

struct AnalysisSettings {
  std::optional<double> epsilon = {};        // of tables about one epsilon; empty: the run's largest
  double threshold = 0.1;                    // nats: the KL whose epsilon is looked for
  std::optional<double> small_epsilon = {};  // the end of the fit's range
  int64_t resamples = 10'000;                // number of bootstrap resamples and of permutations
  uint64_t seed = 42;
  // What is analysed: a measure of the table "responses", "kl_own_row", "kl_after", or "kl_sum", the sum over
  // the rows.
  std::string measure = "kl";
  std::vector<std::string> spans = {};  // the kinds that results are about; empty: all
  std::vector<int64_t> layers = {};     // likewise
};

// Which epsilon gives a response of a wanted size.
struct DoseSettings {
  double kl = 0;                   // nats, above 0: the KL that is to be reached
  std::string statistic = "mean";  // of a push's readout rows: "mean", "p95" (their 95 % quantile), "own-row"
                                   // (the pushed token's)
  // What has a dose: "layer" (the mean curve of a kind of spans at a layer), "direction" (one curve for each,
  // if directions are the same at every span), "span", "push" (one direction at one span). Empty: "direction"
  // for such directions, else "layer".
  std::string by = {};
  int64_t resamples = 10'000;  // of the bootstrap
  uint64_t seed = 42;
  bool tangents = false;  // also the limit of each curve at epsilon 0, and what it predicts
  // With a model and its data: push near each dose, until it is known to this relative error. Empty: only the
  // store's pushes are used.
  std::optional<double> refine = {};
  // With a model and its data: the run store that keeps the pushes of `refine` and `tangents`. Empty: they
  // are not kept.
  std::string pushes = {};
};

// What of a run store is measured again, to check its numbers.
struct VerifySettings {
  int64_t sample = 8;  // units, chosen at random: all if the run has no more
  uint64_t seed = 42;  // of the choice
};

struct PlotSettings {
  std::string kind = "curves";  // docs/cli.md, "plot", lists them
  std::string measure = "kl";   // "js", "delta_logprob", "kl_own_row", ...: docs/formats.md, "Tables"
  std::string spans = {};       // kinds of spans, separated by commas, or "all"; empty: the kind's default
  std::optional<int64_t> layer = {};    // empty: all, or for kinds that draw one, the run's highest
  std::optional<double> epsilon = {};   // of kinds about one epsilon; empty: the run's largest
  std::string metric = {};              // of the dataset: for scatter, and for chunks' colours
  std::optional<int64_t> example = {};  // of text: one only; empty: the first twelve
  std::string scale = "auto";           // "log-log", "log", "linear"
  std::string style = "paper";          // "slides"
  std::string title = {};               // in place of the figure's own
  std::optional<double> width = {};     // pixels of the SVG, 360 to 4000; empty: the style's
  bool caption = true;                  // false: no text below the figure; the file's metadata has it
  // For the kind dose; as in DoseSettings.
  std::optional<double> kl = {};  // empty: 0.1
  std::string statistic = "mean";
};

}  // namespace tugline
