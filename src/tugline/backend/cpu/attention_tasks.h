// Cuts attention into tasks for threads, and has the small matrix products of a task.
#pragma once

#include <vector>

#include "tugline/backend/backend.h"

namespace tugline::cpu {

// One task: one head of `pushes` whole pushes, or of rows [row_begin, row_end) of one push.
struct AttentionTask {
  int64_t head = 0;
  int64_t first_push = 0;
  int64_t pushes = 1;
  int64_t row_begin = 0;
  int64_t row_end = 0;
  [[nodiscard]] int64_t rows_each() const { return row_end - row_begin; }
  [[nodiscard]] int64_t rows() const { return pushes * rows_each(); }
};

// How many pushes one task may hold: several, so that the prefix is packed less often, or one, so that every
// push goes through products of the same shape.
enum class PushesPerTask { kSeveral, kOne };

[[nodiscard]] std::vector<AttentionTask> make_attention_tasks(const RowLayout& layout, int64_t num_heads,
                                                              PushesPerTask pushes = PushesPerTask::kSeveral);

// A part of a matrix: its first element and its row stride.
struct ConstPiece {
  const float* data;
  int64_t stride;
};
struct Piece {
  float* data;
  int64_t stride;
  operator ConstPiece() const { return {data, stride}; }
};
[[nodiscard]] Piece piece(const Matrix& m, int64_t row, int64_t column);
[[nodiscard]] ConstPiece piece(const ConstMatrix& m, int64_t row, int64_t column);

struct Product {
  int64_t m, n, k;
  float alpha, beta;
};
enum class Transpose { kNo, kYes };
// c = alpha a b + beta c, where b may be transposed. Single-threaded inside a parallel region.
void multiply(Transpose transpose_b, const Product& product, ConstPiece a, ConstPiece b, Piece c);

}  // namespace tugline::cpu
