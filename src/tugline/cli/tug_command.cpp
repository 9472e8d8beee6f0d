#include "tugline/cli/tug_command.h"

#include <memory>
#include <optional>
#include <string>

#include "tugline/cli/direction_arguments.h"
#include "tugline/cli/model_argument.h"
#include "tugline/cli/number_lists.h"
#include "tugline/cli/push_arguments.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/cli/terminal.h"
#include "tugline/cli/tug_report.h"
#include "tugline/cli/tug_text.h"
#include "tugline/core/content_hash.h"
#include "tugline/probe/cost.h"
#include "tugline/probe/reach.h"
#include "tugline/probe/replay.h"

namespace tugline {
namespace {

// Of the replays' batches; a batch of one text never comes near it.
constexpr int64_t kMemoryLimit = int64_t{4} << 30;

struct TugArguments {
  std::string model;
  std::string text;
  std::string text_file;
  std::string ids;
  std::string span;
  std::string sentence;
  PushArguments push;
  bool json = false;
};

void add_options(CLI::App& command, TugArguments& a) {
  command.add_option("MODEL", a.model, kModelHelp)->required();
  command.add_option("--text", a.text, "The text to run");
  command.add_option(
      "--text-file", a.text_file,
      "A file that holds the text, all of it, a newline at its end included; - is standard input");
  command.add_option("--ids", a.ids,
                     "Token ids in place of a text, such as 1,2,3. Unless --bos never is given, the "
                     "tokenizer's BOS may be put in front, and --span counts it");
  command.add_option(
      "--span", a.span,
      "Tokens BEGIN:END (END left out) of the ids that are run, BOS included; pushed at BEGIN-1");
  command.add_option("--sentence", a.sentence,
                     "Push before this substring; it must occur exactly once in the text");
  add_push_options(command, a.push);
  command.add_flag("--json", a.json, "Print one JSON object in place of the text");
  group_push_options(command);
}

// What random directions are keyed by, in place of an example of a dataset.
uint64_t hash_of(const std::vector<int32_t>& ids) {
  ContentHash hash;
  for (const int32_t id : ids) hash.add_number(static_cast<uint64_t>(id));
  return hash.value();
}

std::vector<UnitRecord> measure(const Model& model, const TugResult& result,
                                const std::vector<LayerIndex>& layers) {
  const Baseline baseline(model, result.text.ids, layers);
  const uint64_t hash = hash_of(result.text.ids);
  const SpanBase base = read_span(model, baseline, result.text.span, result.readout, layers.front(),
                                  {.vocabulary = result.vocabulary,
                                   .seed = result.pushes.seed,
                                   .example_hash = hash,
                                   .temperature = result.temperature});
  const UnitContext context{.example_hash = hash, .limits = {.memory = kMemoryLimit}, .after_batch = {}};
  std::vector<UnitRecord> units;
  units.reserve(layers.size());
  for (const LayerIndex layer : layers)
    units.push_back(measure_unit(model, baseline, base, layer, result.pushes, context));
  return units;
}

// Of the pushes at one layer.
double flops_of(const ModelConfig& config, const TugResult& result, LayerIndex layer) {
  const auto tokens = static_cast<int64_t>(result.text.ids.size());
  const ReplayRows rows = replay_rows(result.text.span, result.readout, tokens);
  const Site site{layer, Hook::kResidPost};
  return push_work(config, replayed_rows(config, rows, site), site,
                   computed_pushes(config, rows, site, result.pushes), result.vocabulary)
      .total();
}

// An empty text is one that was given, and wrong.
TextArguments text_arguments(const CLI::App& command, const TugArguments& a) {
  check_one_given(command, {"--text", "--text-file", "--ids"}, Needed::kYes);
  check_one_given(command, {"--span", "--sentence"}, Needed::kYes);
  TextArguments text;
  if (command.count("--text") > 0) text.text = a.text;
  if (command.count("--text-file") > 0) text.text = read_text_file(a.text_file);
  if (command.count("--ids") > 0) text.ids = a.ids;
  if (command.count("--span") > 0) text.span = a.span;
  if (command.count("--sentence") > 0) text.sentence = a.sentence;
  text.bos = parse_bos(a.push.bos);
  return text;
}

// Everything that can be wrong with the arguments is found before the weights are loaded.
void run(const TugArguments& arguments, const TextArguments& text) {
  const ModelSource source = find_model(arguments.model);
  const ModelConfig config = checked_config(source);
  const std::vector<LayerIndex> layers = parse_layers(arguments.push.layers, config.num_layers);
  TugResult result{.model = config.name,
                   .d_model = config.hidden_size,
                   .text = resolve_tug_text(text, source),
                   .readout = parse_readout(arguments.push.readout),
                   .vocabulary = parse_vocabulary(arguments.push.vocabulary),
                   .temperature = arguments.push.temperature,
                   .pushes = resolve_push_options(arguments.push, config),
                   .direction_file = arguments.push.direction_file,
                   .precision = Precision::kF32,
                   .layers = {}};
  check_push_options(result.pushes, config.hidden_size);
  check_transcript(config, result.text.ids);
  const auto tokens = static_cast<int64_t>(result.text.ids.size());
  const ReplayRows rows = replay_rows(result.text.span, result.readout, tokens);
  check_memory_limit(config, rows, kMemoryLimit);
  check_span_memory(config, rows, {layers.front(), Hook::kResidPost}, result.vocabulary, kMemoryLimit);
  const LoadedModel loaded = load_model(source, backend_options(arguments.push));
  warn_of_contradictions(result.pushes,
                         {.model = config, .weights = hex(loaded.model->fingerprint()), .layers = layers});
  result.precision = loaded.backend->precision();
  result.layers = measure(*loaded.model, result, layers);
  for (const LayerIndex layer : layers) result.flops.push_back(flops_of(config, result, layer));
  write_to_standard_output(arguments.json ? tug_json(result) : tug_text(result, colour_of_standard_output()));
}

}  // namespace

void add_tug_command(CLI::App& app) {
  auto arguments = std::make_shared<TugArguments>();
  CLI::App* command = app.add_subcommand(
      "tug", "Push before one span of one text, and show the KL at its tokens; stores nothing");
  add_options(*command, *arguments);
  command->footer(
      "Examples:\n"
      "  tugline tug model.gguf --text-file trace.txt --sentence 'So the total is 12.' --layers 10,20\n"
      "  tugline tug model.gguf --text 'Two and two make four.' --span 3:6 --epsilons 0:10:11\n"
      "  tugline tug model.gguf --ids 504,2365,282,4649,314,7042 --bos never --span 4:6 --json\n"
      "If stdout is not a terminal, or NO_COLOR is set, the tokens are listed with their KL.");
  command->callback([command, arguments] { run(*arguments, text_arguments(*command, *arguments)); });
}

}  // namespace tugline
