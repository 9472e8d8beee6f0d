#include "tugline/cli/tug_command.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "tugline/api/responses.h"
#include "tugline/api/settings.h"
#include "tugline/api/tug.h"
#include "tugline/cli/answers.h"
#include "tugline/cli/model_argument.h"
#include "tugline/cli/number_options.h"
#include "tugline/cli/push_arguments.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/cli/terminal.h"
#include "tugline/cli/tug_report.h"
#include "tugline/cli/tug_text.h"
#include "tugline/core/error.h"
#include "tugline/probe/cost.h"
#include "tugline/probe/reach.h"

namespace tugline {
namespace {

struct TugArguments {
  std::string model;
  std::string text;
  std::string text_file;
  std::string ids;
  std::string span;
  std::string sentence;
  PushArguments push;
  int64_t audit = 0;
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
  command.add_option("--span", a.span,
                     "Tokens BEGIN:END (END left out) of the ids that are run, BOS included; pushed at "
                     "BEGIN-1, or as --at says");
  command.add_option("--sentence", a.sentence,
                     "The span is this substring; it must occur exactly once in the text");
  add_push_options(command, a.push);
  command
      .add_option("--audit", a.audit,
                  "How many pushes of each layer are also rerun plainly in f64, as a check")
      ->check(integer_from(0, 1'000'000))
      ->capture_default_str();
  command.add_flag("--json", a.json, "Print one JSON object in place of the text");
  group_push_options(command);
}

// Of the pushes at one layer.
double flops_of(const ModelConfig& config, const TugResult& result, LayerIndex layer) {
  const ReplayRows rows =
      replay_rows(result.text.span, result.readout, std::ssize(result.text.ids), {.at = result.at});
  const Site site{layer, result.point};
  return push_work(config, replayed_rows(config, rows, site), site,
                   computed_pushes(config, rows, site, whole_grid(result.pushes)), result.vocabulary)
      .total();
}

// Nothing if the model has none and none is needed: then tokens are shown by their ids.
std::optional<Tokenizer> tokenizer_of(const ModelSource& source, const TextArguments& text,
                                      const std::string& answers) {
  if (needs_tokenizer(text) || needs_tokenizer(answers)) return load_tokenizer(source);
  try {
    return load_tokenizer(source);
  } catch (const Error& e) {
    spdlog::info("tokens are shown by their ids: {}", e.what());
    return std::nullopt;
  }
}

void add_token_text(const Tokenizer& tokenizer, TugResult& result) {
  std::set<int32_t> tokens;
  for (const TugLayer& layer : result.layers) tokens.merge(moved_tokens_of(layer.measured.responses));
  if (result.asked.answers) tokens.insert({result.asked.answers->first, result.asked.answers->second});
  for (const int32_t token : tokens) result.token_text[token] = tokenizer.token_bytes(token);
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
  text.bos = bos_of(a.push.bos);
  return text;
}

// Everything that can be wrong with the arguments is found before the weights are loaded.
void run(const TugArguments& arguments, const TextArguments& text) {
  const ModelSource source = find_model(arguments.model);
  const ModelConfig config = read_config(source);
  PushSettings settings = settings_of(arguments.push, config.num_layers);
  const std::optional<Tokenizer> read = tokenizer_of(source, text, arguments.push.answers);
  const Tokenizer* const tokenizer = read ? &*read : nullptr;
  settings.answers = resolve_answers(arguments.push.answers, tokenizer, config.vocab_size);
  settings.audit = arguments.audit;
  const SweepOptions options = resolve(settings, config);
  TugResult result{.model = config.name,
                   .d_model = config.hidden_size,
                   .width = width_at(options.point, config),
                   .text = resolve_tug_text(text, tokenizer),
                   .point = options.point,
                   .at = options.at,
                   .readout = options.readout,
                   .vocabulary = options.vocabulary,
                   .temperature = options.temperature,
                   .asked = options.asked,
                   .pushes = options.pushes,
                   .direction_file = arguments.push.direction_file,
                   .precision = Precision::kF32,
                   .layers = {}};
  check_tug(config, result.text.ids, result.text.span, options);
  const LanguageModel model = load_model(source, model_options(arguments.push));
  const Transcript transcript(model, {}, {.ids = result.text.ids});
  const Trace trace(transcript, result.text.span.begin, result.text.span.end);
  const Responses responses = trace.tug(settings, watch_on_stderr());
  for (const UnitRecord& unit : responses.columns().units) {
    const LayerIndex layer{unit.key.layer};
    result.layers.push_back({.layer = layer,
                             .measured = unit.measured,
                             .audit = unit.audit,
                             .flops = flops_of(config, result, layer)});
  }
  result.precision = precision_of(model.info().precision).value();
  if (tokenizer != nullptr) add_token_text(*tokenizer, result);
  write_to_standard_output(arguments.json ? tug_json(result) : tug_text(result, colour_of_standard_output()));
}

}  // namespace

void add_tug_command(CLI::App& app) {
  auto arguments = std::make_shared<TugArguments>();
  CLI::App* command = app.add_subcommand(
      "tug", "Push at one span of one text, and show the KL at its tokens; stores nothing");
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
