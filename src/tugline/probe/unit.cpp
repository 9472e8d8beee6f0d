#include "tugline/probe/unit.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/probe/plain_replay.h"
#include "tugline/probe/reach.h"
#include "tugline/probe/vectors.h"

namespace tugline {
namespace {

constexpr const char* kNoiseNote =
    "plain-bf16 computes values, not differences: these responses include bf16's rounding noise";

// The smallest push, as a part of the residual's RMS and as an RMS, whose effects f32 holds: they may shrink by a factor of 1e-18 from layer to
// layer and row to row before they leave its range (1e-38).
constexpr double kSmallestPush = 1e-20;
constexpr double kSmallestPushRms = 1e-32;

using Deviations = decltype(RowResponse::kl_deviations);

// The delete-one jackknife's standard error, from how far the estimate moves without each replicate (Efron 1982, 3.2).
double jackknife_error(const Deviations& deviations) {
  constexpr auto kCount = static_cast<double>(kTailReplicates);
  const double mean = std::accumulate(deviations.begin(), deviations.end(), 0.0) / kCount;
  double squares = 0;
  for (const double d : deviations) squares += (d - mean) * (d - mean);
  return std::sqrt((kCount - 1) / kCount * squares);
}

class UnitRun {
 public:
  UnitRun(const Model& model, const Baseline& baseline, const SpanBase& base, LayerIndex layer,
          const PushOptions& options, const UnitContext& context)
      : model_(model), baseline_(baseline), base_(base), layer_(layer), options_(options), context_(context) {
    site_ = unit_site(model, baseline, base, layer, context);
    record_.position = base.rows.push.value;
    record_.span = base.span;
    record_.key.layer = layer.value;
    record_.rms = rms(site_.residual);
    const TokenRange readout = base.rows.readout();
    record_.row_tokens = next_tokens(baseline, readout);
    for (int64_t row = readout.begin; row < readout.end; ++row) record_.rows.push_back(row);
  }

  UnitRecord run() {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<PushIndex> pushes = lay_out();
    if (replays_values(model_.backend())) record_.note = kNoiseNote;
    if (out_of_reach(model_.config(), base_.rows, baseline_.site(layer_))) {
      record_.note =
          "exact zeros: no attention block is left above the push, so that it moves no row but its own, "
          "which "
          "is not among those that are read";
    } else if (!pushes.empty()) {
      const ReplayRows rows = replayed_rows(model_.config(), base_.rows, baseline_.site(layer_));
      if (rows == base_.rows) {
        run_batches(pushes, base_);
      } else {  // the rows that are not replayed are exact zeros
        run_batches(pushes, read_rows(model_, baseline_, rows, layer_, base_.options));
      }
    }
    record_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(record_);
  }

 private:
  // One response, zero as yet, for each push; returns those that must be computed.
  std::vector<PushIndex> lay_out() {
    const bool has_targets = std::any_of(record_.row_tokens.begin(), record_.row_tokens.end(),
                                         [](int32_t t) { return t != kNoTarget; });
    std::vector<PushIndex> pushes;
    for (int32_t d = 0; d < all_directions(options_); ++d) {
      for (int32_t e = 0; e < static_cast<int32_t>(options_.epsilons.size()); ++e) {
        ResponseRecord response;
        response.direction = d;
        response.set = set_of(options_, d);
        response.epsilon = options_.epsilons[static_cast<size_t>(e)];
        response.kl_rows.assign(record_.rows.size(), 0.0);
        response.by_row = RowMeasures::zeros(record_.rows.size());
        if (base_.options.vocabulary == Vocabulary::kSampled) {
          response.kl_standard_error = 0.0;
          response.kl_rows_standard_error.assign(response.kl_rows.size(), 0.0);
        }
        if (has_targets) response.delta_logprob = 0.0;
        set_own_and_after(response);
        record_.responses.push_back(std::move(response));
        if (options_.epsilons[static_cast<size_t>(e)] != 0) pushes.push_back({d, e});
      }
    }
    return pushes;
  }

  void run_batches(const std::vector<PushIndex>& pushes, const SpanBase& base) {
    const int64_t size =
        batch_pushes(model_.config(), base.rows, static_cast<int64_t>(pushes.size()), context_.limits);
    if (replays_values(model_.backend())) {
      PlainReplayWorkspace workspace(model_, size, base.rows);
      run_batches_of(size, pushes,
                     PlainReplay(model_, baseline_, base.rows, layer_, workspace, base.options.temperature));
    } else {
      ReplayWorkspace workspace(model_, size, base.rows);
      run_batches_of(size, pushes, Replay(model_, baseline_, base, layer_, workspace));
    }
  }

  template <typename AnyReplay>
  void run_batches_of(int64_t size, const std::vector<PushIndex>& pushes, AnyReplay replay) {
    for (size_t begin = 0; begin < pushes.size(); begin += static_cast<size_t>(size)) {
      const std::span<const PushIndex> batch(pushes.data() + begin,
                                             std::min(static_cast<size_t>(size), pushes.size() - begin));
      run_batch(replay, batch);
      if (context_.after_batch && !context_.after_batch(static_cast<int64_t>(batch.size())))
        throw Error(ErrorCode::kInterrupted, "interrupted");
    }
  }

  template <typename AnyReplay>
  void run_batch(AnyReplay& replay, std::span<const PushIndex> batch) {
    std::vector<double> vectors;
    for (const PushIndex push : batch) {
      const PushVector made = push_vector(options_, site_, push);
      check_size(made.vector, response(push).epsilon);
      vectors.insert(vectors.end(), made.vector.begin(), made.vector.end());
      response(push).cosine = made.cosine;
    }
    const std::vector<RowResponse> rows = replay.run(vectors);
    const size_t read = rows.size() / batch.size();
    for (size_t i = 0; i < batch.size(); ++i)
      store(response(batch[i]), std::span<const RowResponse>(rows).subspan(i * read, read));
  }

  // Below the limits a push's effects leave f32's range on their way through the layers, and would be recorded as zeros.
  void check_size(const std::vector<double>& vector, double epsilon) const {
    if (replays_values(model_.backend()) || model_.backend().precision() == Precision::kF64) return;
    const bool is_zero = std::all_of(vector.begin(), vector.end(), [](double v) { return v == 0; });
    const double moved = rms(vector);  // 0 too where f64 does not hold the squares
    if (moved >= kSmallestPush * record_.rms && moved >= kSmallestPushRms) return;
    if (is_zero && std::abs(epsilon) >= kSmallestPush) return;  // such as from the residual to itself
    fail(ErrorCode::kInput,
         "epsilon {} pushes the residual of RMS {:.3g} at layer {}, position {} by a vector of RMS {:.3g}; "
         "f32 holds the effects of "
         "pushes from {:g} of the residual and from RMS {:g}. Use a larger epsilon",
         epsilon, record_.rms, layer_.value, record_.position, moved, kSmallestPush, kSmallestPushRms);
  }

  ResponseRecord& response(PushIndex push) {
    return record_.responses[static_cast<size_t>(push.direction) * options_.epsilons.size() +
                             static_cast<size_t>(push.epsilon)];
  }

  // `rows` are the first of the unit's rows that a push can reach; those before and after them have not moved.
  void store(ResponseRecord& response, std::span<const RowResponse> rows) const {
    const auto count = static_cast<double>(response.kl_rows.size());
    const auto targets = count - static_cast<double>(std::count(record_.row_tokens.begin(),
                                                                record_.row_tokens.end(), kNoTarget));
    const auto first = static_cast<size_t>(base_.rows.unmoved);
    double delta_logprob = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      response.kl_rows[first + i] = rows[i].kl;
      store_row(response.by_row, first + i, rows[i]);
      response.kl += rows[i].kl / count;
      response.kl_reverse += rows[i].kl_reverse / count;
      response.top1_flips += rows[i].top1_flip ? 1 / count : 0;
      response.js += rows[i].js / count;
      response.total_variation += rows[i].total_variation / count;
      response.entropy_change += rows[i].entropy_change / count;
      if (!std::isnan(rows[i].delta_logprob)) delta_logprob += rows[i].delta_logprob / targets;
    }
    if (targets > 0) response.delta_logprob = delta_logprob;
    set_own_and_after(response);
    if (base_.options.vocabulary == Vocabulary::kSampled) store_sampling_error(response, rows);
  }

  static void store_row(RowMeasures& measures, size_t row, const RowResponse& moved) {
    measures.kl_reverse[row] = static_cast<float>(moved.kl_reverse);
    measures.js[row] = static_cast<float>(moved.js);
    measures.total_variation[row] = static_cast<float>(moved.total_variation);
    measures.entropy_change[row] = static_cast<float>(moved.entropy_change);
    measures.top1_flip[row] = moved.top1_flip ? 1 : 0;
    if (!std::isnan(moved.delta_logprob))
      measures.delta_logprob[row] = static_cast<float>(moved.delta_logprob);
  }

  // From kl_rows: the pushed position's row, where it is read, is the first that can move. What lies before it counts for neither.
  void set_own_and_after(ResponseRecord& response) const {
    const size_t own = base_.rows.first_read == 0 ? 1 : 0;
    const auto moved =
        std::span(std::as_const(response.kl_rows)).subspan(static_cast<size_t>(base_.rows.unmoved));
    const std::span<const double> after = moved.subspan(own);
    if (own > 0) response.kl_own_row = moved.front();
    if (!after.empty())
      response.kl_after =
          std::accumulate(after.begin(), after.end(), 0.0) / static_cast<double>(after.size());
  }

  // All rows are computed on one sample of tokens, so that their errors are not independent: each replicate is left out of all of them
  // at once.
  void store_sampling_error(ResponseRecord& response, std::span<const RowResponse> rows) const {
    const auto first = static_cast<size_t>(base_.rows.unmoved);
    Deviations mean{};
    for (size_t i = 0; i < rows.size(); ++i) {
      response.kl_rows_standard_error[first + i] = jackknife_error(rows[i].kl_deviations);
      for (size_t g = 0; g < mean.size(); ++g)
        mean[g] += rows[i].kl_deviations[g] / static_cast<double>(response.kl_rows.size());
    }
    response.kl_standard_error = jackknife_error(mean);
  }

  const Model& model_;
  const Baseline& baseline_;
  const SpanBase& base_;
  LayerIndex layer_;
  UnitSite site_;
  const PushOptions& options_;
  const UnitContext& context_;
  UnitRecord record_;
};

// A push that leaves the numbers' range, or a weight that is not finite, must not become a result.
void check_is_finite(const UnitRecord& unit) {
  const auto is_finite = [](const auto& values) {
    return std::all_of(values.begin(), values.end(), [](auto value) { return std::isfinite(value); });
  };
  for (const ResponseRecord& response : unit.responses) {
    const RowMeasures& rows = response.by_row;
    const std::array means{unit.rms,
                           response.kl,
                           response.kl_reverse,
                           response.js,
                           response.total_variation,
                           response.entropy_change,
                           response.delta_logprob.value_or(0),
                           response.cosine.value_or(0),
                           response.kl_standard_error.value_or(0)};
    if (is_finite(means) && is_finite(response.kl_rows) && is_finite(response.kl_rows_standard_error) &&
        is_finite(rows.kl_reverse) && is_finite(rows.js) && is_finite(rows.total_variation) &&
        is_finite(rows.entropy_change) && is_finite(rows.delta_logprob))
      continue;
    fail(ErrorCode::kInput,
         "layer {}, direction {}, epsilon {}: the response is not finite (KL {}); is epsilon too large, or a "
         "weight "
         "not finite?",
         unit.key.layer, response.direction, response.epsilon, response.kl);
  }
}

}  // namespace

UnitSite unit_site(const Model& model, const Baseline& baseline, const SpanBase& base, LayerIndex layer,
                   const UnitContext& context) {
  return {.example_hash = context.example_hash,
          .span = base.span,
          .layer = layer,
          .position = base.rows.push,
          .residual = model.backend().download(baseline.residual(layer).rows(base.rows.push.value, 1)),
          .residuals = context.residuals};
}

int64_t computed_pushes(const ModelConfig& config, const ReplayRows& rows, Site site,
                        const PushOptions& options) {
  if (out_of_reach(config, rows, site)) return 0;
  const auto zeros = std::count(options.epsilons.begin(), options.epsilons.end(), 0.0);
  return all_directions(options) * (static_cast<int64_t>(options.epsilons.size()) - zeros);
}

UnitRecord measure_unit(const Model& model, const Baseline& baseline, const SpanBase& base, LayerIndex layer,
                        const PushOptions& options, const UnitContext& context) {
  UnitRecord unit = UnitRun(model, baseline, base, layer, options, context).run();
  check_is_finite(unit);
  return unit;
}

}  // namespace tugline
