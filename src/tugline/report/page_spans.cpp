#include "tugline/report/page_spans.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include "tugline/core/measures.h"

namespace tugline {
namespace {

constexpr size_t kMostMoved = 5;  // tokens of a row that rose, and that fell
constexpr size_t kDeltaLogprob = measure_named("delta_logprob");
constexpr size_t kRose = measure_named("rose");
constexpr size_t kFell = measure_named("fell");

using Pieces = std::map<int32_t, std::string>;
using Responses = std::vector<const ResponseRecord*>;

std::string piece_of(const Pieces& pieces, int32_t token) {
  const auto found = pieces.find(token);
  return found == pieces.end() ? std::string() : found->second;
}

// The tokens that moved most in a row, by their mean change over the directions. A direction that does not list a token counts as 0.
std::vector<PageMove> moves_of(const Responses& responses, size_t measure, size_t row, size_t rows,
                               const Pieces& pieces) {
  std::map<int32_t, double> changes;
  for (const ResponseRecord* response : responses) {
    const std::vector<double>& lists = response->rows[measure];
    const size_t width = lists.size() / rows;  // two numbers a token
    for (size_t i = row * width; i + 1 < (row + 1) * width; i += 2)
      if (lists[i] >= 0)
        changes[static_cast<int32_t>(lists[i])] += lists[i + 1] / static_cast<double>(responses.size());
  }
  std::vector<std::pair<int32_t, double>> sorted(changes.begin(), changes.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return std::abs(a.second) > std::abs(b.second); });
  std::vector<PageMove> moves;
  for (size_t i = 0; i < std::min(sorted.size(), kMostMoved); ++i)
    moves.push_back({.piece = piece_of(pieces, sorted[i].first), .change = sorted[i].second});
  return moves;
}

double mean_at(const Responses& responses, size_t measure, size_t row) {
  double sum = 0;
  for (const ResponseRecord* response : responses) sum += response->rows[measure][row];
  return sum / static_cast<double>(responses.size());
}

std::vector<PageRow> rows_of(const Responses& responses, const UnitMeasurement& measured,
                             const Pieces& pieces) {
  std::vector<PageRow> rows;
  const size_t count = measured.rows.size();
  for (size_t row = 0; row < count; ++row) {
    rows.push_back({.kl = mean_at(responses, kKl, row),
                    .rose = moves_of(responses, kRose, row, count, pieces),
                    .fell = moves_of(responses, kFell, row, count, pieces)});
    if (measured.row_tokens[row] >= 0) rows.back().delta_logprob = mean_at(responses, kDeltaLogprob, row);
  }
  return rows;
}

PageSpan span_of(const UnitRecord& unit, const Pieces& pieces) {
  PageSpan span{
      .kind = unit.key.span_kind, .chunk = unit.key.chunk, .tokens = unit.span, .text = unit.span_text};
  for (const int32_t token : unit.measured.row_tokens) span.row_tokens.push_back(piece_of(pieces, token));
  return span;
}

}  // namespace

std::map<int64_t, std::vector<PageSpan>> page_spans(const RunStore& store, double epsilon,
                                                    int64_t most_numbers, int64_t& left_out) {
  const Pieces pieces = store.tokens();
  std::map<std::tuple<int64_t, std::string, int64_t>, PageSpan> spans;
  std::set<int64_t> without_rows;
  int64_t numbers = 0;
  for (const UnitRecord& unit : store.units()) {
    const std::vector<ResponseRecord> all = store.responses(unit.key);
    Responses responses;
    double kl = 0;
    for (const ResponseRecord& response : all) {
      if (response.epsilon != epsilon || response.set != DirectionSet::kMain) continue;
      responses.push_back(&response);
      kl += response.kl();
    }
    if (responses.empty()) continue;
    PageResponse response{.layer = unit.key.layer, .kl = kl / static_cast<double>(responses.size())};
    if (numbers < most_numbers && !without_rows.contains(unit.key.example)) {
      response.rows = rows_of(responses, unit.measured, pieces);
      for (const PageRow& row : response.rows)
        numbers += 2 + 2 * static_cast<int64_t>(row.rose.size() + row.fell.size());
    } else {
      without_rows.insert(unit.key.example);
    }
    const auto [span, is_new] =
        spans.try_emplace({unit.key.example, unit.key.span_kind, unit.key.chunk}, span_of(unit, pieces));
    span->second.responses.push_back(std::move(response));
  }
  left_out = static_cast<int64_t>(without_rows.size());
  std::map<int64_t, std::vector<PageSpan>> by_example;
  for (auto& [key, span] : spans) by_example[std::get<0>(key)].push_back(std::move(span));
  return by_example;
}

}  // namespace tugline
