#include "tugline/backend/cpu/cpu_attention_difference.h"

#include <omp.h>

#include <algorithm>
#include <cmath>

#include "tugline/backend/cpu/attention_tasks.h"
#include "tugline/backend/cpu/difference_kernels.h"
#include "tugline/backend/cpu/kernels.h"

namespace tugline::cpu {
namespace {

constexpr int64_t kLine = 16;  // floats of a cache line

class TaskRunner {
 public:
  TaskRunner(const AttentionDifferences& in, const Matrix& out, const AttentionTask& task,
             AttentionDifferenceScratch& scratch)
      : in_(in),
        out_(out),
        task_(task),
        prefix_(in.layout.first_position),
        width_(prefix_ + task.row_end),
        stride_((width_ + kLine - 1) / kLine * kLine) {
    dim_ = in.shape.head_dim;
    column_ = task.head * dim_;
    kv_column_ = task.head / (in.shape.num_heads / in.shape.num_kv_heads) * dim_;
    scores_ = scratch.scores.at_least(task.rows() * stride_);
    keys_ = scratch.keys.at_least(task.row_end * dim_);
    values_ = scratch.values.at_least(task.row_end * dim_);
  }

  void run() {
    score_prefix();
    for (int64_t push = 0; push < task_.pushes; ++push) score_own(push);
    for (int64_t r = 0; r < task_.rows(); ++r) normalise(r);
    mix_prefix();
    for (int64_t push = 0; push < task_.pushes; ++push) mix_own(push);
  }

 private:
  [[nodiscard]] int64_t first_row(int64_t push) const { return (task_.first_push + push) * in_.layout.rows; }
  [[nodiscard]] Piece scores_at(int64_t row, int64_t column) const {
    return {scores_ + row * stride_ + column, stride_};
  }
  [[nodiscard]] int64_t probability_row() const { return task_.head * in_.layout.rows + task_.row_begin; }

  // ds = dq K^T / sqrt(head_dim): the prefix's keys do not move, so all pushes share one product.
  void score_prefix() {
    multiply(Transpose::kYes, {task_.rows(), prefix_, dim_, scale(), 0.0f},
             piece(in_.dq, first_row(0) + task_.row_begin, column_), piece(in_.prefix_k, 0, kv_column_),
             scores_at(0, 0));
  }

  // ds = (dq (k + dk)^T + q dk^T) / sqrt(head_dim). The sum k + dk is a factor of dq: its rounding is relative to ds.
  void score_own(int64_t push) {
    const Piece keys = after_push(in_.base.k, in_.dk, push, keys_);
    const Piece own = scores_at(push * task_.rows_each(), prefix_);
    multiply(Transpose::kYes, {task_.rows_each(), task_.row_end, dim_, scale(), 0.0f},
             piece(in_.dq, first_row(push) + task_.row_begin, column_), keys, own);
    multiply(Transpose::kYes, {task_.rows_each(), task_.row_end, dim_, scale(), 1.0f},
             piece(in_.base.q, task_.row_begin, column_), piece(in_.dk, first_row(push), kv_column_), own);
  }

  void normalise(int64_t r) {
    const int64_t i = r % task_.rows_each();
    float* row = scores_at(r, 0).data;
    const int64_t visible = prefix_ + task_.row_begin + i + 1;
    softmax_difference_row(piece(in_.base.probabilities, probability_row() + i, 0).data, row, visible);
    std::fill(row + visible, row + width_, 0.0f);
  }

  void mix_prefix() {
    multiply(Transpose::kNo, {task_.rows(), dim_, prefix_, 1.0f, 0.0f}, scores_at(0, 0),
             piece(in_.prefix_v, 0, kv_column_), piece(out_, first_row(0) + task_.row_begin, column_));
  }

  // out += dP (v + dv) + P dv
  void mix_own(int64_t push) {
    const Piece values = after_push(in_.base.v, in_.dv, push, values_);
    const Piece out = piece(out_, first_row(push) + task_.row_begin, column_);
    multiply(Transpose::kNo, {task_.rows_each(), dim_, task_.row_end, 1.0f, prefix_ > 0 ? 1.0f : 0.0f},
             scores_at(push * task_.rows_each(), prefix_), values, out);
    multiply(Transpose::kNo, {task_.rows_each(), dim_, task_.row_end, 1.0f, 1.0f},
             piece(in_.base.probabilities, probability_row(), prefix_),
             piece(in_.dv, first_row(push), kv_column_), out);
  }

  // base + d of one push's first row_end rows, one head.
  Piece after_push(const Matrix& base, const Matrix& d, int64_t push, float* memory) const {
    for (int64_t j = 0; j < task_.row_end; ++j)
      add_rows(piece(base, j, kv_column_).data, piece(d, first_row(push) + j, kv_column_).data, dim_,
               memory + j * dim_);
    return {memory, dim_};
  }

  [[nodiscard]] float scale() const { return 1.0f / std::sqrt(static_cast<float>(dim_)); }

  const AttentionDifferences& in_;
  const Matrix& out_;
  const AttentionTask& task_;
  int64_t prefix_;
  int64_t width_;
  int64_t stride_;
  int64_t dim_ = 0;
  int64_t column_ = 0;
  int64_t kv_column_ = 0;
  float* scores_ = nullptr;  // [task.rows(), width_], each row on its own cache lines
  float* keys_ = nullptr;    // [task.row_end, dim_], as values_
  float* values_ = nullptr;
};

}  // namespace

void attention_difference(const AttentionDifferences& inputs, const Matrix& out,
                          std::vector<AttentionDifferenceScratch>& scratch) {
  scratch.resize(static_cast<size_t>(omp_get_max_threads()));
  const std::vector<AttentionTask> tasks = make_attention_tasks(inputs.layout, inputs.shape.num_heads);
#pragma omp parallel for schedule(dynamic)
  for (size_t i = 0; i < tasks.size(); ++i)
    TaskRunner(inputs, out, tasks[i], scratch[static_cast<size_t>(omp_get_thread_num())]).run();
}

void attention_probabilities(const AttentionInputs& in, const Matrix& out) {
  const int64_t prefix = in.layout.first_position;
  const int64_t rows = in.layout.rows;
  const float scale = 1.0f / std::sqrt(static_cast<float>(in.shape.head_dim));
#pragma omp parallel for schedule(static)
  for (int64_t head = 0; head < in.shape.num_heads; ++head) {
    const int64_t dim = in.shape.head_dim;
    const int64_t kv_column = head / (in.shape.num_heads / in.shape.num_kv_heads) * dim;
    const Piece q = piece(in.q, 0, head * dim);
    multiply(Transpose::kYes, {rows, prefix, dim, scale, 0.0f}, q, piece(in.prefix_k, 0, kv_column),
             piece(out, head * rows, 0));
    multiply(Transpose::kYes, {rows, rows, dim, scale, 0.0f}, q, piece(in.own_k, 0, kv_column),
             piece(out, head * rows, prefix));
    for (int64_t i = 0; i < rows; ++i) {
      float* row = piece(out, head * rows + i, 0).data;
      softmax_row(row, prefix + i + 1);
      std::fill(row + prefix + i + 1, row + out.columns, 0.0f);
    }
  }
}

}  // namespace tugline::cpu
