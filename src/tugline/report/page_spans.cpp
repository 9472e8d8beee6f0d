#include "tugline/report/page_spans.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "tugline/core/measures.h"
#include "tugline/store/field_names.h"
#include "tugline/store/unit_readers.h"

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

// The tokens that moved most in a row, by their mean change over the directions. A direction that does not
// list a token counts as 0.
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

// The examples whose rows are in the page: the first ones, until their numbers reach `most`.
std::set<int64_t> with_rows(const std::vector<UnitRecord>& units, int64_t moved_tokens, int64_t most) {
  const int64_t of_row = 2 + 4 * std::min<int64_t>(moved_tokens, kMostMoved);
  std::set<int64_t> examples;
  int64_t numbers = 0;
  for (const UnitRecord& unit : units) {
    numbers += of_row * std::ssize(unit.measured.rows);
    if (numbers <= most || examples.empty()) examples.insert(unit.key.example);
  }
  // The one in which the limit is reached may have got in with its first units only.
  if (numbers > most && examples.size() > 1) examples.erase(std::prev(examples.end()));
  return examples;
}

struct UnitQuery {
  double epsilon = 0;
  const Pieces& pieces;
  const std::set<int64_t>& with_rows;  // examples
};

// No value if the unit has no push of that epsilon.
std::optional<PageResponse> response_of(const RunStore& store, const UnitRecord& unit,
                                        const UnitQuery& query) {
  const bool has_rows = query.with_rows.contains(unit.key.example);
  const std::vector<ResponseRecord> all =
      store.responses(unit.key, has_rows ? RowValues::kRead : RowValues::kSkip);
  Responses responses;
  double kl = 0;
  for (const ResponseRecord& response : all) {
    if (response.epsilon != query.epsilon || response.set != DirectionSet::kMain) continue;
    responses.push_back(&response);
    kl += response.kl();
  }
  if (responses.empty()) return std::nullopt;
  PageResponse found{.layer = unit.key.layer, .kl = kl / static_cast<double>(responses.size())};
  if (has_rows) found.rows = rows_of(responses, unit.measured, query.pieces);
  return found;
}

std::vector<std::optional<PageResponse>> read_units(const RunStore& store,
                                                    const std::vector<UnitRecord>& units,
                                                    const UnitQuery& query) {
  std::vector<std::optional<PageResponse>> read(units.size());
  read_in_parts(store, units.size(), [&](const RunStore& own, const UnitRange& part) {
    for (size_t i = part.begin; i < part.end; ++i) read[i] = response_of(own, units[i], query);
  });
  return read;
}

}  // namespace

std::map<int64_t, std::vector<PageSpan>> page_spans(const RunStore& store, double epsilon,
                                                    int64_t most_numbers, int64_t& left_out) {
  const Pieces pieces = store.tokens();
  const std::vector<UnitRecord> units = store.units();
  const int64_t moved_tokens = count_in(store.identity().fields, field::kMovedTokens).value_or(0);
  const std::set<int64_t> with = with_rows(units, moved_tokens, most_numbers);
  std::vector<std::optional<PageResponse>> read =
      read_units(store, units, {.epsilon = epsilon, .pieces = pieces, .with_rows = with});
  std::map<std::tuple<int64_t, std::string, int64_t>, PageSpan> spans;
  std::set<int64_t> examples;
  for (size_t i = 0; i < units.size(); ++i) {
    if (!read[i]) continue;
    const UnitKey& key = units[i].key;
    const auto span =
        spans.try_emplace({key.example, key.span_kind, key.chunk}, span_of(units[i], pieces)).first;
    span->second.responses.push_back(std::move(*read[i]));
    examples.insert(key.example);
  }
  left_out = std::ranges::count_if(examples, [&](int64_t example) { return !with.contains(example); });
  std::map<int64_t, std::vector<PageSpan>> by_example;
  for (auto& [key, span] : spans) by_example[std::get<0>(key)].push_back(std::move(span));
  return by_example;
}

}  // namespace tugline
