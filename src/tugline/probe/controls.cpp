#include "tugline/probe/controls.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "tugline/core/content_hash.h"
#include "tugline/core/philox.h"

namespace tugline {
namespace {

// The first token is a sink, and a push lands on the token before a span, so spans begin at the third token
// or later.
constexpr int64_t kFirstBegin = 2;

bool overlap(TokenRange a, TokenRange b) { return a.begin < b.end && b.begin < a.end; }

int64_t tokens_of(const ControlQuery& query) { return static_cast<int64_t>(query.encoding.ids.size()); }

bool can_be_control(const ControlQuery& query, TokenRange tokens) {
  return tokens.begin >= kFirstBegin &&
         std::none_of(query.anchors.begin(), query.anchors.end(),
                      [&](TokenRange anchor) { return overlap(tokens, anchor); });
}

std::string text_of(const ControlQuery& query, TokenRange tokens) {
  const auto begin = query.encoding.offsets[static_cast<size_t>(tokens.begin)].begin;
  const auto end = query.encoding.offsets[static_cast<size_t>(tokens.end - 1)].end;
  return std::string(query.transcript.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
}

Control skipped(Span::Kind kind, int64_t ordinal, std::string reason) {
  Control control{.span = {.kind = kind, .chunk = ordinal, .tokens = {}, .text = {}}, .skipped = {}};
  control.skipped = std::move(reason);
  return control;
}

// The tokens that windows are drawn from.
TokenRange reasoning(const ControlQuery& query) {
  TokenRange all{0, 0};
  for (const SpanOutcome& chunk : query.chunks) {
    if (!chunk.span) continue;
    if (all.size() == 0) all = chunk.span->tokens;
    all.end = std::max(all.end, chunk.span->tokens.end);
  }
  return all.size() > 0 ? all : TokenRange{0, tokens_of(query)};
}

// Apart from the directions' streams, which hash other numbers.
PhiloxStream window_stream(const ControlQuery& query) {
  ContentHash hash;
  hash.add_text("control_window");
  hash.add_number(query.example_hash);
  hash.add_number(static_cast<uint64_t>(query.anchor.tokens.begin));
  hash.add_number(static_cast<uint64_t>(query.anchor.tokens.end));
  return {.key = query.seed, .stream = hash.value()};
}

// Every begin that a window may have, in random order: by a random number for each position.
std::vector<int64_t> shuffled_begins(const ControlQuery& query) {
  std::vector<double> order(query.encoding.ids.size());
  fill_uniforms(window_stream(query), order);
  const TokenRange within = reasoning(query);
  const int64_t length = query.anchor.tokens.size();
  std::vector<int64_t> begins;
  for (int64_t begin = within.begin; begin + length <= within.end; ++begin)
    if (can_be_control(query, {begin, begin + length})) begins.push_back(begin);
  std::sort(begins.begin(), begins.end(), [&](int64_t a, int64_t b) {
    return std::pair(order[static_cast<size_t>(a)], a) < std::pair(order[static_cast<size_t>(b)], b);
  });
  return begins;
}

}  // namespace

double match_distance(TokenRange a, TokenRange b, int64_t tokens) {
  const double lengths = static_cast<double>(b.size()) / static_cast<double>(a.size());
  const double apart = static_cast<double>(std::abs(b.begin - a.begin)) / static_cast<double>(tokens);
  return std::abs(std::log(lengths)) + apart;
}

std::vector<Control> matched_controls(const ControlQuery& query) {
  std::vector<std::pair<double, const Span*>> nearest;
  for (const SpanOutcome& chunk : query.chunks)
    if (chunk.span && can_be_control(query, chunk.span->tokens))
      nearest.emplace_back(match_distance(query.anchor.tokens, chunk.span->tokens, tokens_of(query)),
                           &*chunk.span);
  std::stable_sort(nearest.begin(), nearest.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Control> controls;
  for (int64_t i = 0; i < kMatchedControls; ++i) {
    if (i >= static_cast<int64_t>(nearest.size())) {
      // Not numbered by a chunk, which it does not have: -1, -2, ... from the first anchor's last.
      controls.push_back(skipped(Span::Kind::kControlMatched, i - (query.ordinal + 1) * kMatchedControls,
                                 fmt::format("The example has {} of the {} other sentences to match.",
                                             nearest.size(), kMatchedControls)));
      continue;
    }
    Control control{.span = *nearest[static_cast<size_t>(i)].second, .skipped = {}};
    control.span.kind = Span::Kind::kControlMatched;
    controls.push_back(std::move(control));
  }
  return controls;
}

std::vector<Control> window_controls(const ControlQuery& query) {
  const std::vector<int64_t> begins = shuffled_begins(query);
  const int64_t length = query.anchor.tokens.size();
  std::vector<Control> controls;
  for (int64_t i = 0; i < kWindowControls; ++i) {
    const int64_t number = query.ordinal * kWindowControls + i;
    if (i >= static_cast<int64_t>(begins.size())) {
      controls.push_back(skipped(Span::Kind::kControlWindow, number,
                                 fmt::format("The reasoning has {} of the {} windows of the anchor's length.",
                                             begins.size(), kWindowControls)));
      continue;
    }
    const TokenRange tokens{begins[static_cast<size_t>(i)], begins[static_cast<size_t>(i)] + length};
    controls.push_back({.span = {.kind = Span::Kind::kControlWindow,
                                 .chunk = number,
                                 .tokens = tokens,
                                 .text = text_of(query, tokens)},
                        .skipped = {}});
  }
  return controls;
}

std::vector<Control> offset_controls(const ControlQuery& query) {
  const int64_t last_row = readout_positions(query.anchor.tokens, query.readout, tokens_of(query)).end - 1;
  std::vector<Control> controls;
  for (const int64_t offset : kControlOffsets) {
    Control control{.span = query.anchor, .skipped = {}};
    control.span.kind = Span::Kind::kControlOffset;
    control.span.offset = offset;
    const TokenRange landed = landing(query.anchor.tokens, query.at);
    const int64_t site = landed.begin + offset;
    if (site <= 0)
      control.skipped = "The moved push would land on the first token, which is a sink, or before it.";
    if (site > last_row) control.skipped = "The moved push would land behind the last row that is read.";
    if (control.skipped.empty() && landed.end + offset > tokens_of(query))
      control.skipped = "The moved push would land behind the transcript's last token.";
    controls.push_back(std::move(control));
  }
  return controls;
}

std::string controls_text() {
  return fmt::format("{} matched, {} windows, offsets {}", kMatchedControls, kWindowControls,
                     fmt::join(kControlOffsets, ","));
}

}  // namespace tugline
