#include "tugline/cli/inspect_command.h"

#include <algorithm>
#include <memory>
#include <string>

#include "tugline/api/settings.h"
#include "tugline/api/warn.h"
#include "tugline/cli/data_arguments.h"
#include "tugline/cli/inspect_data.h"
#include "tugline/cli/inspect_model.h"
#include "tugline/cli/inspect_text.h"
#include "tugline/cli/model_argument.h"
#include "tugline/cli/name_options.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

struct InspectArguments {
  std::string model;
  std::string text;
  std::string text_file;
  DataArguments data;
  std::string bos = "auto";
  bool json = false;
};

void add_options(CLI::App& command, InspectArguments& a) {
  command
      .add_option(
          "MODEL", a.model,
          std::string(kModelHelp) + "; for --text and --data a directory with a tokenizer.json is enough")
      ->required();
  command.add_option("--text", a.text, "Show how this text is cut into tokens");
  command.add_option("--text-file", a.text_file, "Show how the text in this file is cut into tokens")
      ->type_name("FILE");
  command
      .add_option("--data", a.data.path,
                  "Show where the anchors and chunks of this dataset lie among the tokens")
      ->type_name("DATA");
  add_field_option(command, a.data);
  command
      .add_option("--bos", a.bos,
                  "Whether a BOS token is put in front: auto (as the tokenizer says), always, never")
      ->check(one_of({"auto", "always", "never"}))
      ->capture_default_str();
  command.add_flag("--json", a.json, "Print one JSON object");
}

std::string inspect_text(const InspectArguments& a, const std::string& text) {
  const Tokenizer tokenizer = load_tokenizer(find_model(a.model, ModelParts::kTokenizer));
  const Encoding encoding = tokenizer.encode(text, bos_of(a.bos));
  warn_of_two_bos(tokenizer, tokenizer.begins_with_two_bos(encoding.ids) ? 1 : 0, 1, watch_on_stderr());
  return a.json ? encoding_json(tokenizer, encoding) : encoding_text(tokenizer, encoding);
}

void inspect_data(const InspectArguments& a) {
  const Dataset dataset = load_data(a.data);
  const Tokenizer tokenizer = load_tokenizer(find_model(a.model, ModelParts::kTokenizer));
  const auto placed = place_examples(dataset.examples, tokenizer, bos_of(a.bos));
  warn_of_two_bos(tokenizer,
                  std::count_if(placed.begin(), placed.end(), [](const auto& p) { return p.has_two_bos; }),
                  static_cast<int64_t>(placed.size()), watch_on_stderr());
  write_to_standard_output(a.json ? placed_examples_json(placed) : placed_examples_text(placed));
  check_placed(placed);
}

// Prints what the model is even if it cannot be run. Errors: it cannot.
void print_model(const InspectArguments& a) {
  const ModelFacts facts = inspect_model(find_model(a.model));
  write_to_standard_output(a.json ? model_facts_json(facts) : model_facts_text(facts));
  if (const auto problems = facts.problems(); !problems.empty())
    fail(ErrorCode::kUnsupported, "tugline cannot run this model: {}", problems.front());
}

void run(const CLI::App& command, const InspectArguments& a) {
  check_one_given(command, {"--text", "--text-file", "--data"}, Needed::kNo);
  if (command.count("--text") > 0) return write_to_standard_output(inspect_text(a, a.text));
  if (command.count("--text-file") > 0)
    return write_to_standard_output(inspect_text(a, read_text_file(a.text_file)));
  if (command.count("--data") > 0) return inspect_data(a);
  print_model(a);
}

}  // namespace

void add_inspect_command(CLI::App& app) {
  auto arguments = std::make_shared<InspectArguments>();
  CLI::App* command =
      app.add_subcommand("inspect", "Show what a model is, or how it cuts a text or a dataset into tokens");
  add_options(*command, *arguments);
  command->footer(
      "Examples:\n"
      "  tugline inspect model.gguf\n"
      "  tugline inspect model.gguf --text 'So the total is 12.'\n"
      "  tugline inspect model.gguf --data examples/traces.json --json\n"
      "No weights are read, so a model that does not fit into memory can be inspected too.");
  command->callback([command, arguments] { run(*command, *arguments); });
}

}  // namespace tugline
