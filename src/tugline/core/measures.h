// The measures of a push, in one table. Records, the store's columns, exports, JSON, the memory plan and the
// audit follow from it. A new measure is a field of RowResponse, which the backends' divergences fill, and a
// line of kMeasures.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tugline {

// A sampled tail has this many independent replicates, whose spread gives its standard error. With 16, the
// standard error is itself uncertain by 1 / sqrt(2 * 15) = 18 %.
inline constexpr int64_t kTailReplicates = 16;

// A token and its p - q.
struct MovedToken {
  int32_t token = -1;
  double change = 0;
  bool operator==(const MovedToken&) const = default;
};

// The difference of one row's next-token distribution p from the base's q. docs/method.md, "Divergence", has
// the equations.
struct RowResponse {
  double kl = 0;               // KL(p || q), nats
  double kl_reverse = 0;       // KL(q || p)
  double delta_logprob = 0;    // log p - log q of the realised next token; NaN if there is none
  double top1_flip = 0;        // 1 if the most likely token changed, else 0
  double js = 0;               // Jensen-Shannon divergence of p and q, nats
  double total_variation = 0;  // half of sum |p - q|
  double entropy_change = 0;   // H(p) - H(q), nats
  double answer_change = 0;    // of the difference of two answers' logits; 0 if none are asked for
  std::vector<MovedToken> rose =
      {};  // the tokens with the largest p - q, that first; as many as are asked for
  std::vector<MovedToken> fell = {};  // the tokens with the smallest, likewise
  // kl without each of a sampled tail's replicates, minus kl; zeros if the row was computed over the whole
  // vocabulary.
  std::array<double, kTailReplicates> kl_deviations{};
};

[[nodiscard]] constexpr double flag(bool is_set) { return is_set ? 1 : 0; }

// How a row's value is kept. The products that values come from carry no more digits than f32. kRounded is an
// f32 of fewer digits (kept_row_value). kFlag is 0 or 1. kTokens is a list of tokens, each an i32 and its
// change as f32.
enum class RowType { kF32, kRounded, kFlag, kTokens };

// Whether an f32 has the same value.
[[nodiscard]] inline bool is_f32(double value) {
  return static_cast<double>(static_cast<float>(value)) == value;
}

// Which rows have a value: all, those with a next token, or none unless the run asks for it. The mean is over
// the rows that have one.
enum class RowsWithValue { kAll, kWithNextToken, kIfAnswers, kIfMovedTokens };

struct Measure {
  std::string_view name;                         // of the mean over the rows: a column, a key in JSON
  std::string_view row_name;                     // of a row's value, likewise
  double RowResponse::*row;                      // where the divergences put a row's value ...
  std::vector<MovedToken> RowResponse::*tokens;  // ... or, for kTokens, which have no mean, a row's list
  RowType type;
  RowsWithValue rows;
  // What an audit finds below which bound, in f32 and in bf16 (docs/method.md, "Audit").
  double f32_bound;
  double bf16_bound;

  [[nodiscard]] bool has_mean() const { return row != nullptr; }
  // False if a run may lack it.
  [[nodiscard]] constexpr bool is_always_measured() const {
    return rows == RowsWithValue::kAll || rows == RowsWithValue::kWithNextToken;
  }
  // The disagreement of KL had its column's name before the others had any.
  [[nodiscard]] std::string audit_column() const {
    return name == "kl" ? "audit_disagreement" : "audit_" + std::string(name);
  }
};

inline constexpr std::array kMeasures{
    Measure{"kl", "kl", &RowResponse::kl, nullptr, RowType::kF32, RowsWithValue::kAll, 1e-4, 5e-2},
    Measure{"kl_reverse", "kl_reverse", &RowResponse::kl_reverse, nullptr, RowType::kRounded,
            RowsWithValue::kAll, 1e-4, 5e-2},
    Measure{"js", "js", &RowResponse::js, nullptr, RowType::kRounded, RowsWithValue::kAll, 2e-4, 5e-2},
    Measure{"top1_flips", "top1_flip", &RowResponse::top1_flip, nullptr, RowType::kFlag, RowsWithValue::kAll,
            0, 0},
    Measure{"delta_logprob", "delta_logprob", &RowResponse::delta_logprob, nullptr, RowType::kRounded,
            RowsWithValue::kWithNextToken, 1e-4, 5e-2},
    Measure{"total_variation", "total_variation", &RowResponse::total_variation, nullptr, RowType::kRounded,
            RowsWithValue::kAll, 1.1e-3, 5e-2},
    Measure{"entropy_change", "entropy_change", &RowResponse::entropy_change, nullptr, RowType::kRounded,
            RowsWithValue::kAll, 1e-4, 5e-2},
    Measure{"answer_change", "answer_change", &RowResponse::answer_change, nullptr, RowType::kRounded,
            RowsWithValue::kIfAnswers, 1e-4, 5e-2},
    Measure{"rose", "rose", nullptr, &RowResponse::rose, RowType::kTokens, RowsWithValue::kIfMovedTokens,
            1e-4, 5e-2},
    Measure{"fell", "fell", nullptr, &RowResponse::fell, RowType::kTokens, RowsWithValue::kIfMovedTokens,
            1e-4, 5e-2},
};

// The place in kMeasures; a name that is not there does not compile.
[[nodiscard]] consteval size_t measure_named(std::string_view name) {
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (kMeasures[m].name == name) return m;
  throw std::logic_error("there is no such measure");
}
inline constexpr size_t kKl = measure_named("kl");

// By measure, in the table's order.
template <typename T>
using ByMeasure = std::array<T, kMeasures.size()>;

// The measures that a run requests in addition to those that are always made.
struct AskedMeasures {
  bool answers = false;
  int64_t moved_tokens = 0;  // of the tokens that rose, and of those that fell, this many
  [[nodiscard]] bool has(const Measure& measure) const {
    if (measure.rows == RowsWithValue::kIfAnswers) return answers;
    if (measure.rows == RowsWithValue::kIfMovedTokens) return moved_tokens > 0;
    return true;
  }
  // Numbers that a row's value is made of: two for each token of a list.
  [[nodiscard]] int64_t numbers(const Measure& measure) const {
    if (!has(measure)) return 0;
    return measure.type == RowType::kTokens ? 2 * moved_tokens : 1;
  }
};

// The number that a row keeps of a measure's value in the precisions f32 and bf16: an f32. kRounded is
// `value` to the nearest number of 17 significant bits, or of as many as it takes for an error of at most
// 2^-20. So its relative error is at most 2^-17 = 7.6e-6, and its absolute one at most 9.5e-7 (beyond 32
// f32's own).
[[nodiscard]] double kept_row_value(RowType type, double value);

// Bytes in memory of all measures' values at one row: an f64 for each number.
[[nodiscard]] inline int64_t held_row_bytes(const AskedMeasures& asked) {
  int64_t numbers = 0;
  for (const Measure& measure : kMeasures) numbers += asked.numbers(measure);
  return numbers * int64_t{sizeof(double)};
}

}  // namespace tugline
