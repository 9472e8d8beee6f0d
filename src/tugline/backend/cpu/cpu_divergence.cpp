#include "tugline/backend/cpu/cpu_divergence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tugline/backend/cpu/kernels.h"
#include "tugline/backend/reference/reference_ops.h"
#include "tugline/core/first_error.h"

namespace tugline::cpu {
namespace {

const float* row(const Matrix& m, int64_t r) { return reinterpret_cast<const float*>(m.data) + r * m.stride; }

// Sums over some of a row's tokens, as DivergenceSums.
struct TokenSums {
  double forward = 0;
  double backward = 0;
  double mean = 0;

  void add(const TokenSums& other, double factor = 1) {
    forward += factor * other.forward;
    backward += factor * other.backward;
    mean += factor * other.mean;
  }
  [[nodiscard]] double z() const { return backward + mean; }  // E_q[e^d] - 1
  // KL(p||q) = E_q[d e^d - e^d + 1] / (1 + Z) + Z / (1 + Z) - log(1 + Z).
  [[nodiscard]] double kl() const { return forward / (1 + z()) + (z() / (1 + z()) - std::log1p(z())); }
  // e^d left what f32 holds, or 1 + Z is the small difference of large sums: many likely tokens became far less likely.
  [[nodiscard]] bool are_lossy() const {
    if (!std::isfinite(forward) || !std::isfinite(backward)) return true;
    constexpr double kMostLoss = 16;  // sums are right to 1e-7, so 1 + Z to 2e-6
    return backward + std::abs(mean) > kMostLoss * (1 + z());
  }
};

// What a row has gathered so far on its walk.
struct RowState {
  float shift = 0;
  std::array<TokenSums, 1 + kTailReplicates> segments{};  // the head (or all), and the tail's replicates
  float largest = -std::numeric_limits<float>::infinity();
  float target_delta = std::numeric_limits<float>::quiet_NaN();  // of the realised token, shifted
  float top_value = 0;  // log q + delta of the base's likeliest token, shifted

  void add(size_t segment, const DivergenceSums& tile) {
    segments[segment].add({tile.forward, tile.backward, tile.mean});
    largest = std::max(largest, tile.largest);
  }
  [[nodiscard]] TokenSums tail() const {
    TokenSums sums;
    for (size_t g = 1; g < segments.size(); ++g) sums.add(segments[g]);
    return sums;
  }
  [[nodiscard]] TokenSums total() const {
    TokenSums sums = segments[0];
    sums.add(tail());
    return sums;
  }
  // As if replicate g had not been drawn: the others stand for it.
  [[nodiscard]] TokenSums without(size_t g, const TokenSums& tail) const {
    constexpr double kShare = static_cast<double>(kTailReplicates) / (kTailReplicates - 1);
    TokenSums sums = segments[0];
    sums.add(tail, kShare);
    sums.add(segments[1 + g], -kShare);
    return sums;
  }
  [[nodiscard]] RowResponse response(const TokenSums& sums) const {
    const double log_z = std::log1p(sums.z());
    return {.kl = sums.kl(),
            .kl_reverse = log_z - sums.mean,
            .delta_logprob = target_delta - log_z,
            .top1_flip = largest > top_value};
  }
};

class Walk {
 public:
  Walk(const CpuHead& head, const CpuReadout& base, const Matrix& dx)
      : head_(head), base_(base), tokens_(base.walked), dx_(dx), states_(static_cast<size_t>(dx.rows)) {
    head.workspace.resize(std::max(head.workspace.size(), static_cast<size_t>(dx.rows * CpuHead::kTile)));
    for (int64_t r = 0; r < dx.rows; ++r)
      states_[static_cast<size_t>(r)].shift = static_cast<float>(
          dot(row(dx, r), base.mean_unembed.data() + r % base.rows * dx.columns, dx.columns));
  }

  void run(std::span<RowResponse> out) {
    for (size_t tile = 0; tile < tokens_.tiles.size(); ++tile) walk_tile(tile);
    for (size_t r = 0; r < out.size(); ++r) out[r] = response(static_cast<int64_t>(r));
  }

 private:
  void walk_tile(size_t tile) {
    const int64_t width = tokens_.tiles[tile]->out_size();
    const Matrix delta{reinterpret_cast<std::byte*>(head_.workspace.data()), dx_.rows, width, CpuHead::kTile,
                       sizeof(float)};
    tokens_.tiles[tile]->run(dx_, delta, Accumulate::kNo);
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < dx_.rows; ++r)
      add_tile(r, row(delta, r), static_cast<int64_t>(tile) * CpuHead::kTile, width);
  }

  // Columns [first, first + width).
  void add_tile(int64_t r, const float* delta, int64_t first, int64_t width) {
    RowState& state = states_[static_cast<size_t>(r)];
    const auto base_row = static_cast<size_t>(r % base_.rows);
    const size_t offset = base_row * static_cast<size_t>(tokens_.count) + static_cast<size_t>(first);
    add_segments(state, delta, offset, first, width);
    const int64_t target = tokens_.targets[base_row] - first;
    if (target >= 0 && target < width) state.target_delta = delta[target] - state.shift;
    const int64_t top = tokens_.top[base_row] - first;
    if (top >= 0 && top < width)
      state.top_value = tokens_.log_q[offset + static_cast<size_t>(top)] + (delta[top] - state.shift);
  }

  void add_segments(RowState& state, const float* delta, size_t offset, int64_t first, int64_t width) const {
    int64_t done = 0;
    for (size_t segment = 0; segment < tokens_.segment_ends.size() && done < width; ++segment) {
      const int64_t count = std::min(tokens_.segment_ends[segment] - first, width) - done;
      if (count <= 0) continue;
      const size_t at = offset + static_cast<size_t>(done);
      state.add(segment, divergence_tile(delta + done, state.shift, tokens_.q.data() + at,
                                         tokens_.log_q.data() + at, count));
      done += count;
    }
  }

  [[nodiscard]] RowResponse response(int64_t r) const {
    const RowState& state = states_[static_cast<size_t>(r)];
    const TokenSums total = state.total();
    if (total.are_lossy()) return plain_response(r);
    RowResponse response = state.response(total);
    if (tokens_.segment_ends.size() == 1) return response;
    const TokenSums tail = state.tail();
    for (size_t g = 0; g < response.kl_deviations.size(); ++g) {
      const TokenSums others = state.without(g, tail);
      if (others.are_lossy()) return plain_response(r);
      response.kl_deviations[g] = others.kl() - response.kl;
    }
    return response;
  }

  // Where f32's sums do not do: this row once more in f64, all its logits at once.
  [[nodiscard]] RowResponse plain_response(int64_t r) const {
    const std::vector<float> delta = logits(head_, dx_.row_range(r, 1));
    const auto base_row = static_cast<size_t>(r % base_.rows);
    const float* log_q = base_.all_log_q() + base_row * delta.size();
    return reference::row_response(std::vector<double>(delta.begin(), delta.end()),
                                   std::vector<double>(log_q, log_q + delta.size()), base_.targets[base_row]);
  }

  const CpuHead& head_;
  const CpuReadout& base_;
  const WalkedTokens& tokens_;
  Matrix dx_;
  std::vector<RowState> states_;
};

}  // namespace

CpuHead::CpuHead(OneDnn& engine, const LinearSource& all) : onednn(engine), source(all), tiles(pack(all)) {}

std::vector<std::unique_ptr<OneDnnLinear>> CpuHead::pack(const LinearSource& rows) const {
  std::vector<std::unique_ptr<OneDnnLinear>> packed;
  for (int64_t begin = 0; begin < rows.out; begin += kTile) {
    const LinearSource tile{
        .out = std::min(kTile, rows.out - begin),
        .in = rows.in,
        .fill_rows = [&rows, begin](int64_t first,
                                    std::span<float> out) { rows.fill_rows(begin + first, out); },
        .bias = {}};
    packed.push_back(std::make_unique<OneDnnLinear>(onednn, tile));
  }
  return packed;
}

std::span<const float> CpuHead::squared_norms() const {
  constexpr int64_t kRows = 64;
  if (!norms.empty()) return norms;
  norms.resize(static_cast<size_t>(source.out));
  FirstError error;
#pragma omp parallel for schedule(dynamic)
  for (int64_t begin = 0; begin < source.out; begin += kRows) {
    error.guard([&] {
      std::vector<float> rows(static_cast<size_t>(std::min(kRows, source.out - begin) * source.in));
      source.fill_rows(begin, rows);
      for (size_t i = 0; i < rows.size() / static_cast<size_t>(source.in); ++i) {
        const float* w = rows.data() + i * static_cast<size_t>(source.in);
        norms[static_cast<size_t>(begin) + i] = static_cast<float>(dot(w, w, source.in));
      }
    });
  }
  error.rethrow();
  return norms;
}

std::vector<float> logits(const CpuHead& head, const Matrix& x) {
  const int64_t vocabulary = head.source.out;
  std::vector<float> out(static_cast<size_t>(x.rows * vocabulary));
  const Matrix all{reinterpret_cast<std::byte*>(out.data()), x.rows, vocabulary, vocabulary, sizeof(float)};
  for (size_t tile = 0; tile < head.tiles.size(); ++tile)
    head.tiles[tile]->run(
        x, all.column_range(static_cast<int64_t>(tile) * CpuHead::kTile, head.tiles[tile]->out_size()),
        Accumulate::kNo);
  return out;
}

void divergence(const CpuHead& head, const CpuReadout& base, const Matrix& dx, std::span<RowResponse> out) {
  Walk(head, base, dx).run(out);
}

}  // namespace tugline::cpu
