#include "tugline/cli/vectors_command.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <string>

#include "tugline/api/engine.h"
#include "tugline/api/vectors.h"
#include "tugline/cli/data_arguments.h"
#include "tugline/cli/interrupt.h"
#include "tugline/cli/model_argument.h"
#include "tugline/cli/name_options.h"
#include "tugline/cli/number_lists.h"
#include "tugline/cli/number_options.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/push_arguments.h"
#include "tugline/cli/session.h"
#include "tugline/report/output_file.h"

namespace tugline {
namespace {

struct VectorsArguments {
  std::string model;
  DataArguments data;
  std::string output;
  bool force = false;
  std::string layers = "last";
  VectorSettings settings;
  int threads = 0;  // 0: the machine's
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
  command
      .add_option("--hook", a.settings.hook,
                  "Where in the layer means are taken, as of sweep: " + hook_names())
      ->check(one_of(hook_list()))
      ->capture_default_str();
  command.add_option("--head", a.settings.head, "The query head, from 0; with --hook z")
      ->check(integer_from(0, 1'000'000));
  command
      .add_option("--kinds", a.settings.kinds,
                  "Which vectors to make. chunk: one for each sentence; example: one for each example's "
                  "anchor; global: one for all examples, by --metric (the default leaves it out if the data "
                  "lack the metric)")
      ->delimiter(',')
      ->transform(trimmed_text)
      ->check(one_of({"chunk", "example", "global"}))
      ->default_str("chunk,example,global");
  command
      .add_option("--metric", a.settings.metric, "The per-chunk metric that divides the chunks for global")
      ->capture_default_str();
  command
      .add_option("--threshold", a.settings.threshold,
                  "global is the mean of the chunks whose metric is above this, minus that of the others")
      ->check(finite_number())
      ->capture_default_str();
  command.add_flag("--centred", a.settings.centred,
                   "For global: first subtract each example's own mean from its chunks");
  command
      .add_option("--bos", a.settings.bos,
                  "Whether a BOS token is put in front: auto (as the tokenizer says), always, never")
      ->check(one_of({"auto", "always", "never"}))
      ->capture_default_str();
  command
      .add_option(
          "--max-examples", a.settings.max_examples,
          "Use only the first N examples; if example is among the kinds, the first N that have an anchor")
      ->check(integer_from(1, int64_t{1} << 40));
  command.add_option("--threads", a.threads, "How many threads compute; by default all of the machine's")
      ->check(integer_from(1, 4096));
}

void run(VectorsArguments a) {
  watch_interrupts();
  const Watch watch = watch_on_stderr();
  check_vectors_path(a.output, "output");
  check_output(
      {.path = a.output, .kind = OutputKind::kVectors, .inputs = {a.model, a.data.path}, .force = a.force});
  VectorsJob job{.data = data_source(a.data), .settings = a.settings};
  read_data(job, watch);
  const ModelSource source = find_model(a.model);
  const ModelConfig config = read_config(source);
  for (const LayerIndex layer : parse_layers(a.layers, config.num_layers))
    job.settings.layers.push_back(layer.value);
  make_plan(job, config, load_tokenizer(source), watch);

  const LanguageModel loaded = load_model(source, {.threads = a.threads});
  OutputFile output(a.output);
  catch_interrupts();
  const EngineCall call(*loaded.engine(), watch);
  const Vectors made = make_vectors(job, call.model(), watch);
  output.write(made.safetensors());
  output.commit();
  for (const auto& [kind, by_layer] : made.by_kind)
    for (const auto& [layer, array] : by_layer)
      spdlog::info("{}:{}.layer{} [{}, {}]", a.output, kind, layer, array.rows,
                   std::ssize(array.values) / array.rows);
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
  command->callback([arguments] { run(*arguments); });
}

}  // namespace tugline
