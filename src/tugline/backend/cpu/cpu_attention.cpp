#include "tugline/backend/cpu/cpu_attention.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "tugline/backend/cpu/attention_tasks.h"
#include "tugline/backend/cpu/kernels.h"
#include "tugline/core/parallel_for.h"

namespace tugline::cpu {
namespace {

class TaskRunner {
 public:
  TaskRunner(const AttentionInputs& in, const Matrix& out, const AttentionTask& task, Stores stores,
             std::vector<float>& scratch)
      : in_(in),
        out_(out),
        task_(task),
        stores_(stores),
        prefix_(in.layout.first_position),
        width_(prefix_ + task.row_end) {
    head_column_ = task.head * in.shape.head_dim;
    kv_column_ = in.shape.kv_head(task.head) * in.shape.head_dim;
    scratch.resize(std::max(scratch.size(), static_cast<size_t>(task.rows() * width_)));
    scores_ = {scratch.data(), width_};
  }

  void run() {
    score();
    normalise();
    mix();
  }

 private:
  [[nodiscard]] int64_t first_row(int64_t push) const { return (task_.first_push + push) * in_.layout.rows; }
  [[nodiscard]] Piece scores_at(int64_t row, int64_t column) const {
    return {scores_.data + row * width_ + column, width_};
  }

  // S = scale q K^T: one product over the prefix for all pushes, then each push's own rows.
  void score() {
    const int64_t dim = in_.shape.head_dim;
    const auto scale = static_cast<float>(in_.shape.scale);
    multiply(Transpose::kYes, {task_.rows(), prefix_, dim, scale, 0.0f},
             piece(in_.q, first_row(0) + task_.row_begin, head_column_), piece(in_.prefix_k, 0, kv_column_),
             scores_);
    for (int64_t push = 0; push < task_.pushes; ++push)
      multiply(Transpose::kYes, {task_.rows_each(), task_.row_end, dim, scale, 0.0f},
               piece(in_.q, first_row(push) + task_.row_begin, head_column_),
               piece(in_.own_k, first_row(push), kv_column_), scores_at(push * task_.rows_each(), prefix_));
  }

  // Row i of a push sees its own rows up to i, and what the window leaves of the rows before; what it does
  // not see has weight 0.
  void normalise() {
    for (int64_t r = 0; r < task_.rows(); ++r) {
      float* row = scores_at(r, 0).data;
      const int64_t position = prefix_ + task_.row_begin + r % task_.rows_each();
      const int64_t first = in_.shape.first_seen(position);
      const int64_t visible = position + 1 - first;
      store(row + first, visible);
      softmax_row(row + first, visible);
      store(row + first, visible);
      std::fill(row, row + first, 0.0f);
      std::fill(row + position + 1, row + width_, 0.0f);
    }
  }

  void store(float* values, int64_t n) const {
    if (stores_ == Stores::kRoundedToBf16) round_to_bf16_row(values, n, values);
  }

  // out = P V, in the same two steps.
  void mix() {
    const int64_t dim = in_.shape.head_dim;
    multiply(Transpose::kNo, {task_.rows(), dim, prefix_, 1.0f, 0.0f}, scores_,
             piece(in_.prefix_v, 0, kv_column_), piece(out_, first_row(0) + task_.row_begin, head_column_));
    const float keep = prefix_ > 0 ? 1.0f : 0.0f;
    for (int64_t push = 0; push < task_.pushes; ++push)
      multiply(Transpose::kNo, {task_.rows_each(), dim, task_.row_end, 1.0f, keep},
               scores_at(push * task_.rows_each(), prefix_), piece(in_.own_v, first_row(push), kv_column_),
               piece(out_, first_row(push) + task_.row_begin, head_column_));
    for (int64_t r = 0; r < task_.rows(); ++r)
      store(piece(out_, first_row(r / task_.rows_each()) + task_.row_begin + r % task_.rows_each(),
                  head_column_)
                .data,
            dim);
  }

  const AttentionInputs& in_;
  const Matrix& out_;
  const AttentionTask& task_;
  Stores stores_;
  int64_t prefix_;
  int64_t width_;
  int64_t head_column_ = 0;
  int64_t kv_column_ = 0;
  Piece scores_{};
};

}  // namespace

void attention(const AttentionInputs& inputs, const Matrix& out, AttentionScratch& scratch, Stores stores) {
  scratch.scores.resize(static_cast<size_t>(omp_get_max_threads()));
  // If results are rounded, each task has one push, because sums of products of the same shape round alike.
  const std::vector<AttentionTask> tasks =
      make_attention_tasks(inputs.layout, inputs.shape.num_heads,
                           stores == Stores::kF32 ? PushesPerTask::kSeveral : PushesPerTask::kOne);
  parallel_for<Schedule::kDynamic>(std::ssize(tasks), [&](int64_t i) {
    TaskRunner(inputs, out, tasks[static_cast<size_t>(i)], stores,
               scratch.scores[static_cast<size_t>(omp_get_thread_num())])
        .run();
  });
}

}  // namespace tugline::cpu
