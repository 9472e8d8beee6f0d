#include "tugline/backend/cpu/cpu_divergence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tugline/backend/cpu/kernels.h"
#include "tugline/backend/reference/reference_ops.h"

namespace tugline::cpu {
namespace {

// The likeliest tokens that delta is centred on. The KL formula holds for any shift; this one bounds what cancels:
// with eta = E_q[delta] left after it, eta^2 <= (mass outside) * E_q[delta^2].
constexpr size_t kCentringTokens = 64;

const float* row(const Matrix& m, int64_t r) { return reinterpret_cast<const float*>(m.data) + r * m.stride; }

double log_sum_exp(std::span<const float> x) {
  const double largest = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const float v : x) sum += std::exp(static_cast<double>(v) - largest);
  return largest + std::log(sum);
}

std::vector<int32_t> likeliest(std::span<const float> log_q) {
  std::vector<int32_t> order(log_q.size());
  std::iota(order.begin(), order.end(), 0);
  const size_t count = std::min(kCentringTokens, order.size());
  const auto more_likely = [&](int32_t a, int32_t b) {
    return std::pair(log_q[static_cast<size_t>(b)], a) < std::pair(log_q[static_cast<size_t>(a)], b);
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    more_likely);
  order.resize(count);
  return order;
}

// The q-weighted mean of W_U's rows over `tokens`.
void weigh_rows(const LinearSource& source, std::span<const int32_t> tokens, std::span<const float> q,
                std::span<float> out) {
  std::vector<double> sum(out.size());
  std::vector<float> weights(out.size());
  double mass = 0;
  for (const int32_t token : tokens) {
    source.fill_rows(token, weights);
    const double share = q[static_cast<size_t>(token)];
    mass += share;
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += share * weights[i];
  }
  for (size_t i = 0; i < sum.size(); ++i) out[i] = static_cast<float>(sum[i] / mass);
}

// What a row has gathered so far on its walk.
struct RowState {
  float shift = 0;
  DivergenceSums sums{.largest = -std::numeric_limits<float>::infinity()};
  float target_delta = std::numeric_limits<float>::quiet_NaN();  // of the realised token, shifted
  float top_value = 0;  // log q + delta of the base's likeliest token, shifted

  void add(const DivergenceSums& tile) {
    sums.forward += tile.forward;
    sums.backward += tile.backward;
    sums.mean += tile.mean;
    sums.largest = std::max(sums.largest, tile.largest);
  }

  // With Z = E_q[e^d] - 1: KL(p||q) = E_q[d e^d - e^d + 1] / (1 + Z) + Z / (1 + Z) - log(1 + Z).
  [[nodiscard]] RowResponse response() const {
    const double z = sums.backward + sums.mean;
    const double log_z = std::log1p(z);
    return {.kl = sums.forward / (1 + z) + (z / (1 + z) - log_z),
            .kl_reverse = log_z - sums.mean,
            .delta_logprob = target_delta - log_z,
            .top1_flip = sums.largest > top_value};
  }
  // e^d left what f32 holds, or 1 + Z is the small difference of large sums: many likely tokens became far less likely.
  [[nodiscard]] bool needs_f64() const {
    if (!std::isfinite(sums.forward) || !std::isfinite(sums.backward)) return true;
    constexpr double kMostLoss = 16;  // sums are right to 1e-7, so 1 + Z to 2e-6
    return sums.backward + std::abs(sums.mean) > kMostLoss * (1 + sums.backward + sums.mean);
  }
};

class Walk {
 public:
  Walk(const CpuHead& head, const CpuReadout& base, const Matrix& dx)
      : head_(head), base_(base), dx_(dx), states_(static_cast<size_t>(dx.rows)) {
    head.workspace.resize(std::max(head.workspace.size(), static_cast<size_t>(dx.rows * CpuHead::kTile)));
    for (int64_t r = 0; r < dx.rows; ++r)
      states_[static_cast<size_t>(r)].shift = static_cast<float>(
          dot(row(dx, r), base.mean_unembed.data() + r % base.rows * dx.columns, dx.columns));
  }

  void run(std::span<RowResponse> out) {
    for (size_t tile = 0; tile < head_.tiles.size(); ++tile) walk_tile(tile);
    for (size_t r = 0; r < out.size(); ++r)
      out[r] = states_[r].needs_f64() ? plain_response(static_cast<int64_t>(r)) : states_[r].response();
  }

 private:
  void walk_tile(size_t tile) {
    const int64_t width = head_.tile_width(tile);
    const Matrix delta{reinterpret_cast<std::byte*>(head_.workspace.data()), dx_.rows, width, CpuHead::kTile,
                       sizeof(float)};
    head_.tiles[tile]->run(dx_, delta, Accumulate::kNo);
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < dx_.rows; ++r)
      add_tile(states_[static_cast<size_t>(r)], r, row(delta, r), static_cast<int64_t>(tile) * CpuHead::kTile,
               width);
  }

  void add_tile(RowState& state, int64_t r, const float* delta, int64_t first_token, int64_t width) const {
    const auto base_row = static_cast<size_t>(r % base_.rows);
    const size_t offset = base_row * static_cast<size_t>(head_.source.out) + static_cast<size_t>(first_token);
    state.add(
        divergence_tile(delta, state.shift, base_.q.data() + offset, base_.log_q.data() + offset, width));
    const int64_t target = base_.targets[base_row] - first_token;
    if (target >= 0 && target < width) state.target_delta = delta[target] - state.shift;
    const int64_t top = base_.top[base_row] - first_token;
    if (top >= 0 && top < width)
      state.top_value = base_.log_q[offset + static_cast<size_t>(top)] + (delta[top] - state.shift);
  }

  // Where f32's sums do not do: this row once more in f64, all its logits at once.
  [[nodiscard]] RowResponse plain_response(int64_t r) const {
    const std::vector<float> delta = logits(head_, dx_.row_range(r, 1));
    const auto base_row = static_cast<size_t>(r % base_.rows);
    const auto log_q = base_.log_q.begin() + static_cast<std::ptrdiff_t>(base_row * delta.size());
    return reference::row_response(
        std::vector<double>(delta.begin(), delta.end()),
        std::vector<double>(log_q, log_q + static_cast<std::ptrdiff_t>(delta.size())),
        base_.targets[base_row]);
  }

  const CpuHead& head_;
  const CpuReadout& base_;
  Matrix dx_;
  std::vector<RowState> states_;
};

}  // namespace

CpuHead::CpuHead(OneDnn& onednn, const LinearSource& all) : source(all) {
  for (int64_t begin = 0; begin < all.out; begin += kTile) {
    const LinearSource tile{
        .out = std::min(kTile, all.out - begin),
        .in = all.in,
        .fill_rows = [&all, begin](int64_t first,
                                   std::span<float> out) { all.fill_rows(begin + first, out); },
        .bias = {}};
    tiles.push_back(std::make_unique<OneDnnLinear>(onednn, tile));
  }
}

std::vector<float> logits(const CpuHead& head, const Matrix& x) {
  const int64_t vocabulary = head.source.out;
  std::vector<float> out(static_cast<size_t>(x.rows * vocabulary));
  const Matrix all{reinterpret_cast<std::byte*>(out.data()), x.rows, vocabulary, vocabulary, sizeof(float)};
  for (size_t tile = 0; tile < head.tiles.size(); ++tile)
    head.tiles[tile]->run(
        x, all.column_range(static_cast<int64_t>(tile) * CpuHead::kTile, head.tile_width(tile)),
        Accumulate::kNo);
  return out;
}

std::unique_ptr<Readout> make_readout(const CpuHead& head, const Matrix& x,
                                      std::span<const int32_t> targets) {
  auto base = std::make_unique<CpuReadout>();
  base->rows = x.rows;
  base->targets.assign(targets.begin(), targets.end());
  base->log_q = logits(head, x);
  base->q.resize(base->log_q.size());
  base->top.resize(targets.size());
  base->mean_unembed.resize(static_cast<size_t>(x.rows * x.columns));
  const auto vocabulary = static_cast<size_t>(head.source.out);
  const auto hidden = static_cast<size_t>(x.columns);
#pragma omp parallel for schedule(dynamic)
  for (size_t r = 0; r < targets.size(); ++r) {
    const std::span<float> log_q(base->log_q.data() + r * vocabulary, vocabulary);
    const std::span<float> q(base->q.data() + r * vocabulary, vocabulary);
    const double normaliser = log_sum_exp(log_q);
    for (size_t v = 0; v < vocabulary; ++v) {
      const double log_probability = static_cast<double>(log_q[v]) - normaliser;
      log_q[v] = static_cast<float>(log_probability);
      q[v] = static_cast<float>(std::exp(log_probability));
    }
    const std::vector<int32_t> tokens = likeliest(log_q);
    base->top[r] = tokens.front();
    weigh_rows(head.source, tokens, q, {base->mean_unembed.data() + r * hidden, hidden});
  }
  return base;
}

void divergence(const CpuHead& head, const CpuReadout& base, const Matrix& dx, std::span<RowResponse> out) {
  Walk(head, base, dx).run(out);
}

}  // namespace tugline::cpu
