#include "tugline/backend/cpu/cpu_attention_difference.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "tugline/backend/cpu/attention_tasks.h"
#include "tugline/backend/cpu/difference_kernels.h"
#include "tugline/backend/cpu/kernels.h"
#include "tugline/backend/cpu/row.h"
#include "tugline/core/parallel_for.h"

namespace tugline::cpu {
namespace {

// One head of several pushes, or of some rows of one. Dense, as the products take them: scores [rows, width],
// mixed [rows, head_dim].
class TaskRunner {
 public:
  TaskRunner(const CpuAttentionTrace& base, const AttentionDifferences& in, const Matrix& out,
             const AttentionTask& task, AttentionDifferenceScratch& scratch)
      : base_(base),
        in_(in),
        out_(out),
        task_(task),
        scratch_(scratch),
        kv_(base.kv.head(base.shape.kv_head(task.head))),
        prefix_(in.layout.first_position),
        width_(prefix_ + in.layout.rows),
        dim_(base.shape.head_dim),
        column_(task.head * dim_),
        kv_column_(base.shape.kv_head(task.head) * dim_),
        scores_(scratch.scores.matrix(task.rows(), width_)),
        mixed_(scratch.mixed.matrix(task.rows(), dim_)) {}

  void run() {
    score_base();
    for (int64_t push = 0; push < task_.pushes; ++push) score_moved(push);
    for (int64_t r = 0; r < task_.rows(); ++r) normalise(r);
    mix_base();
    for (int64_t push = 0; push < task_.pushes; ++push) mix_moved(push);
    for (int64_t r = 0; r < task_.rows(); ++r)
      std::copy_n(row(mixed_, r), dim_, piece(out_, first_row(0) + task_.row_begin + r, column_).data);
  }

 private:
  [[nodiscard]] int64_t first_row(int64_t push) const { return (task_.first_push + push) * in_.layout.rows; }
  // Row i of the task's first push, and of every other.
  [[nodiscard]] const float* probabilities(int64_t i) const {
    return row(base_.probabilities.matrix(), task_.head * in_.layout.rows + task_.row_begin + i);
  }

  // ds = scale dq k^T: no push moves k, so all share one product.
  void score_base() {
    const ConstMatrix dq =
        in_.dq.row_range(first_row(0) + task_.row_begin, task_.rows()).column_range(column_, dim_);
    kv_.keys.run_in_task(scratch_.operands.of(dq), scores_);
  }

  // ds += scale (q + dq) dk^T. The sum q + dq is a factor of dk: its rounding is relative to ds.
  void score_moved(int64_t push) {
    const int64_t begin = first_row(push) + task_.row_begin;
    const Matrix moved = scratch_.moved.matrix(task_.rows_each(), dim_);
    for (int64_t i = 0; i < moved.rows; ++i)
      add_rows(piece(base_.q.matrix(), task_.row_begin + i, column_).data,
               piece(in_.dq, begin + i, column_).data, dim_, row(moved, i));
    const auto scale = static_cast<float>(base_.shape.scale);
    multiply(Transpose::kYes, {moved.rows, task_.row_end, dim_, scale, 1.0f}, piece(moved, 0, 0),
             piece(in_.dk, first_row(push), kv_column_), own_scores(push));
  }

  void normalise(int64_t r) {
    const int64_t i = r % task_.rows_each();
    const int64_t position = prefix_ + task_.row_begin + i;
    const int64_t first = base_.shape.first_seen(position);
    float* scores = row(scores_, r);
    softmax_difference_row(probabilities(i) + first, scores + first, position + 1 - first);
    std::fill(scores, scores + first, 0.0f);
    std::fill(scores + position + 1, scores + width_, 0.0f);
  }

  // dP v
  void mix_base() { kv_.values.run_in_task(scratch_.operands.of(scores_), mixed_); }

  // += (P + dP) dv
  void mix_moved(int64_t push) {
    const Matrix moved = scratch_.moved.matrix(task_.rows_each(), task_.row_end);
    for (int64_t i = 0; i < moved.rows; ++i)
      add_rows(probabilities(i) + prefix_, row(scores_, push * moved.rows + i) + prefix_, moved.columns,
               row(moved, i));
    multiply(Transpose::kNo, {moved.rows, dim_, moved.columns, 1.0f, 1.0f}, piece(moved, 0, 0),
             piece(in_.dv, first_row(push), kv_column_), piece(mixed_, push * moved.rows, 0));
  }

  [[nodiscard]] Piece own_scores(int64_t push) const {
    return piece(scores_, push * task_.rows_each(), prefix_);
  }

  const CpuAttentionTrace& base_;
  const AttentionDifferences& in_;
  const Matrix& out_;
  const AttentionTask& task_;
  AttentionDifferenceScratch& scratch_;
  const CpuPackedKv::Head& kv_;
  int64_t prefix_;
  int64_t width_;
  int64_t dim_;
  int64_t column_;
  int64_t kv_column_;
  Matrix scores_;
  Matrix mixed_;
};

// The base's attention weights into `out`, as CpuAttentionTrace has them.
void write_probabilities(const AttentionInputs& in, const Matrix& out) {
  const int64_t prefix = in.layout.first_position;
  const int64_t rows = in.layout.rows;
  const int64_t dim = in.shape.head_dim;
  const auto scale = static_cast<float>(in.shape.scale);
  parallel_for(in.shape.num_heads, [&](int64_t head) {
    const int64_t kv_column = in.shape.kv_head(head) * dim;
    const ConstPiece q = piece(in.q, 0, head * dim);
    multiply(Transpose::kYes, {rows, prefix, dim, scale, 0.0f}, q, piece(in.prefix_k, 0, kv_column),
             piece(out, head * rows, 0));
    multiply(Transpose::kYes, {rows, rows, dim, scale, 0.0f}, q, piece(in.own_k, 0, kv_column),
             piece(out, head * rows, prefix));
    for (int64_t i = 0; i < rows; ++i) {
      float* weights = row(out, head * rows + i);
      const int64_t position = prefix + i;
      const int64_t first = in.shape.first_seen(position);
      softmax_row(weights + first, position + 1 - first);
      std::fill(weights, weights + first, 0.0f);
      std::fill(weights + position + 1, weights + out.columns, 0.0f);
    }
  });
}

}  // namespace

CpuAttentionTrace::CpuAttentionTrace(OneDnn& onednn, const AttentionInputs& base, DifferenceProducts products)
    : shape(base.shape),
      kv(onednn, base, products),
      q(base.q),
      probabilities(base.shape.num_heads * base.layout.rows, base.layout.first_position + base.layout.rows) {
  write_probabilities(base, probabilities.matrix());
}

void attention_difference(const CpuAttentionTrace& base, const AttentionDifferences& d, const Matrix& out,
                          std::vector<AttentionDifferenceScratch>& scratch) {
  while (static_cast<int>(scratch.size()) < omp_get_max_threads()) scratch.emplace_back(base.kv.products());
  const std::vector<AttentionTask> tasks = make_attention_tasks(d.layout, base.shape.num_heads);
  for (const AttentionTask& task : tasks) base.kv.prepare_tasks(task.rows());
  parallel_for<Schedule::kDynamic>(std::ssize(tasks), [&](int64_t i) {
    TaskRunner(base, d, out, tasks[static_cast<size_t>(i)],
               scratch[static_cast<size_t>(omp_get_thread_num())])
        .run();
  });
}

}  // namespace tugline::cpu
