#include "tugline/cli/tug_arguments.h"

#include "tugline/api/settings.h"
#include "tugline/cli/help_text.h"
#include "tugline/cli/number_options.h"
#include "tugline/cli/session.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

void add_text_options(CLI::App& command, TugArguments& a) {
  command.add_option("--text", a.text, "The text to run");
  command
      .add_option("--text-file", a.text_file,
                  "A file that holds the text, all of it, a newline at its end included; - is standard input")
      ->type_name("FILE");
  command.add_option("--ids", a.ids,
                     "Token ids in place of a text, such as 1,2,3. Unless --bos never is given, the "
                     "tokenizer's BOS may be put in front, and --span counts it");
  CLI::Option* data =
      command
          .add_option("--data", a.data.path,
                      "The text of an --example of this dataset, JSON or JSON Lines; - is standard input")
          ->type_name("DATA");
  command.add_option("--example", a.example, "The number of the dataset's example, from 0")
      ->check(integer_from(0, int64_t{1} << 40))
      ->needs(data)
      ->capture_default_str();
  add_field_option(command, a.data);
  command.get_option("--field")->needs(data);
  command.add_option("--span", a.span,
                     "Tokens BEGIN:END (END left out) of the ids that are run, BOS included; pushed at "
                     "BEGIN-1, or as --at says");
  command.add_option("--sentence", a.sentence,
                     "The span is this substring; it must occur exactly once in the text. Without a span, a "
                     "dataset's example is pushed before its anchor");
  command.add_flag("--every-sentence", a.every_sentence,
                   "Push at each sentence of the text, and rank the sentences by their response");
}

}  // namespace

void add_tug_options(CLI::App& command, TugArguments& a) {
  add_text_options(command, a);
  add_push_options(command, a.push);
  add_direction_options(command, a.directions);
  command
      .add_option("--audit", a.audit,
                  "How many pushes of each layer are also rerun plainly in f64, as a check")
      ->check(integer_from(0, 1'000'000))
      ->capture_default_str();
  command.add_flag("--list", a.list, "List the tokens with their KL where they are coloured too");
  command.add_flag("--json", a.json, "Print one JSON object in place of the text");
  group_options(command, "The text and its span",
                {"--text", "--text-file", "--ids", "--data", "--example", "--field", "--span", "--sentence",
                 "--every-sentence"});
  group_push_options(command);
  group_options(command, "What is printed", {"--list", "--json"});
}

// An empty text is one that was given, and wrong.
TextArguments text_arguments(const CLI::App& command, const TugArguments& a) {
  check_one_given(command, {"--text", "--text-file", "--ids", "--data"}, Needed::kYes);
  const bool has_anchor = command.count("--data") > 0;
  check_one_given(command, {"--span", "--sentence", "--every-sentence"},
                  has_anchor ? Needed::kNo : Needed::kYes);
  TextArguments text;
  if (command.count("--text") > 0) text.text = a.text;
  if (command.count("--text-file") > 0) text.text = read_text_file(a.text_file);
  if (command.count("--ids") > 0) text.ids = a.ids;
  if (has_anchor) text.data = a.data;
  text.example = a.example;
  if (command.count("--span") > 0) text.span = a.span;
  if (command.count("--sentence") > 0) text.sentence = a.sentence;
  text.every_sentence = a.every_sentence;
  text.bos = bos_of(a.push.bos);
  return text;
}

PushSettings settings_of(const TugArguments& a, int64_t num_layers) {
  PushSettings settings = settings_of(a.push, num_layers);
  set_directions(a.directions, settings);
  settings.audit = a.audit;
  return settings;
}

}  // namespace tugline
