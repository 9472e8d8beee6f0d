#include "tugline/probe/unit.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/probe/not_finite.h"
#include "tugline/probe/plain_replay.h"
#include "tugline/probe/reach.h"
#include "tugline/probe/vectors.h"

namespace tugline {
namespace {

constexpr const char* kNoiseNote =
    "plain-bf16 computes values, not differences: these responses include bf16's rounding noise";

// The smallest push, as a part of the residual's RMS and as an RMS, whose effects f32 holds: they may shrink
// by a factor of 1e-18 from layer to layer and row to row before they leave its range (1e-38).
constexpr double kSmallestPush = 1e-20;
constexpr double kSmallestPushRms = 1e-32;

using Deviations = decltype(RowResponse::kl_deviations);

// The delete-one jackknife's standard error, from how far the estimate moves without each replicate (Efron
// 1982, 3.2).
double jackknife_error(const Deviations& deviations) {
  constexpr auto kCount = static_cast<double>(kTailReplicates);
  const double mean = std::accumulate(deviations.begin(), deviations.end(), 0.0) / kCount;
  double squares = 0;
  for (const double d : deviations) squares += (d - mean) * (d - mean);
  return std::sqrt((kCount - 1) / kCount * squares);
}

bool is_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

bool is_finite(const ResponseRecord& response) {
  std::vector<double> numbers{response.cosine.value_or(0), response.kl_standard_error.value_or(0)};
  for (const std::optional<double>& mean : response.means) numbers.push_back(mean.value_or(0));
  return is_finite(numbers) && is_finite(response.kl_rows_standard_error) &&
         std::all_of(response.rows.begin(), response.rows.end(),
                     [](const std::vector<double>& rows) { return is_finite(rows); });
}

class UnitRun {
 public:
  UnitRun(const Model& model, const Baseline& baseline, const SpanBase& base, const UnitSite& site,
          const UnitPushes& pushes, const UnitContext& context)
      : model_(model),
        baseline_(baseline),
        base_(base),
        layer_(site.layer),
        site_(site),
        options_(pushes.options),
        grid_(pushes.grid),
        context_(context),
        measures_(base.options.measures()) {
    record_.position = base.rows.push.value;
    record_.rms = rms_at(site_);
    const TokenRange readout = base.rows.readout();
    record_.row_tokens = next_tokens(baseline, readout);
    for (int64_t row = readout.begin; row < readout.end; ++row) record_.rows.push_back(row);
  }

  UnitMeasurement run() {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<UnitPush> pushes = lay_out();
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
  std::vector<UnitPush> lay_out() {
    std::vector<UnitPush> pushes;
    constexpr size_t kPushesBetweenQuestions = 10'000;
    for (const int32_t direction : grid_.directions) {
      const size_t laid_out = record_.responses.size();
      if (laid_out > 0 && laid_out % kPushesBetweenQuestions < grid_.epsilons.size()) ask_to_go_on(0);
      for (const double epsilon : grid_.epsilons) {
        ResponseRecord response;
        response.direction = direction;
        response.set = set_of(options_, direction);
        response.epsilon = epsilon;
        response.rows = unmoved_rows(record_.rows.size(), measures_);
        for (size_t m = 0; m < kMeasures.size(); ++m)
          if (kMeasures[m].has_mean() && rows_with_value(kMeasures[m]) > 0) response.means[m] = 0;
        if (base_.options.vocabulary == Vocabulary::kSampled) {
          response.kl_standard_error = 0.0;
          response.kl_rows_standard_error.assign(record_.rows.size(), 0.0);
        }
        set_own_and_after(response, {});
        record_.responses.push_back(std::move(response));
        if (epsilon != 0) pushes.push_back({direction, epsilon});
      }
    }
    return pushes;
  }

  void run_batches(const std::vector<UnitPush>& pushes, const SpanBase& base) {
    const int64_t size =
        batch_pushes(model_.config(), base.rows, static_cast<int64_t>(pushes.size()), context_.limits);
    if (replays_values(model_.backend())) {
      PlainReplayWorkspace workspace(model_, size, base.rows);
      run_batches_of(
          size, pushes,
          PlainReplay(
              model_, baseline_, base.rows, layer_, workspace,
              {.temperature = base.options.temperature, .sampling = {}, .asked = base.options.asked}));
    } else {
      ReplayWorkspace workspace(model_, size, base.rows);
      run_batches_of(size, pushes, Replay(model_, baseline_, base, layer_, workspace));
    }
  }

  template <typename AnyReplay>
  void run_batches_of(int64_t size, const std::vector<UnitPush>& pushes, AnyReplay replay) {
    PushMaker maker(options_, site_, base_.rows.vectors());
    std::span<const UnitPush> left = pushes;
    const auto take_batch = [&] {
      const auto batch = left.first(std::min(static_cast<size_t>(size), left.size()));
      left = left.subspan(batch.size());
      return batch;
    };
    std::span<const UnitPush> batch = take_batch();
    std::vector<double> vectors = make_vectors(maker, batch);
    while (!batch.empty()) {
      const std::unique_ptr<PendingResponses> pending = replay.submit(vectors);
      const std::span<const UnitPush> next = take_batch();
      vectors = make_vectors(maker, next);  // while a device computes
      store(batch, pending->collect());
      for (const UnitPush push : batch)
        if (!is_finite(response(push)))
          throw NotFinite(fmt::format("{}; direction {}, epsilon {}: is epsilon too large?",
                                      replay.where_not_finite(maker.vectors(push).vectors), push.direction,
                                      push.epsilon));
      ask_to_go_on(std::ssize(batch));
      batch = next;
    }
  }

  void ask_to_go_on(int64_t pushes) const {
    if (context_.after_batch && !context_.after_batch(pushes))
      throw Error(ErrorCode::kInterrupted, "interrupted");
  }

  std::vector<double> make_vectors(PushMaker& maker, std::span<const UnitPush> batch) {
    std::vector<double> vectors;
    for (const UnitPush push : batch) {
      const PushVectors made = maker.vectors(push);
      check_size(made.vectors, push.epsilon);
      vectors.insert(vectors.end(), made.vectors.begin(), made.vectors.end());
      response(push).cosine = made.cosine;
    }
    return vectors;
  }

  void store(std::span<const UnitPush> batch, const std::vector<RowResponse>& rows) {
    const size_t read = rows.size() / batch.size();
    for (size_t i = 0; i < batch.size(); ++i)
      store(response(batch[i]), std::span(rows).subspan(i * read, read));
  }

  // Below the limits a push's effects leave f32's range on their way through the layers, and would be
  // recorded as zeros.
  void check_size(const std::vector<double>& vector, double epsilon) const {
    if (replays_values(model_.backend()) || model_.backend().precision() == Precision::kF64) return;
    const bool is_zero = std::all_of(vector.begin(), vector.end(), [](double v) { return v == 0; });
    const double moved = rms(vector);  // also 0 if f64 cannot hold the squares
    if (moved >= kSmallestPush * record_.rms && moved >= kSmallestPushRms) return;
    if (is_zero && std::abs(epsilon) >= kSmallestPush) return;  // such as from the residual to itself
    fail(ErrorCode::kInput,
         "epsilon {} pushes the residual of RMS {:.3g} at layer {}, position {} by a vector of RMS {:.3g}; "
         "f32 holds the effects of "
         "pushes from {:g} of the residual and from RMS {:g}. Use a larger epsilon",
         epsilon, record_.rms, layer_.value, record_.position, moved, kSmallestPush, kSmallestPushRms);
  }

  ResponseRecord& response(UnitPush push) {
    return record_.responses[grid_.place_of(push.direction, push.epsilon)];
  }

  // `rows` are the first of the unit's rows that a push can reach; those before and after them have not
  // moved.
  void store(ResponseRecord& response, std::span<const RowResponse> rows) const {
    for (size_t m = 0; m < kMeasures.size(); ++m) store_measure(response, m, rows);
    set_own_and_after(response, rows);
    if (base_.options.vocabulary == Vocabulary::kSampled) store_sampling_error(response, rows);
  }

  void store_measure(ResponseRecord& response, size_t m, std::span<const RowResponse> rows) const {
    const Measure& measure = kMeasures[m];
    const double count = rows_with_value(measure);
    if (count == 0) return;
    const auto first = static_cast<size_t>(base_.rows.unmoved);
    if (!measure.has_mean()) {
      for (size_t i = 0; i < rows.size(); ++i)
        store_tokens(response.rows[m], first + i, rows[i].*measure.tokens);
      return;
    }
    double mean = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      const double value = rows[i].*measure.row;
      if (std::isnan(value) && measure.rows == RowsWithValue::kWithNextToken) continue;
      response.rows[m][first + i] = kept(measure.type, value);
      mean += value / count;
    }
    response.means[m] = mean;
  }

  // A list that is shorter ends in tokens of -1.
  void store_tokens(std::vector<double>& numbers, size_t row, const std::vector<MovedToken>& tokens) const {
    const size_t each = 2 * static_cast<size_t>(measures_.moved_tokens);
    for (size_t k = 0; k < tokens.size(); ++k) {
      numbers[row * each + 2 * k] = tokens[k].token;
      numbers[row * each + 2 * k + 1] = kept(RowType::kF32, tokens[k].change);
    }
  }

  [[nodiscard]] double kept(RowType type, double value) const {
    return model_.backend().precision() == Precision::kF64 ? value : kept_row_value(type, value);
  }

  [[nodiscard]] double rows_with_value(const Measure& measure) const {
    if (!measures_.has(measure)) return 0;
    if (measure.rows != RowsWithValue::kWithNextToken) return static_cast<double>(record_.rows.size());
    return static_cast<double>(std::count_if(record_.row_tokens.begin(), record_.row_tokens.end(),
                                             [](int32_t token) { return token != kNoTarget; }));
  }

  // `rows` are those of store. The first rows that can move are those that are pushed. The rows before them
  // count for neither, and those after `rows` have not moved.
  void set_own_and_after(ResponseRecord& response, std::span<const RowResponse> rows) const {
    const int64_t all = base_.rows.read();
    const int64_t own = std::clamp<int64_t>(base_.rows.vectors() - base_.rows.first_read, 0, all);
    const auto mean = [&](std::span<const RowResponse> part, int64_t count) {
      double sum = 0;
      for (const RowResponse& row : part) sum += row.kl;
      return sum / static_cast<double>(count);
    };
    const auto own_rows = rows.first(std::min(static_cast<size_t>(own), rows.size()));
    if (own > 0) response.kl_own_row = mean(own_rows, own);
    if (all > own) response.kl_after = mean(rows.subspan(own_rows.size()), all - own);
  }

  // All rows are computed on one sample of tokens, so that their errors are not independent: each replicate
  // is left out of all of them at once.
  void store_sampling_error(ResponseRecord& response, std::span<const RowResponse> rows) const {
    const auto first = static_cast<size_t>(base_.rows.unmoved);
    Deviations mean{};
    for (size_t i = 0; i < rows.size(); ++i) {
      response.kl_rows_standard_error[first + i] =
          kept(RowType::kRounded, jackknife_error(rows[i].kl_deviations));
      for (size_t g = 0; g < mean.size(); ++g)
        mean[g] += rows[i].kl_deviations[g] / static_cast<double>(record_.rows.size());
    }
    response.kl_standard_error = jackknife_error(mean);
  }

  const Model& model_;
  const Baseline& baseline_;
  const SpanBase& base_;
  LayerIndex layer_;
  const UnitSite& site_;
  const PushOptions& options_;
  const PushGrid& grid_;
  const UnitContext& context_;
  AskedMeasures measures_;
  UnitMeasurement record_;
};

// A run that is not finite without a push has no responses.
void check_base(const Model& model, const Baseline& baseline, const ReplayRows& rows, const UnitSite& site) {
  const ConstMatrix read = baseline.final_normed().rows(rows.read_position(0).value, rows.read());
  if (!std::isfinite(rms_at(site)) || first_bad_row(model.backend(), read))
    throw NotFinite(where_base_is_not_finite(model, baseline, rows.push.value + rows.count));
  if (site.residuals != nullptr && !site.residuals->not_finite.empty())
    throw NotFinite(site.residuals->not_finite);
}

}  // namespace

UnitSite unit_site(const Model& model, const Baseline& baseline, const SpanBase& base, LayerIndex layer,
                   const UnitContext& context) {
  const auto at = [&](int64_t token) {
    return model.backend().download(baseline.activation(layer).rows(token, 1));
  };
  UnitSite site{.example_hash = context.example_hash,
                .span = base.span,
                .layer = layer,
                .position = base.rows.push,
                .residual = at(base.rows.push.value),
                .residuals = context.residuals};
  const TokenRange landed = base.rows.landed();
  for (int64_t token = landed.begin + 1; token < landed.end; ++token) site.further.push_back(at(token));
  check_base(model, baseline, base.rows, site);
  return site;
}

int64_t computed_pushes(const ModelConfig& config, const ReplayRows& rows, Site site, const PushGrid& grid) {
  if (out_of_reach(config, rows, site)) return 0;
  const auto zeros = std::count(grid.epsilons.begin(), grid.epsilons.end(), 0.0);
  return std::ssize(grid.directions) * (std::ssize(grid.epsilons) - zeros);
}

UnitMeasurement measure_unit(const Model& model, const Baseline& baseline, const SpanBase& base,
                             const UnitSite& site, const UnitPushes& pushes, const UnitContext& context) {
  return UnitRun(model, baseline, base, site, pushes, context).run();
}

UnitMeasurement measure_unit(const Model& model, const Baseline& baseline, const SpanBase& base,
                             LayerIndex layer, const PushOptions& options, const UnitContext& context) {
  const PushGrid grid = whole_grid(options);
  const UnitSite site = unit_site(model, baseline, base, layer, context);
  return measure_unit(model, baseline, base, site, UnitPushes{options, grid}, context);
}

}  // namespace tugline
