#include "tugline/cli/vectors_command.h"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "tugline/api/engine.h"
#include "tugline/api/settings.h"
#include "tugline/api/sweep_job.h"
#include "tugline/cli/data_arguments.h"
#include "tugline/cli/interrupt.h"
#include "tugline/cli/model_argument.h"
#include "tugline/cli/number_lists.h"
#include "tugline/cli/number_options.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/push_arguments.h"
#include "tugline/cli/session.h"
#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/files/safetensors_writer.h"
#include "tugline/probe/mean_vectors.h"
#include "tugline/report/output_file.h"

namespace tugline {
namespace {

struct VectorsArguments {
  std::string model;
  DataArguments data;
  std::string output;
  bool force = false;
  std::string layers = "last";
  std::string hook = "resid_post";
  std::optional<int64_t> head;
  std::vector<std::string> kinds{"chunk", "example", "global"};
  bool kinds_given = false;
  std::string metric = "counterfactual_importance_kl";
  double threshold = 0.2;
  bool centred = false;
  std::string bos = "auto";
  int64_t max_examples = 0;  // 0: all
  int threads = 0;           // 0: the machine's
};

void add_options(CLI::App& command, VectorsArguments& a) {
  command.add_option("MODEL", a.model, kModelHelp)->required();
  command.add_option("DATA", a.data.path, "The dataset, JSON or JSON Lines; - is standard input")->required();
  add_field_option(command, a.data);
  command.add_option("-o,--output", a.output, "The file to write; its name ends in .safetensors")
      ->required()
      ->type_name("V.safetensors");
  add_force_option(command, a.force);
  command.add_option("--layers", a.layers, kLayersHelp)->capture_default_str();
  command.add_option("--hook", a.hook, "Where in the layer means are taken, as of sweep: " + hook_names())
      ->check(CLI::IsMember(hook_list()))
      ->capture_default_str();
  command.add_option("--head", a.head, "The query head, from 0; with --hook z")
      ->check(integer_from(0, 1'000'000));
  command
      .add_option("--kinds", a.kinds,
                  "Which vectors to make. chunk: one for each sentence; example: one for each example's "
                  "anchor; global: one for all examples, by --metric (the default leaves it out if the data "
                  "lack the metric)")
      ->delimiter(',')
      ->transform(trimmed_text)
      ->check(CLI::IsMember({"chunk", "example", "global"}))
      ->capture_default_str();
  command.add_option("--metric", a.metric, "The per-chunk metric that divides the chunks for global")
      ->capture_default_str();
  command
      .add_option("--threshold", a.threshold,
                  "global is the mean of the chunks whose metric is above this, minus that of the others")
      ->check(finite_number())
      ->capture_default_str();
  command.add_flag("--centred", a.centred,
                   "For global: first subtract each example's own mean from its chunks");
  command
      .add_option("--bos", a.bos,
                  "Whether a BOS token is put in front: auto (as the tokenizer says), always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  command
      .add_option(
          "--max-examples", a.max_examples,
          "Use only the first N examples; if example is among the kinds, the first N that have an anchor")
      ->check(integer_from(1, int64_t{1} << 40));
  command.add_option("--threads", a.threads, "How many threads compute; by default all of the machine's")
      ->check(integer_from(1, 4096));
}

bool wants(const VectorsArguments& a, const std::string& kind) {
  return std::find(a.kinds.begin(), a.kinds.end(), kind) != a.kinds.end();
}

// A metric that no example has is a slip of the pen.
void check_metric_name(const VectorsArguments& a, const Dataset& data) {
  const std::vector<std::string> names = data.metric_names();
  if (std::find(names.begin(), names.end(), a.metric) != names.end()) return;
  fail(ErrorCode::kUsage, "--metric {}: no metric of {}, which has {}", a.metric, a.data.path,
       fmt::join(names, ", "));
}

MetricLookup metric_in(const std::vector<Example>& dataset, const std::string& name) {
  return [&dataset, name](int64_t example, int64_t chunk) -> std::optional<double> {
    const auto& metrics = dataset[static_cast<size_t>(example)].chunk_metrics;
    const auto found = metrics.find(name);
    if (found == metrics.end() || chunk >= static_cast<int64_t>(found->second.size())) return std::nullopt;
    return found->second[static_cast<size_t>(chunk)];
  };
}

NamedArray array_of(const std::string& kind, LayerIndex layer, const std::vector<MeanVector>& vectors,
                    int64_t hidden) {
  NamedArray array{.name = fmt::format("{}.layer{}", kind, layer.value),
                   .rows = static_cast<int64_t>(vectors.size()),
                   .columns = hidden,
                   .values = {}};
  for (const MeanVector& v : vectors)
    array.values.insert(array.values.end(), v.values.begin(), v.values.end());
  return array;
}

// "example:chunk" for each row of a kind's arrays: the same at every layer, except for rows that sinks leave out.
std::string rows_text(const std::vector<MeanVector>& vectors) {
  std::vector<std::string> rows;
  for (const MeanVector& v : vectors)
    rows.push_back(v.chunk < 0 ? fmt::format("{}", v.example) : fmt::format("{}:{}", v.example, v.chunk));
  return fmt::format("{}", fmt::join(rows, ","));
}

bool has_metric(const std::vector<Example>& dataset, const std::string& name) {
  return std::any_of(dataset.begin(), dataset.end(), [&](const Example& example) {
    const auto found = example.chunk_metrics.find(name);
    return found != example.chunk_metrics.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [](const std::optional<double>& value) { return value.has_value(); });
  });
}

// A global vector needs the metric. If the data lack it, the default kinds leave `global` out; if it was requested, that is an error.
void check_metric(VectorsArguments& a, const std::vector<Example>& dataset) {
  if (!wants(a, "global") || has_metric(dataset, a.metric)) return;
  if (a.kinds_given)
    fail(ErrorCode::kUsage,
         "{}: no chunk has a {}, which a global vector needs; add it, choose another --metric, or leave "
         "global out: "
         "--kinds chunk,example",
         a.data.path, a.metric);
  std::erase(a.kinds, "global");
  spdlog::warn("{}: no chunk has a {}, so that no global vector is made; the kinds are {}", a.data.path,
               a.metric, fmt::join(a.kinds, " and "));
}

void check_output_name(const std::string& path) {
  if (!path.ends_with(".safetensors"))
    fail(ErrorCode::kUsage,
         "--output {}: the vectors are written as safetensors; give it a name that ends in .safetensors, "
         "which is how "
         "--direction-file knows the format",
         path);
}

// Collects what the file will hold.
class VectorFile {
 public:
  VectorFile(const VectorsArguments& arguments, const std::vector<Example>& dataset, int64_t hidden)
      : arguments_(arguments), dataset_(dataset), hidden_(hidden) {}

  void add_layer(LayerIndex layer, const std::vector<ExampleMeans>& means) {
    if (wants(arguments_, "chunk")) add("chunk", layer, chunk_vectors(means));
    if (wants(arguments_, "example")) add("example", layer, example_vectors(means));
    if (!wants(arguments_, "global")) return;
    const GlobalVector global =
        global_vector(means, metric_in(dataset_, arguments_.metric), arguments_.threshold,
                      arguments_.centred ? Centring::kByExample : Centring::kNone);
    add("global", layer, {global.vector});
    metadata_[fmt::format("chunks.global.layer{}", layer.value)] =
        fmt::format("{} above, {} not", global.above, global.below);
  }

  [[nodiscard]] std::string bytes(std::map<std::string, std::string> metadata) const {
    metadata.insert(metadata_.begin(), metadata_.end());
    return safetensors_bytes(arrays_, metadata);
  }
  [[nodiscard]] const std::vector<NamedArray>& arrays() const { return arrays_; }

 private:
  void add(const std::string& kind, LayerIndex layer, const std::vector<MeanVector>& vectors) {
    if (vectors.empty())
      fail(ErrorCode::kNothingToMeasure,
           "layer {}: the data give no vector of the kind '{}'; leave it out of --kinds", layer.value, kind);
    arrays_.push_back(array_of(kind, layer, vectors, hidden_));
    if (kind != "global") metadata_["rows." + arrays_.back().name] = rows_text(vectors);
  }

  const VectorsArguments& arguments_;
  const std::vector<Example>& dataset_;
  int64_t hidden_;
  std::vector<NamedArray> arrays_;
  std::map<std::string, std::string> metadata_;
};

std::map<std::string, std::string> metadata_of(const VectorsArguments& a, const Model& model) {
  std::map<std::string, std::string> metadata{
      {"kind", kVectorFileKind},
      {"model_name", model.config().name},
      {"model_weights", hex(model.fingerprint())},
      {"dataset", hex(hash_of(data_source(a.data)))},
      {"max_examples", a.max_examples > 0 ? fmt::format("{}", a.max_examples) : "all"},
      {"hook", a.hook},
      {"bos", a.bos},
      {"backend", model.backend().name()},
      {"d_model", fmt::format("{}", model.config().hidden_size)},
      {"metric", a.metric},
      {"threshold", fmt::format("{}", a.threshold)},
      {"centred", a.centred ? "by example" : "no"}};
  if (a.head) metadata["head"] = fmt::format("{}", *a.head);
  return metadata;
}

void report_skipped(const SweepPlan& plan) {
  for (const PlannedExample& planned : plan.examples)
    if (!planned.skipped.empty())
      spdlog::warn("example {} is skipped: {}", planned.example->index, planned.skipped);
  if (plan.spans() == 0) fail(ErrorCode::kNothingToMeasure, "no example has a sentence that can be placed");
}

void run(VectorsArguments a) {
  watch_interrupts();
  check_output_name(a.output);
  check_output(
      {.path = a.output, .kind = OutputKind::kVectors, .inputs = {a.model, a.data.path}, .force = a.force});
  const Dataset data = load_data(a.data);
  const std::vector<Example>& dataset = data.examples;
  check_metric_name(a, data);
  check_metric(a, dataset);
  const ModelSource source = find_model(a.model);
  const ModelConfig config = read_config(source);
  SweepOptions options;
  options.layers = parse_layers(a.layers, config.num_layers);
  options.point = point_of(a.hook, a.head, config);
  options.spans = {Span::Kind::kChunk};
  if (wants(a, "example")) options.spans.insert(options.spans.begin(), Span::Kind::kAnchor);
  options.bos = bos_of(a.bos);
  if (a.max_examples > 0) options.max_examples = a.max_examples;
  const Tokenizer tokenizer = load_tokenizer(source);
  const SweepPlan plan = plan_sweep(dataset, tokenizer, options);
  warn_of_two_bos(tokenizer, plan, watch_on_stderr());
  check_plan(config, plan, options);
  report_skipped(plan);

  const LanguageModel loaded = load_model(source, {.threads = a.threads});
  OutputFile output(a.output);
  catch_interrupts();
  const EngineCall call(*loaded.engine(), watch_on_stderr());
  const auto means =
      read_means(call.model(), plan, options.layers, options.point, [] { return !interrupted(); });
  VectorFile file(a, dataset, width_at(options.point, config));
  for (const auto& [layer, examples] : means) file.add_layer(layer, examples);
  output.write(file.bytes(metadata_of(a, call.model())));
  output.commit();
  for (const NamedArray& array : file.arrays())
    spdlog::info("{}:{} [{}, {}]", a.output, array.name, array.rows, array.columns);
}

}  // namespace

void add_vectors_command(CLI::App& app) {
  auto arguments = std::make_shared<VectorsArguments>();
  CLI::App* command = app.add_subcommand(
      "vectors", "Make diff-in-means vectors of a dataset's sentences, for --direction-file");
  add_options(*command, *arguments);
  command->footer(
      "Examples:\n"
      "  tugline vectors model.gguf annotated.json -o v.safetensors --layers 20,24\n"
      "  tugline sweep model.gguf annotated.json -o steer.db --layers 20 --epsilons=-10:10:21 \\\n"
      "    --direction-file v.safetensors:global.layer20\n"
      "  tugline sweep model.gguf annotated.json -o each.db --layers 20,24 --direction-file "
      "v.safetensors:global");
  command->callback([command, arguments] {
    arguments->kinds_given = command->count("--kinds") > 0;
    run(*arguments);
  });
}

}  // namespace tugline
