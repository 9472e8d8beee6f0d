#include "tugline/backend/cpu/cpu_attention.h"

#include <dnnl.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "tugline/backend/cpu/kernels.h"

namespace tugline::cpu {
namespace {

// Rows of scores that one task holds: at 600 visible positions 300 KB, which stays in a core's L2 cache.
constexpr int64_t kTaskRows = 128;

// One head of `pushes` whole pushes, or of rows [row_begin, row_end) of one.
struct Task {
  int64_t head = 0;
  int64_t first_push = 0;
  int64_t pushes = 1;
  int64_t row_begin = 0;
  int64_t row_end = 0;
  [[nodiscard]] int64_t rows_each() const { return row_end - row_begin; }
  [[nodiscard]] int64_t rows() const { return pushes * rows_each(); }
};

// Where results are rounded, one push a task: sums of products of the same shape round alike.
std::vector<Task> make_tasks(const RowLayout& layout, int64_t num_heads, Stores stores) {
  std::vector<Task> tasks;
  const int64_t pushes_each = stores == Stores::kF32 ? std::max<int64_t>(1, kTaskRows / layout.rows) : 1;
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

float* at(const Matrix& m, int64_t row, int64_t column) {
  return reinterpret_cast<float*>(m.data) + row * m.stride + column;
}

// A piece of a matrix for sgemm: its first element and its row stride.
struct Piece {
  float* data;
  int64_t stride;
};

Piece piece(const Matrix& m, int64_t row, int64_t column) { return {at(m, row, column), m.stride}; }

struct Product {
  int64_t m, n, k;
  float alpha, beta;
};

// c = alpha a b^T + beta c  ('T'), or with b as it is ('N').
void multiply(char transpose_b, const Product& p, Piece a, Piece b, Piece c) {
  if (p.m == 0 || p.n == 0 || p.k == 0) return;
  dnnl_sgemm('N', transpose_b, p.m, p.n, p.k, p.alpha, a.data, a.stride, b.data, b.stride, p.beta, c.data,
             c.stride);
}

class TaskRunner {
 public:
  TaskRunner(const AttentionInputs& in, const Matrix& out, const Task& task, Stores stores,
             std::vector<float>& scratch)
      : in_(in),
        out_(out),
        task_(task),
        stores_(stores),
        prefix_(in.layout.first_position),
        width_(prefix_ + task.row_end) {
    head_column_ = task.head * in.shape.head_dim;
    kv_column_ = task.head / (in.shape.num_heads / in.shape.num_kv_heads) * in.shape.head_dim;
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

  // S = q K^T / sqrt(head_dim): one product over the prefix for all pushes, then each push's own rows.
  void score() {
    const int64_t dim = in_.shape.head_dim;
    const float scale = 1.0f / std::sqrt(static_cast<float>(dim));
    multiply('T', {task_.rows(), prefix_, dim, scale, 0.0f},
             piece(in_.q, first_row(0) + task_.row_begin, head_column_), piece(in_.prefix_k, 0, kv_column_),
             scores_);
    for (int64_t push = 0; push < task_.pushes; ++push)
      multiply('T', {task_.rows_each(), task_.row_end, dim, scale, 0.0f},
               piece(in_.q, first_row(push) + task_.row_begin, head_column_),
               piece(in_.own_k, first_row(push), kv_column_), scores_at(push * task_.rows_each(), prefix_));
  }

  // Row i of a push sees the prefix and its own rows up to i; what it does not see weighs nothing.
  void normalise() {
    for (int64_t r = 0; r < task_.rows(); ++r) {
      float* row = scores_at(r, 0).data;
      const int64_t visible = prefix_ + task_.row_begin + r % task_.rows_each() + 1;
      store(row, visible);
      softmax_row(row, visible);
      store(row, visible);
      std::fill(row + visible, row + width_, 0.0f);
    }
  }

  void store(float* values, int64_t n) const {
    if (stores_ == Stores::kRoundedToBf16) round_to_bf16_row(values, n, values);
  }

  // out = P V, in the same two steps.
  void mix() {
    const int64_t dim = in_.shape.head_dim;
    multiply('N', {task_.rows(), dim, prefix_, 1.0f, 0.0f}, scores_, piece(in_.prefix_v, 0, kv_column_),
             piece(out_, first_row(0) + task_.row_begin, head_column_));
    const float keep = prefix_ > 0 ? 1.0f : 0.0f;
    for (int64_t push = 0; push < task_.pushes; ++push)
      multiply('N', {task_.rows_each(), dim, task_.row_end, 1.0f, keep},
               scores_at(push * task_.rows_each(), prefix_), piece(in_.own_v, first_row(push), kv_column_),
               piece(out_, first_row(push) + task_.row_begin, head_column_));
    for (int64_t r = 0; r < task_.rows(); ++r)
      store(
          at(out_, first_row(r / task_.rows_each()) + task_.row_begin + r % task_.rows_each(), head_column_),
          dim);
  }

  const AttentionInputs& in_;
  const Matrix& out_;
  const Task& task_;
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
  const std::vector<Task> tasks = make_tasks(inputs.layout, inputs.shape.num_heads, stores);
#pragma omp parallel for schedule(dynamic)
  for (size_t i = 0; i < tasks.size(); ++i)
    TaskRunner(inputs, out, tasks[i], stores, scratch.scores[static_cast<size_t>(omp_get_thread_num())])
        .run();
}

}  // namespace tugline::cpu
