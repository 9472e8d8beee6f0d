#include "tugline/probe/audit.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/philox.h"
#include "tugline/probe/not_finite.h"
#include "tugline/probe/plain_replay.h"
#include "tugline/probe/reach.h"
#include "tugline/probe/vectors.h"

namespace tugline {
namespace {

// A rerun on values carries f64's rounding, some 1e-13 of the logits' size; below this epsilon that is no
// longer small beside what the push does to them, to the digits that the bound of f32 asks for.
constexpr double kSmallestEpsilon = 1e-6;

// What f32 leaves of a logit, and bf16 products of a difference, at worst: ten times what right units show.
constexpr double kF32LogitBound = kMeasures[kKl].f32_bound;
constexpr double kBf16DeltaBound = kMeasures[kKl].bf16_bound;

// By direction, then epsilon, whichever order the epsilons have.
std::vector<UnitPush> candidates(const PushGrid& grid) {
  std::vector<double> epsilons = grid.epsilons;
  std::sort(epsilons.begin(), epsilons.end());
  std::vector<UnitPush> pushes;
  for (const int32_t direction : grid.directions)
    for (const double epsilon : epsilons)
      if (std::abs(epsilon) >= kSmallestEpsilon) pushes.push_back({direction, epsilon});
  return pushes;
}

// Apart from the directions' streams, which hash other numbers.
PhiloxStream stream_of(uint64_t seed, const UnitSite& site) {
  ContentHash hash;
  hash.add_text("audit");
  for (const int64_t number : {static_cast<int64_t>(site.example_hash), site.span.begin, site.span.end,
                               static_cast<int64_t>(site.layer.value)})
    hash.add_number(static_cast<uint64_t>(number));
  return {.key = seed, .stream = hash.value()};
}

// One push's responses against its rerun.
class ComparedPush {
 public:
  ComparedPush(const UnitMeasurement& unit, const ResponseRecord& found, std::span<const F64Row> exact,
               const ReplayRows& rows, double delta_bound)
      : unit_(unit),
        found_(found),
        exact_(exact),
        first_(static_cast<size_t>(rows.unmoved)),
        delta_bound_(delta_bound) {}

  [[nodiscard]] std::optional<double> disagreement_in(size_t m) const {
    if (kMeasures[m].has_mean()) return found_.means[m] ? std::optional(of_mean_and_rows(m)) : std::nullopt;
    return found_.rows[m].empty() ? std::nullopt : std::optional(of_tokens(m));
  }

 private:
  // KL by its mean; the others also row by row, because what may be of either sign could cancel.
  [[nodiscard]] double of_mean_and_rows(size_t m) const {
    const double count = rows_with_value(kMeasures[m]);
    double mean = 0;
    double found = 0;
    double scale = 0;
    double errors = 0;
    for (size_t r = 0; r < exact_.size(); ++r) {
      const double value = judged(m, r);
      if (std::isnan(value)) continue;
      mean += value / count;
      found += found_.rows[m][first_ + r] / count;
      scale += exact_[r].scales[m] / count;
      errors += std::abs(found_.rows[m][first_ + r] - value) / count;
    }
    const double apart = m == kKl ? std::abs(found - *found_.means[m]) : errors;
    return std::max(disagreement(*found_.means[m], mean, scale), disagreement(apart, 0, scale));
  }

  // What the row should have. A flip between two tokens that f32 or bf16 cannot tell apart may be either, and
  // a sample does not see a flip to a token that was not drawn.
  [[nodiscard]] double judged(size_t m, size_t r) const {
    const double value = exact_[r].response.*kMeasures[m].row;
    if (m != measure_named("top1_flips")) return value;
    const double found = found_.rows[m][first_ + r];
    const LeadOfLikeliest& lead = exact_[r].lead;
    const bool is_tie =
        lead.margin <= kF32LogitBound * lead.largest_logit + delta_bound_ * lead.largest_delta;
    const bool is_unseen = found_.kl_standard_error && value == 1;
    return is_tie || is_unseen ? found : value;
  }

  [[nodiscard]] double rows_with_value(const Measure& measure) const {
    if (measure.rows != RowsWithValue::kWithNextToken) return static_cast<double>(unit_.rows.size());
    return static_cast<double>(std::count_if(unit_.row_tokens.begin(), unit_.row_tokens.end(),
                                             [](int32_t token) { return token != kNoTarget; }));
  }

  // The k-th largest change is to be the rerun's, and each token's change its own. The rerun's list is
  // longer, so that a token that is as good as another is found.
  [[nodiscard]] double of_tokens(size_t m) const {
    const size_t each = found_.rows[m].size() / unit_.rows.size();
    double scale = 0;
    double of_order = 0;
    double of_token = 0;
    for (size_t r = 0; r < exact_.size(); ++r) {
      const std::vector<MovedToken>& exact = exact_[r].response.*kMeasures[m].tokens;
      for (size_t k = 0; k < each / 2; ++k) {
        const double* number = &found_.rows[m][(first_ + r) * each + 2 * k];
        const double expected = k < exact.size() ? exact[k].change : 0;
        scale += std::abs(expected);
        of_order += std::abs(number[1] - expected);
        const auto same = std::find_if(exact.begin(), exact.end(), [&](const MovedToken& moved) {
          return moved.token == static_cast<int32_t>(number[0]);
        });
        of_token += std::abs(number[1] - (same == exact.end() ? 0 : same->change));
      }
    }
    return disagreement(std::max(of_order, of_token), 0, scale);
  }

  const UnitMeasurement& unit_;
  const ResponseRecord& found_;
  std::span<const F64Row> exact_;
  size_t first_;
  double delta_bound_;
};

// Lists of a rerun: so much longer than the audited ones.
AskedTokens longer(AskedTokens asked) {
  if (asked.moved > 0) asked.moved = 2 * asked.moved + 16;
  return asked;
}

void check_is_finite(double found, UnitPush push, LayerIndex layer) {
  if (!std::isfinite(found))
    throw NotFinite(fmt::format("layer {}, audit: the rerun of direction {}, epsilon {} in f64 is not finite",
                                layer.value, push.direction, push.epsilon));
}

}  // namespace

double disagreement(double found, double exact, double scale) {
  if (!std::isfinite(found)) return std::numeric_limits<double>::infinity();
  if (scale == 0) return found == exact ? 0 : 1;
  return std::abs(found - exact) / scale;
}

int64_t auditable_pushes(const PushGrid& grid) { return std::ssize(candidates(grid)); }

std::vector<UnitPush> choose_audited(const PushGrid& grid, uint64_t seed, const UnitSite& site,
                                     int64_t count) {
  std::vector<UnitPush> pushes = candidates(grid);
  const auto chosen = std::min(static_cast<size_t>(count), pushes.size());
  std::vector<double> uniforms(chosen);
  fill_uniforms(stream_of(seed, site), uniforms);
  for (size_t i = 0; i < chosen; ++i) {  // the first steps of a Fisher-Yates shuffle
    const auto left = static_cast<double>(pushes.size() - i);
    std::swap(pushes[i], pushes[i + static_cast<size_t>(uniforms[i] * left)]);
  }
  pushes.resize(chosen);
  return pushes;
}

Auditor::Auditor(const Model& exact, const Model& model, const Baseline& baseline, int64_t tokens,
                 const ReadoutOptions& options)
    : exact_(exact),
      audited_(baseline),
      baseline_(exact, baseline, model.backend(), tokens),
      options_(options),
      delta_bound_(model.backend().precision() == Precision::kF32 ? kF32LogitBound : kBf16DeltaBound) {}

const Auditor::Base& Auditor::base_of(const ReplayRows& rows) {
  if (base_ && base_->rows == rows) return *base_;
  const ConstMatrix read = baseline_.final_normed().rows(rows.read_position(0).value, rows.read());
  base_.reset();  // before the next one is made: a plan's memory has room for one
  Backend& backend = exact_.backend();
  base_ = {.rows = rows,
           .final_normed = backend.download(read),
           .distributions = {},
           .targets = read_targets(audited_, rows)};
  for (int64_t r = 0; r < read.rows; ++r)
    base_->distributions.push_back(
        f64_base(backend.logits(*exact_.weights().head, read.row_range(r, 1)), options_.temperature));
  return *base_;
}

// In f64 the difference of two reruns, of which the first is without a push, is exact enough for the pushes
// that are audited.
Auditor::Rerun Auditor::rerun(const std::vector<double>& vectors, const ReplayRows& rows, LayerIndex layer) {
  constexpr int64_t kRows = 32;  // logits held at once
  const Base& base = base_of(rows);
  Backend& backend = exact_.backend();
  const auto hidden = static_cast<size_t>(exact_.config().hidden_size);
  const int64_t width = width_at(baseline_.point(), exact_.config());
  PlainReplayWorkspace workspace(exact_, std::ssize(vectors) / (rows.vectors() * width), rows);
  const Matrix all = PlainReplay(exact_, baseline_, rows, layer, workspace).final_normed(vectors);
  std::vector<double> dx = backend.download(all);
  const std::vector<double> unpushed(dx.begin(), dx.begin() + static_cast<int64_t>(base.final_normed.size()));
  dx.erase(dx.begin(), dx.begin() + static_cast<int64_t>(unpushed.size()));
  for (size_t i = 0; i < dx.size(); ++i) dx[i] -= unpushed[i % unpushed.size()];
  const Matrix x = all.row_range(rows.read(), all.rows - rows.read());
  backend.upload(dx, x);
  Rerun found{.rows = std::vector<F64Row>(static_cast<size_t>(x.rows)), .base_error = 0};
  for (int64_t begin = 0; begin < x.rows; begin += kRows) {
    const int64_t count = std::min(kRows, x.rows - begin);
    const std::vector<double> deltas = backend.logits(*exact_.weights().head, x.row_range(begin, count));
    f64_rows({base.distributions, base.targets, longer(options_.asked)}, deltas, begin,
             std::span(found.rows).subspan(static_cast<size_t>(begin), static_cast<size_t>(count)));
  }
  for (size_t row = 0; row < unpushed.size(); row += hidden) {
    const auto exact = std::span(unpushed).subspan(row, hidden);
    const std::vector<double> apart = difference(std::span(base.final_normed).subspan(row, hidden), exact);
    found.base_error = std::max(found.base_error, disagreement(norm(apart), 0, norm(exact)));
  }
  return found;
}

AuditResult Auditor::audit(const UnitMeasurement& unit, const ReplayRows& rows, const UnitSite& site,
                           const PushOptions& options, AuditedRange range) {
  AuditResult result;
  if (out_of_reach(exact_.config(), rows, baseline_.site(site.layer))) return result;
  std::map<std::pair<int32_t, double>, const ResponseRecord*> responses;
  for (const ResponseRecord& response : unit.responses)
    responses[{response.direction, response.epsilon}] = &response;
  std::vector<UnitPush> pushes =
      choose_audited(grid_of(unit.responses).value(), options.seed, site, range.end);
  pushes.erase(pushes.begin(), pushes.begin() + std::min(range.begin, std::ssize(pushes)));
  PushMaker maker(options, site, rows.vectors());
  constexpr auto kBatch = static_cast<size_t>(kAuditedAtOnce);
  for (size_t begin = 0; begin < pushes.size(); begin += kBatch) {
    const auto batch = std::span(pushes).subspan(begin, std::min(kBatch, pushes.size() - begin));
    const Rerun exact = rerun(maker.vectors(batch), rows, site.layer);
    const auto read = static_cast<size_t>(rows.read());
    for (size_t i = 0; i < batch.size(); ++i) {
      const ComparedPush push(unit, *responses.at({batch[i].direction, batch[i].epsilon}),
                              std::span(exact.rows).subspan(i * read, read), rows, delta_bound_);
      for (size_t m = 0; m < kMeasures.size(); ++m) {
        const std::optional<double> found = push.disagreement_in(m);
        check_is_finite(found.value_or(0), batch[i], site.layer);
        result.disagreements[m] = std::max(result.disagreements[m], found);
      }
    }
    check_is_finite(exact.base_error, batch.front(), site.layer);
    result.disagreements[kKl] = std::max(result.disagreements[kKl], std::optional(exact.base_error));
  }
  result.pushes = std::ssize(pushes);
  return result;
}

}  // namespace tugline
