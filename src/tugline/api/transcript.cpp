// A text's spans, and pushes before them.
#include <algorithm>

#include "tugline/api/content.h"
#include "tugline/api/engine.h"
#include "tugline/api/settings.h"
#include "tugline/api/tug.h"
#include "tugline/core/error.h"
#include "tugline/language_model.h"

namespace tugline {

Transcript transcript_of(const LanguageModel& model, RunningText running) {
  auto content = std::make_shared<Transcript::Content>();
  content->running = std::move(running);
  const Encoding& encoding = content->running.encoding;
  Tokens& tokens = content->tokens;
  tokens.ids = encoding.ids;
  for (const ByteRange bytes : encoding.offsets) {
    tokens.begins.push_back(bytes.begin);
    tokens.ends.push_back(bytes.end);
  }
  tokens.pieces.resize(tokens.ids.size());
  try {
    for (size_t i = 0; i < tokens.ids.size(); ++i) tokens.pieces[i] = model.piece(tokens.ids[i]);
  } catch (const Error&) {
    if (content->running.from != RunningText::From::kIds) throw;
    // A model without a tokenizer runs ids all the same.
  }
  return {model, std::move(content)};
}

const std::string& Transcript::text() const { return content_->running.example.transcript; }
const Tokens& Transcript::tokens() const { return content_->tokens; }

Trace Transcript::trace(std::string_view sentence) const {
  const TokenRange tokens = span_of_sentence(content_->running, sentence).tokens;
  return trace(tokens.begin, tokens.end);
}

Trace Transcript::trace(int64_t begin, int64_t end) const {
  const auto count = static_cast<int64_t>(tokens().ids.size());
  if (begin < 0 || end <= begin || end > count)
    refuse("span", "[{}, {}) holds no tokens of the transcript's {}", begin, end, count);
  if (begin == 0) refuse("span", "begins at token 0; no token before it could be pushed");
  return {*this, begin, end};
}

Trace Transcript::anchor(const Watch& watch) const {
  const Span span = anchor_span(content_->running, model_.engine()->tokenizer(watch), watch);
  return trace(span.tokens.begin, span.tokens.end);
}

std::vector<SentenceResponses> Transcript::tug_sentences(const PushSettings& settings,
                                                         const Watch& watch) const {
  const ModelConfig& config = model_.engine()->model().config();
  const std::vector<Span> spans =
      measurable_sentences(config, content_->running, resolve(settings, config), watch);
  std::vector<Responses> found = tug_spans(model_, content_->running, spans, settings, watch);
  std::vector<SentenceResponses> sentences;
  for (size_t i = 0; i < spans.size(); ++i)
    sentences.push_back({.sentence = spans[i].chunk,
                         .text = spans[i].text,
                         .begin = spans[i].tokens.begin,
                         .end = spans[i].tokens.end,
                         .response = largest_response(found[i]),
                         .responses = found[i]});
  std::stable_sort(
      sentences.begin(), sentences.end(),
      [](const SentenceResponses& a, const SentenceResponses& b) { return a.response > b.response; });
  return sentences;
}

Responses Trace::tug(const PushSettings& settings, const Watch& watch) const {
  return tug_spans(transcript_.model(), transcript_.content().running,
                   {{.tokens = {begin_, end_}, .text = {}}}, settings, watch)
      .front();
}

}  // namespace tugline
