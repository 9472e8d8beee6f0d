#include "tugline/backend/cpu/cpu_divergence.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "tugline/backend/cpu/asked_tokens.h"
#include "tugline/backend/cpu/bf16.h"
#include "tugline/backend/cpu/kernels.h"
#include "tugline/backend/cpu/row.h"
#include "tugline/backend/cpu/source_rows.h"
#include "tugline/backend/divergence_sums.h"
#include "tugline/backend/f64_row.h"
#include "tugline/core/parallel_for.h"

namespace tugline::cpu {
namespace {

// What a row has gathered so far on its walk.
struct RowState {
  DivergenceOrigin origin;
  SegmentSums sums;
  float largest = -std::numeric_limits<float>::infinity();  // of the pushed logits
  int32_t likeliest = kNoTarget;                            // the token that has it, the lowest of equals
  float target_delta = std::numeric_limits<float>::quiet_NaN();  // d of the realised token

  [[nodiscard]] float d_of(float delta) const { return delta * origin.scale - origin.shift; }
  // base_top: the base's likeliest token.
  [[nodiscard]] PassTokens tokens(int32_t base_top) const { return {likeliest != base_top, target_delta}; }
};

// One walk over tokens, each row from its origin.
class Walk {
 public:
  // operand: differences as the products take them; base_rows: the row of the base that each is a difference
  // from.
  Walk(const CpuHead& head, const WalkedTokens& tokens, std::vector<int64_t> base_rows,
       const ConstMatrix& operand)
      : head_(head),
        tokens_(tokens),
        base_rows_(std::move(base_rows)),
        operand_(operand),
        states_(static_cast<size_t>(operand.rows)) {}

  RowState& state(int64_t r) { return states_[static_cast<size_t>(r)]; }
  [[nodiscard]] const RowState& state(int64_t r) const { return states_[static_cast<size_t>(r)]; }
  void run() {
    for (size_t tile = 0; tile < tokens_.tiles.size(); ++tile) walk_tile(tile);
  }

 private:
  void walk_tile(size_t tile) {
    const int64_t width = tokens_.tiles[tile]->out_size();
    const Matrix delta = head_.room.matrix(operand_.rows, width);
    tokens_.tiles[tile]->run_difference(operand_, delta, Accumulate::kNo);
    parallel_for(operand_.rows, [&](int64_t r) {
      add_tile(r, row(delta, r), static_cast<int64_t>(tile) * CpuHead::kTile, width);
    });
  }

  // Columns [first, first + width).
  void add_tile(int64_t r, const float* delta, int64_t first, int64_t width) {
    RowState& state = this->state(r);
    const auto base_row = static_cast<size_t>(base_rows_[static_cast<size_t>(r)]);
    const size_t offset = base_row * static_cast<size_t>(tokens_.count) + static_cast<size_t>(first);
    const float largest = add_segments(state, delta, offset, first, width);
    if (largest >= state.largest) take_likeliest(state, largest, delta, offset, first, width);
    const int64_t target = tokens_.targets[base_row] - first;
    if (target >= 0 && target < width) state.target_delta = state.d_of(delta[target]);
  }

  // Returns the largest of the pushed logits.
  float add_segments(RowState& state, const float* delta, size_t offset, int64_t first, int64_t width) const {
    float largest = -std::numeric_limits<float>::infinity();
    int64_t done = 0;
    for (size_t segment = 0; segment < tokens_.segment_ends.size() && done < width; ++segment) {
      const int64_t count = std::min(tokens_.segment_ends[segment] - first, width) - done;
      if (count <= 0) continue;
      const size_t at = offset + static_cast<size_t>(done);
      const TileSums tile = divergence_tile(delta + done, state.origin, tokens_.q.data() + at,
                                            tokens_.logits.data() + at, count);
      state.sums.segments[segment].add(tile.sums.lowered(state.origin.lift));
      largest = std::max(largest, tile.largest);
      done += count;
    }
    return largest;
  }

  // A sum of two floats is the same here as in the kernel, so that its largest is found again. Few tiles of a
  // row have a new one.
  void take_likeliest(RowState& state, float largest, const float* delta, size_t offset, int64_t first,
                      int64_t width) const {
    int32_t lowest = std::numeric_limits<int32_t>::max();
    const float* logits = tokens_.logits.data() + offset;
    for (int64_t i = 0; i < width; ++i)
      if (logits[i] + delta[i] == largest) lowest = std::min(lowest, tokens_.token(first + i));
    state.likeliest = largest > state.largest ? lowest : std::min(state.likeliest, lowest);
    state.largest = largest;
  }

  const CpuHead& head_;
  const WalkedTokens& tokens_;
  std::vector<int64_t> base_rows_;
  ConstMatrix operand_;
  std::vector<RowState> states_;
};

// The pilot's walk, then the one that counts.
class DivergenceRun {
 public:
  // operand: dx as the products take it, once for both walks and all tiles.
  DivergenceRun(const CpuHead& head, const CpuReadout& base, const ConstMatrix& dx,
                const ConstMatrix& operand)
      : head_(head),
        base_(base),
        dx_(dx),
        operand_(operand),
        pilot_(head, base.pilot, base_rows(dx.rows), operand),
        walk_(head, base.walked, base_rows(dx.rows), operand) {}

  LongerWays run(std::span<RowResponse> out) {
    parallel_for(dx_.rows, [&](int64_t r) {
      pilot_.state(r).origin = {.scale = base_.scale,
                                .shift = static_cast<float>(base_.scale * mean_of_delta(r)),
                                .log_z = 0,
                                .surprisal_shift = base_.surprisal_shift[static_cast<size_t>(r % base_.rows)],
                                .lift = lift_of(r)};
    });
    pilot_.run();
    for (int64_t r = 0; r < dx_.rows; ++r) {
      RowState& state = walk_.state(r);
      state.origin = pilot_.state(r).origin;
      // d is centred: its mean is zero except for rounding, and the sample's own mean would only add noise.
      const double pilot = pilot_.state(r).sums.total().backward;
      if (std::isfinite(pilot)) state.origin.log_z = static_cast<float>(std::log1p(pilot));
    }
    walk_.run();
    walk_again();
    for (int64_t r = 0; r < dx_.rows; ++r) out[static_cast<size_t>(r)] = response(r);
    set_answer_changes(base_, dx_, out);
    if (base_.asked.moved > 0) set_moved_tokens(head_, base_, operand_, row_changes(), out);
    return ways_;
  }

 private:
  // 1 for all but rows of tiny differences: their largest component becomes about 1.
  [[nodiscard]] float lift_of(int64_t r) const {
    const float* values = row(dx_, r);
    float largest = 0;
    for (int64_t i = 0; i < dx_.columns; ++i) largest = std::max(largest, std::abs(values[i]));
    if (largest == 0 || largest >= 0x1p-20f) return 1;
    return std::ldexp(1.0f, std::min(126, -std::ilogb(largest)));
  }

  // E_q[W_U] dx, each as the products take it: a mean of bf16's own rounding would be larger than log Z of a
  // small push.
  [[nodiscard]] double mean_of_delta(int64_t r) const {
    const float* mean_unembed = base_.mean_unembed.data() + r % base_.rows * dx_.columns;
    if (head_.products == DifferenceProducts::kF32) return dot(row(dx_, r), mean_unembed, dx_.columns);
    std::vector<float> rounded(static_cast<size_t>(dx_.columns));
    round_to_bf16_row(row(dx_, r), dx_.columns, rounded.data());
    return dot(rounded.data(), mean_unembed, dx_.columns);
  }
  [[nodiscard]] std::vector<int64_t> base_rows(int64_t rows) const {
    std::vector<int64_t> of(static_cast<size_t>(rows));
    for (int64_t r = 0; r < rows; ++r) of[static_cast<size_t>(r)] = r % base_.rows;
    return of;
  }

  // So that products of few shapes are made: 8, 16, or a multiple of 32. Mostly one or two rows walk again.
  [[nodiscard]] static size_t padded(size_t rows) {
    constexpr size_t kMost = 32;
    return rows < kMost ? std::max<size_t>(8, std::bit_ceil(rows)) : (rows + kMost - 1) / kMost * kMost;
  }

  // Rows that the pilot misjudged walk once more, now from their exact log Z.
  void walk_again() {
    std::vector<int64_t> rows;
    for (int64_t r = 0; r < dx_.rows; ++r)
      if (next_pass(walk_.state(r).sums.total(), walk_.state(r).origin.log_z) == NextPass::kAgain)
        rows.push_back(r);
    if (rows.empty()) return;
    const auto count = static_cast<int64_t>(rows.size());
    ways_.walked_again = count;
    rows.resize(padded(rows.size()), rows.back());
    const auto row_bytes = static_cast<size_t>(operand_.columns * bytes_of(operand_.element));
    std::vector<std::byte> gathered(rows.size() * row_bytes);
    std::vector<int64_t> of;
    for (size_t i = 0; i < rows.size(); ++i) {
      std::memcpy(gathered.data() + i * row_bytes, operand_.row_range(rows[i], 1).data, row_bytes);
      of.push_back(rows[i] % base_.rows);
    }
    Walk again(head_, base_.walked, std::move(of),
               {gathered.data(), static_cast<int64_t>(rows.size()), operand_.columns, operand_.columns,
                operand_.element});
    for (size_t i = 0; i < rows.size(); ++i) {
      RowState& state = again.state(static_cast<int64_t>(i));
      state.origin = walk_.state(rows[i]).origin;
      state.origin.log_z = static_cast<float>(std::log1p(walk_.state(rows[i]).sums.total().z()));
    }
    again.run();
    for (int64_t i = 0; i < count; ++i) walk_.state(rows[static_cast<size_t>(i)]) = again.state(i);
  }

  // But of the rows that are computed in f64, with their tokens.
  [[nodiscard]] std::vector<std::optional<RowChange>> row_changes() const {
    std::vector<std::optional<RowChange>> changes(static_cast<size_t>(dx_.rows));
    for (int64_t r = 0; r < dx_.rows; ++r) {
      const DivergenceSums total = walk_.state(r).sums.total();
      if (!total.are_lossy())
        changes[static_cast<size_t>(r)] = {walk_.state(r).origin.shift, std::log1p(total.z())};
    }
    return changes;
  }

  [[nodiscard]] RowResponse response(int64_t r) {
    const RowState& state = walk_.state(r);
    const DivergenceSums total = state.sums.total();
    if (total.are_lossy()) return plain_response(r);
    RowResponse response =
        response_of(total, state.origin.log_z, state.tokens(base_.top[static_cast<size_t>(r % base_.rows)]));
    if (base_.walked.segment_ends.size() == 1) return response;
    const DivergenceSums tail = state.sums.tail();
    for (size_t g = 0; g < response.kl_deviations.size(); ++g) {
      const DivergenceSums others = state.sums.without(g, tail);
      if (others.are_lossy()) return plain_response(r);
      response.kl_deviations[g] = others.kl() - response.kl;
    }
    return response;
  }

  // Computes a row that f32 sums cannot hold again in f64, with all its logits at once. The likeliest token
  // is that of the pass in f32, so that a flip does not depend on which rows come here (except if a sample
  // did not include that token).
  [[nodiscard]] RowResponse plain_response(int64_t r) {
    ++ways_.in_f64;
    const std::vector<float> delta = logits(head_, dx_.row_range(r, 1));
    const auto base_row = static_cast<size_t>(r % base_.rows);
    const float* base_logits = base_.all_logits() + base_row * delta.size();
    const F64Base base =
        f64_base({base_logits, base_logits + delta.size()}, 1 / static_cast<double>(base_.scale));
    RowResponse response =
        f64_row(base, std::vector<double>(delta.begin(), delta.end()), base_.targets[base_row], base_.asked)
            .response;
    if (base_.walked.tokens.empty())
      response.top1_flip = flag(walk_.state(r).likeliest != base_.top[base_row]);
    return response;
  }

  const CpuHead& head_;
  const CpuReadout& base_;
  ConstMatrix dx_;
  ConstMatrix operand_;
  Walk pilot_;
  Walk walk_;
  LongerWays ways_;
};

}  // namespace

CpuHead::CpuHead(OneDnn& engine, const LinearSource& all, DifferenceProducts difference_products)
    : onednn(engine),
      products(difference_products),
      source(all),
      tiles(pack(all, Operands::kValuesAndDifferences)) {}

// The tiles may read from the source again, so each has its own.
std::vector<std::unique_ptr<CpuLinear>> CpuHead::pack(const LinearSource& rows, Operands operands) const {
  std::vector<std::unique_ptr<CpuLinear>> packed;
  for (int64_t begin = 0; begin < rows.out; begin += kTile) {
    const LinearSource tile{
        .out = std::min(kTile, rows.out - begin),
        .in = rows.in,
        .fill_rows = [fill = rows.fill_rows, begin](int64_t first,
                                                    std::span<float> out) { fill(begin + first, out); },
        .bias = {}};
    packed.push_back(std::make_unique<CpuLinear>(onednn, tile, products, operands));
  }
  return packed;
}

LinearSource CpuHead::for_differences() const {
  return products == DifferenceProducts::kF32 ? source : rounded_to_bf16(source);
}

std::span<const float> CpuHead::squared_norms() const {
  if (!norms.empty()) return norms;
  std::vector<float> squares(static_cast<size_t>(source.out));
  for_each_slice(source, [&](int64_t begin, std::span<const float> rows) {
    for (size_t i = 0; i < rows.size() / static_cast<size_t>(source.in); ++i) {
      const float* w = rows.data() + i * static_cast<size_t>(source.in);
      squares[static_cast<size_t>(begin) + i] = static_cast<float>(dot(w, w, source.in));
    }
  });
  norms = std::move(squares);  // only once all of them are there
  return norms;
}

std::vector<float> logits(const CpuHead& head, const ConstMatrix& x) {
  const int64_t vocabulary = head.source.out;
  std::vector<float> out(static_cast<size_t>(x.rows * vocabulary));
  int64_t first = 0;
  for (const auto& tile : head.tiles) {
    const Matrix columns = head.room.matrix(x.rows, tile->out_size());
    tile->run(x, columns, Accumulate::kNo);
    for (int64_t r = 0; r < x.rows; ++r)
      std::copy_n(row(columns, r), columns.columns, out.data() + r * vocabulary + first);
    first += columns.columns;
  }
  return out;
}

LongerWays divergence(const CpuHead& head, const CpuReadout& base, const ConstMatrix& dx,
                      DifferenceOperands& operands, std::span<RowResponse> out) {
  return DivergenceRun(head, base, dx, operands.of(dx)).run(out);
}

}  // namespace tugline::cpu
