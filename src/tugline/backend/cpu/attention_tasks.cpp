#include "tugline/backend/cpu/attention_tasks.h"

#include <dnnl.h>

#include <algorithm>

#include "tugline/backend/cpu/onednn_status.h"
#include "tugline/backend/cpu/row.h"

namespace tugline::cpu {
namespace {

// Rows of scores that one task holds: at 600 visible positions 300 KB, which a core's L2 cache keeps from one
// step to the next. (On values oneDNN packs the keys anew for each task; 256 rows are no faster there.)
constexpr int64_t kTaskRows = 128;

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

Piece piece(const Matrix& m, int64_t r, int64_t column) { return {row(m, r) + column, m.stride}; }
ConstPiece piece(const ConstMatrix& m, int64_t r, int64_t column) { return {row(m, r) + column, m.stride}; }

void multiply(Transpose transpose_b, const Product& p, ConstPiece a, ConstPiece b, Piece c) {
  if (p.m == 0 || p.n == 0 || p.k == 0) return;
  expect_success(dnnl_sgemm('N', transpose_b == Transpose::kYes ? 'T' : 'N', p.m, p.n, p.k, p.alpha, a.data,
                            a.stride, b.data, b.stride, p.beta, c.data, c.stride));
}

}  // namespace tugline::cpu
