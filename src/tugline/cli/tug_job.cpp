#include "tugline/cli/tug_job.h"

#include <spdlog/spdlog.h>

#include <set>

#include "tugline/api/responses.h"
#include "tugline/api/settings.h"
#include "tugline/api/sweep_job.h"
#include "tugline/api/tug.h"
#include "tugline/cli/answers.h"
#include "tugline/cli/sentence_report.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/cli/terminal.h"
#include "tugline/cli/tug_json.h"
#include "tugline/cli/tug_report.h"
#include "tugline/core/error.h"
#include "tugline/probe/cost.h"
#include "tugline/probe/reach.h"

namespace tugline {
namespace {

// Work of the pushes at one layer.
double flops_of(const ModelConfig& config, const TugResult& result, TokenRange span, LayerIndex layer) {
  const ReplayRows rows = replay_rows(span, result.readout, std::ssize(result.text.ids), {.at = result.at});
  const Site site{layer, result.point};
  return push_work(config, replayed_rows(config, rows, site), site,
                   computed_pushes(config, rows, site, whole_grid(result.pushes)), result.vocabulary)
      .total();
}

// Null if the model has none and none is needed: then tokens are shown by their ids.
const Tokenizer* tokenizer_of(TugModel& model, bool is_needed) {
  if (model.tokenizer) return &*model.tokenizer;
  try {
    model.tokenizer = load_tokenizer(model.source);
    return &*model.tokenizer;
  } catch (const Error& e) {
    if (is_needed) throw;
    spdlog::info("tokens are shown by their ids: {}", e.what());
    return nullptr;
  }
}

void add_token_text(const Tokenizer& tokenizer, TugResult& result) {
  std::set<int32_t> tokens;
  for (const TugSpan& span : result.spans)
    for (const TugLayer& layer : span.layers) tokens.merge(moved_tokens_of(layer.measured.responses));
  if (result.asked.answers) tokens.insert({result.asked.answers->first, result.asked.answers->second});
  for (const int32_t token : tokens) result.token_text[token] = tokenizer.token_bytes(token);
}

TugSpan span_of(const Span& span, const Responses& responses, const ModelConfig& config,
                const TugResult& result) {
  TugSpan found{.sentence = span.chunk,
                .tokens = span.tokens,
                .text = span.text,
                .response = largest_response(responses)};
  for (const UnitRecord& unit : responses.columns().units) {
    const LayerIndex layer{unit.key.layer};
    found.layers.push_back({.layer = layer,
                            .measured = unit.measured,
                            .audit = unit.audit,
                            .flops = flops_of(config, result, span.tokens, layer)});
  }
  return found;
}

}  // namespace

TugJob prepared_tug(const TugArguments& arguments, const TextArguments& text, TugModel& model) {
  const ModelConfig& config = model.config;
  PushSettings settings = settings_of(arguments, config.num_layers);
  const Tokenizer* const tokenizer =
      tokenizer_of(model, needs_tokenizer(text) || needs_tokenizer(arguments.push.answers));
  settings.answers = resolve_answers(arguments.push.answers, tokenizer, config.vocab_size);
  const SweepOptions options = resolve(settings, config);
  RunningText running = resolve_text(text, tokenizer);
  TugResult result{.model = config.name,
                   .d_model = config.hidden_size,
                   .width = width_at(options.point, config),
                   .text = shown_text(running, tokenizer),
                   .point = options.point,
                   .at = options.at,
                   .readout = options.readout,
                   .vocabulary = options.vocabulary,
                   .temperature = options.temperature,
                   .asked = options.asked,
                   .pushes = options.pushes,
                   .direction_file = arguments.push.direction_file};
  if (text.data) {
    result.data = name_of(data_source(*text.data));
    result.example = text.example;
  }
  std::vector<Span> spans;
  if (text.every_sentence) {
    spans = measurable_sentences(config, running, options, watch_on_stderr());
  } else {
    spans.push_back(resolve_span(text, running, tokenizer));
    check_tug(config, running, spans.front().tokens, options);
  }
  return {.text = std::move(running),
          .spans = std::move(spans),
          .settings = std::move(settings),
          .result = std::move(result)};
}

TugResult measured_tug(TugJob job, const TugModel& facts, const LanguageModel& model, const Watch& watch) {
  const std::vector<Responses> found = tug_spans(model, job.text, job.spans, job.settings, watch);
  TugResult result = std::move(job.result);
  for (size_t i = 0; i < found.size(); ++i)
    result.spans.push_back(span_of(job.spans[i], found[i], facts.config, result));
  result.precision = precision_of(model.info().precision).value();
  if (facts.tokenizer) add_token_text(*facts.tokenizer, result);
  return result;
}

void print_tug(const TugArguments& arguments, const TugResult& result) {
  const Colour colour = colour_of_standard_output();
  const TokenNumbers numbers = arguments.list ? TokenNumbers::kAlways : TokenNumbers::kWithoutColours;
  if (arguments.every_sentence)
    write_to_standard_output(arguments.json ? sentences_json(result)
                                            : sentences_text(result, colour, columns_of_standard_output()));
  else
    write_to_standard_output(arguments.json ? tug_json(result) : tug_text(result, colour, numbers));
}

}  // namespace tugline
