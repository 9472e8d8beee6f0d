#include "tugline/probe/unit.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "tugline/core/error.h"

namespace tugline {
namespace {

// Rows of a batch: enough that the matrix products run at full speed (their speed is flat from about 400 rows on), few enough that
// one layer's activations stay in the last-level cache. Part of a run's identity (probe/sweep): sums may round differently in
// batches of another shape.
constexpr int64_t kBatchRows = 800;

// Bytes that a replay works in for each row: the residual twice, and one layer's intermediates.
int64_t bytes_per_row(const ModelConfig& config) {
  const int64_t elements =
      4 * config.hidden_size + 2 * config.q_size() + 2 * config.kv_size() + 3 * config.intermediate_size;
  constexpr int64_t kElementBytes = 8;  // f64 on the reference backend; twice what f32 takes
  constexpr int64_t kHeadTile = 2048;
  return (elements + kHeadTile) * kElementBytes;
}

int64_t batch_pushes(const ModelConfig& config, const ReplayRows& rows, int64_t pushes,
                     int64_t memory_limit) {
  check_memory_limit(config, rows, memory_limit);
  const int64_t affordable = memory_limit / (bytes_per_row(config) * rows.count);
  const int64_t most = std::clamp<int64_t>(kBatchRows / rows.count, 1, affordable);
  const int64_t batches = (pushes + most - 1) / most;
  return (pushes + batches - 1) / batches;  // equal batches rather than full ones and a rest
}

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
      : model_(model),
        baseline_(baseline),
        base_(base),
        layer_(layer),
        output_(equivalent_output(baseline.hook(), layer)),
        options_(options),
        context_(context) {
    site_ = unit_site(model, baseline, base, layer, context);
    record_.position = base.rows.push.value;
    record_.span = base.span;
    record_.key.layer = layer.value;
    record_.rms = rms(site_.residual);
    record_.row_tokens = read_targets(baseline, base.rows);
    for (int64_t i = 0; i < base.rows.read(); ++i) record_.rows.push_back(base.rows.read_position(i).value);
  }

  UnitRecord run() {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<PushIndex> pushes = lay_out();
    if (out_of_reach(model_.config(), base_.rows, output_)) {
      record_.note =
          "exact zeros: no attention block is left above the push, so that it reaches no row after its own, "
          "and the "
          "readout 'following' reads only those";
    } else if (!pushes.empty() && output_.value == model_.config().num_layers - 1) {
      // No attention is left above: only the pushed row itself moves, the rest are exact zeros.
      run_batches(pushes, read_rows(model_, baseline_, {.push = base_.rows.push, .count = 1, .first_read = 0},
                                    layer_, base_.options));
    } else if (!pushes.empty()) {
      run_batches(pushes, base_);
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
    for (int32_t d = 0; d < options_.directions; ++d) {
      for (int32_t e = 0; e < static_cast<int32_t>(options_.epsilons.size()); ++e) {
        ResponseRecord response;
        response.direction = d;
        response.epsilon = options_.epsilons[static_cast<size_t>(e)];
        response.kl_rows.assign(static_cast<size_t>(base_.rows.read()), 0.0);
        if (base_.options.vocabulary == Vocabulary::kSampled) {
          response.kl_standard_error = 0.0;
          response.kl_rows_standard_error.assign(response.kl_rows.size(), 0.0);
        }
        if (has_targets) response.delta_logprob = 0.0;
        record_.responses.push_back(std::move(response));
        if (options_.epsilons[static_cast<size_t>(e)] != 0) pushes.push_back({d, e});
      }
    }
    return pushes;
  }

  void run_batches(const std::vector<PushIndex>& pushes, const SpanBase& base) {
    const int64_t size =
        batch_pushes(model_.config(), base.rows, static_cast<int64_t>(pushes.size()), context_.memory_limit);
    ReplayWorkspace workspace(model_, size, base.rows);
    Replay replay(model_, baseline_, base, layer_, workspace);
    for (size_t begin = 0; begin < pushes.size(); begin += static_cast<size_t>(size)) {
      const std::span<const PushIndex> batch(pushes.data() + begin,
                                             std::min(static_cast<size_t>(size), pushes.size() - begin));
      run_batch(replay, batch);
      if (context_.after_batch && !context_.after_batch(static_cast<int64_t>(batch.size())))
        throw Error(ErrorCode::kInterrupted, "interrupted");
    }
  }

  void run_batch(Replay& replay, std::span<const PushIndex> batch) {
    std::vector<double> vectors;
    for (const PushIndex push : batch) {
      const PushVector made = push_vector(options_, site_, push);
      vectors.insert(vectors.end(), made.vector.begin(), made.vector.end());
      response(push).cosine = made.cosine;
    }
    const std::vector<RowResponse> rows = replay.run(vectors);
    const size_t read = rows.size() / batch.size();
    for (size_t i = 0; i < batch.size(); ++i)
      store(response(batch[i]), std::span<const RowResponse>(rows).subspan(i * read, read));
  }

  ResponseRecord& response(PushIndex push) {
    return record_.responses[static_cast<size_t>(push.direction) * options_.epsilons.size() +
                             static_cast<size_t>(push.epsilon)];
  }

  // `rows` are the first of the unit's read rows; those after them have not moved.
  void store(ResponseRecord& response, std::span<const RowResponse> rows) const {
    const auto count = static_cast<double>(response.kl_rows.size());
    const auto targets = count - static_cast<double>(std::count(record_.row_tokens.begin(),
                                                                record_.row_tokens.end(), kNoTarget));
    double delta_logprob = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      response.kl_rows[i] = rows[i].kl;
      response.kl += rows[i].kl / count;
      response.kl_reverse += rows[i].kl_reverse / count;
      response.top1_flips += rows[i].top1_flip ? 1 / count : 0;
      if (!std::isnan(rows[i].delta_logprob)) delta_logprob += rows[i].delta_logprob / targets;
    }
    if (targets > 0) response.delta_logprob = delta_logprob;
    if (base_.options.vocabulary == Vocabulary::kSampled) store_sampling_error(response, rows);
  }

  // All rows are computed on one sample of tokens, so that their errors are not independent: each replicate is left out of all of them
  // at once.
  static void store_sampling_error(ResponseRecord& response, std::span<const RowResponse> rows) {
    Deviations mean{};
    for (size_t i = 0; i < rows.size(); ++i) {
      response.kl_rows_standard_error[i] = jackknife_error(rows[i].kl_deviations);
      for (size_t g = 0; g < mean.size(); ++g)
        mean[g] += rows[i].kl_deviations[g] / static_cast<double>(response.kl_rows.size());
    }
    response.kl_standard_error = jackknife_error(mean);
  }

  const Model& model_;
  const Baseline& baseline_;
  const SpanBase& base_;
  LayerIndex layer_;
  LayerIndex output_;  // the layer at whose output a push would reach as much
  UnitSite site_;
  const PushOptions& options_;
  const UnitContext& context_;
  UnitRecord record_;
};

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

void check_memory_limit(const ModelConfig& config, const ReplayRows& rows, int64_t memory_limit) {
  const int64_t needed = bytes_per_row(config) * rows.count;
  if (memory_limit < needed)
    fail(ErrorCode::kUsage, "--memory-limit: one push over {} rows needs {} bytes, the limit is {}; raise it",
         rows.count, needed, memory_limit);
}

bool out_of_reach(const ModelConfig& config, const ReplayRows& rows, LayerIndex layer) {
  return rows.first_read > 0 && layer.value == config.num_layers - 1;
}

int64_t computed_pushes(const Model& model, ReadoutKind readout, LayerIndex layer,
                        const PushOptions& options) {
  if (readout == ReadoutKind::kFollowing && layer.value == model.config().num_layers - 1) return 0;
  const auto zeros = std::count(options.epsilons.begin(), options.epsilons.end(), 0.0);
  return options.directions * (static_cast<int64_t>(options.epsilons.size()) - zeros);
}

UnitRecord measure_unit(const Model& model, const Baseline& baseline, const SpanBase& base, LayerIndex layer,
                        const PushOptions& options, const UnitContext& context) {
  return UnitRun(model, baseline, base, layer, options, context).run();
}

}  // namespace tugline
