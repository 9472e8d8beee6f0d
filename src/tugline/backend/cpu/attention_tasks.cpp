#include "tugline/backend/cpu/attention_tasks.h"

#include <dnnl.h>

#include <algorithm>
#include <vector>

#include "tugline/backend/cpu/onednn_status.h"

namespace tugline::cpu {
namespace {

// Rows of scores that one task holds: at 600 visible positions 300 KB, which a core's L2 cache keeps from one
// step to the next. (On values oneDNN packs the keys anew for each task; 256 rows are no faster there.)
constexpr int64_t kTaskRows = 128;

char letter(Transpose transpose) { return transpose == Transpose::kYes ? 'T' : 'N'; }

// oneDNN makes dnnl_sgemm's code at the first product that is not tiny. Throws Error (kIo) if there is no
// room for it.
bool make_sgemm_code() {
  expect_room_for_code();
  constexpr int64_t kSize = 64;
  const std::vector<float> factor(kSize * kSize);
  std::vector<float> product(kSize * kSize);
  for (const Transpose transpose : {Transpose::kNo, Transpose::kYes})
    expect_success(dnnl_sgemm('N', letter(transpose), kSize, kSize, kSize, 1, factor.data(), kSize,
                              factor.data(), kSize, 0, product.data(), kSize));
  return true;
}

}  // namespace

std::vector<AttentionTask> make_attention_tasks(const RowLayout& layout, int64_t num_heads,
                                                PushesPerTask pushes) {
  std::vector<AttentionTask> tasks;
  const int64_t pushes_each =
      pushes == PushesPerTask::kOne ? 1 : std::max<int64_t>(1, kTaskRows / layout.rows);
  for (int64_t head = 0; head < num_heads; ++head)
    for (int64_t push = 0; push < layout.pushes; push += pushes_each)
      for (int64_t begin = 0; begin < layout.rows; begin += kTaskRows)
        tasks.push_back({.head = head,
                         .first_push = push,
                         .pushes = std::min(pushes_each, layout.pushes - push),
                         .row_begin = begin,
                         .row_end = std::min(begin + kTaskRows, layout.rows)});
  return tasks;
}

Piece piece(const Matrix& m, int64_t row, int64_t column) {
  return {reinterpret_cast<float*>(m.at(row, column)), m.stride};
}
ConstPiece piece(const ConstMatrix& m, int64_t row, int64_t column) {
  return {reinterpret_cast<const float*>(m.at(row, column)), m.stride};
}

void multiply(Transpose transpose_b, const Product& p, ConstPiece a, ConstPiece b, Piece c) {
  if (p.m == 0 || p.n == 0 || p.k == 0) return;
  [[maybe_unused]] static const bool has_code = make_sgemm_code();
  expect_success(dnnl_sgemm('N', letter(transpose_b), p.m, p.n, p.k, p.alpha, a.data, a.stride, b.data,
                            b.stride, p.beta, c.data, c.stride));
}

}  // namespace tugline::cpu
