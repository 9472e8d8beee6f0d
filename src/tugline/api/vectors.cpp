#include "tugline/api/vectors.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "tugline/api/engine.h"
#include "tugline/api/settings.h"
#include "tugline/api/sweep_job.h"
#include "tugline/api/warn.h"
#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/files/direction_file.h"
#include "tugline/files/safetensors_writer.h"
#include "tugline/probe/mean_vectors.h"
#include "tugline/report/output_file.h"

namespace tugline {
namespace {

constexpr std::array<const char*, 3> kKinds{"chunk", "example", "global"};
constexpr std::string_view kGlobal = "global";

bool holds(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_settings(const VectorSettings& settings) {
  for (const std::string& kind : settings.kinds)
    if (!holds(kKinds, kind)) refuse("kinds", "'{}' is not one of {}", kind, fmt::join(kKinds, ", "));
  if (!std::isfinite(settings.threshold)) refuse("threshold", "{} is not finite", settings.threshold);
  if (settings.max_examples && *settings.max_examples < 1)
    refuse("max_examples", "{} is not 1 or more", *settings.max_examples);
}

// A name that no dataset has is a slip of the pen.
void check_metric_name(const VectorsJob& job) {
  const std::vector<std::string> names = job.dataset.metric_names();
  if (!holds(names, job.settings.metric))
    refuse("metric", "'{}' is no metric of {}, which has {}", job.settings.metric, job.data.path,
           fmt::join(names, ", "));
}

std::optional<double> metric_of(const Example& example, const std::string& name, int64_t chunk) {
  const auto found = example.chunk_metrics.find(name);
  if (found == example.chunk_metrics.end() || chunk >= std::ssize(found->second)) return std::nullopt;
  return found->second[static_cast<size_t>(chunk)];
}

bool has_metric(const Dataset& dataset, const std::string& name) {
  return std::any_of(dataset.examples.begin(), dataset.examples.end(), [&](const Example& example) {
    for (int64_t chunk = 0; chunk < std::ssize(example.chunks); ++chunk)
      if (metric_of(example, name, chunk)) return true;
    return false;
  });
}

// The kinds of the settings. If none is given, all, except a global vector without its metric.
std::vector<std::string> kinds_of(const VectorsJob& job, const Watch& watch) {
  std::vector<std::string> kinds = job.settings.kinds;
  if (kinds.empty()) kinds.assign(kKinds.begin(), kKinds.end());
  if (!holds(kinds, kGlobal) || has_metric(job.dataset, job.settings.metric)) return kinds;
  if (!job.settings.kinds.empty())
    refuse("kinds",
           "{}: no chunk has a {}, which a global vector needs; add it, choose another metric, or leave "
           "global out: chunk,example",
           job.data.path, job.settings.metric);
  std::erase(kinds, kGlobal);
  warn(watch, fmt::format("{}: no chunk has a {}, so that no global vector is made; the kinds are {}",
                          job.data.path, job.settings.metric, fmt::join(kinds, " and ")));
  return kinds;
}

// "example:chunk" for each vector, or "example".
std::string rows_text(const std::vector<MeanVector>& vectors) {
  std::vector<std::string> rows;
  for (const MeanVector& v : vectors)
    rows.push_back(v.chunk < 0 ? fmt::format("{}", v.example) : fmt::format("{}:{}", v.example, v.chunk));
  return fmt::format("{}", fmt::join(rows, ","));
}

VectorArray array_of(const std::vector<MeanVector>& vectors) {
  VectorArray array{.rows = std::ssize(vectors)};
  for (const MeanVector& v : vectors)
    array.values.insert(array.values.end(), v.values.begin(), v.values.end());
  return array;
}

std::string array_name(const std::string& kind, int64_t layer) {
  return fmt::format("{}.layer{}", kind, layer);
}

// One kind of vectors at one layer.
void add(Vectors& made, const std::string& kind, LayerIndex layer, const std::vector<MeanVector>& vectors) {
  if (vectors.empty())
    fail_setting(ErrorCode::kNothingToMeasure, "kinds",
                 "the data give no vector of the kind '{}' at layer {}", kind, layer.value);
  VectorArray array = array_of(vectors);
  if (kind != kGlobal) {
    array.belong_to = rows_text(vectors);
    made.metadata["rows." + array_name(kind, layer.value)] = array.belong_to;
  }
  made.by_kind[kind][layer.value] = std::move(array);
}

void add_global(Vectors& made, const VectorsJob& job, LayerIndex layer,
                const std::vector<ExampleMeans>& means) {
  const auto metric = [&job](int64_t example, int64_t chunk) {
    return metric_of(job.dataset.examples[static_cast<size_t>(example)], job.settings.metric, chunk);
  };
  GlobalVector global = global_vector(means, metric, job.settings.threshold,
                                      job.settings.centred ? Centring::kByExample : Centring::kNone);
  add(made, "global", layer, {std::move(global.vector)});
  made.metadata["chunks." + array_name("global", layer.value)] =
      fmt::format("{} above, {} not", global.above, global.below);
}

std::map<std::string, std::string> metadata_of(const VectorsJob& job, const Model& model) {
  const VectorSettings& s = job.settings;
  std::map<std::string, std::string> metadata{
      {"kind", kVectorFileKind},
      {"model_name", model.config().name},
      {"model_weights", hex(model.fingerprint())},
      {"dataset", hex(hash_of(job.data))},
      {"max_examples", s.max_examples ? fmt::format("{}", *s.max_examples) : "all"},
      {"hook", s.hook},
      {"bos", s.bos},
      {"backend", model.backend().name()},
      {"d_model", fmt::format("{}", model.config().hidden_size)},
      {"metric", s.metric},
      {"threshold", fmt::format("{}", s.threshold)},
      {"centred", s.centred ? "by example" : "no"}};
  if (s.head) metadata["head"] = fmt::format("{}", *s.head);
  return metadata;
}

}  // namespace

void check_vectors_path(const std::filesystem::path& path, const std::string& setting) {
  if (!path.native().ends_with(".safetensors"))
    refuse(setting,
           "{}: the vectors are written as safetensors; give it a name that ends in .safetensors, by which a "
           "direction file's format is known",
           path.native());
}

std::string Vectors::safetensors() const {
  std::vector<NamedArray> arrays;
  for (const auto& [kind, by_layer] : by_kind)
    for (const auto& [layer, array] : by_layer)
      arrays.push_back({.name = array_name(kind, layer),
                        .rows = array.rows,
                        .columns = std::ssize(array.values) / array.rows,
                        .values = array.values});
  return safetensors_bytes(std::move(arrays), metadata);
}

void Vectors::save(const std::filesystem::path& path) const {
  check_vectors_path(path, "path");
  OutputFile output(path);
  output.write(safetensors());
  output.commit();
}

void read_data(VectorsJob& job, const Watch& watch) {
  check_settings(job.settings);
  job.dataset = load_data(job.data, watch);
  check_metric_name(job);
  job.kinds = kinds_of(job, watch);
}

void make_plan(VectorsJob& job, const ModelConfig& config, const Tokenizer& tokenizer, const Watch& watch) {
  job.options.layers = layers_of(job.settings.layers, config.num_layers);
  job.options.point = point_of(job.settings.hook, job.settings.head, config);
  job.options.spans = {Span::Kind::kChunk};
  if (holds(job.kinds, "example")) job.options.spans.insert(job.options.spans.begin(), Span::Kind::kAnchor);
  job.options.bos = bos_of(job.settings.bos);
  job.options.max_examples = job.settings.max_examples;
  job.plan = plan_sweep(job.dataset.examples, tokenizer, job.options);
  warn_of_two_bos(tokenizer, job.plan, watch);
  check_plan(config, job.plan, job.options);
  warn_of_skips(job.plan, watch);
  if (job.plan.spans() == 0)
    fail(ErrorCode::kNothingToMeasure, "no example has a sentence that can be placed");
}

Vectors make_vectors(const VectorsJob& job, const Model& model, const Watch& watch) {
  const auto means = read_means(model, job.plan, job.options.layers, job.options.point,
                                [&watch] { return !watch.keep_going || watch.keep_going(); });
  Vectors made{.metadata = metadata_of(job, model)};
  for (const auto& [layer, examples] : means) {
    if (holds(job.kinds, "chunk")) add(made, "chunk", layer, chunk_vectors(examples));
    if (holds(job.kinds, "example")) add(made, "example", layer, example_vectors(examples));
    if (holds(job.kinds, kGlobal)) add_global(made, job, layer, examples);
  }
  return made;
}

Vectors vectors(const LanguageModel& model, const DataSource& data, const VectorSettings& settings,
                const Watch& watch) {
  VectorsJob job{.data = data, .settings = settings};
  read_data(job, watch);
  EngineCall call(*model.engine(), watch);
  make_plan(job, call.model().config(), model.engine()->tokenizer(watch), watch);
  return make_vectors(job, call.model(), watch);
}

}  // namespace tugline
