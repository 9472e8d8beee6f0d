#include "tugline/backend/reference/reference_ops.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "tugline/backend/reference/product_kernel.h"
#include "tugline/core/parallel_for.h"

namespace tugline::reference {
namespace {

void softmax(std::span<double> scores) {
  const double largest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& s : scores) sum += s = std::exp(s - largest);
  for (double& s : scores) s /= sum;
}

// Keys or values that row i of push b sees, one head: the prefix, then the push's own rows up to i.
struct Visible {
  const ConstMatrix& prefix;
  const ConstMatrix& own;
  int64_t own_begin;  // first row of the push in `own`
  int64_t column;     // first column of the head
  const HeadShape& shape;

  // Calls visit(block, first) for the prefix's rows and the push's own, `count` in all; `first` is the
  // block's first position.
  template <typename Visit>
  void blocks(int64_t count, Visit visit) const {
    if (prefix.rows > 0)
      visit(RowBlock{row(prefix, 0) + column, prefix.stride, prefix.rows, shape.head_dim}, 0);
    visit(RowBlock{row(own, own_begin) + column, own.stride, count - prefix.rows, shape.head_dim},
          prefix.rows);
  }
};

void score(const double* q, const Visible& keys, std::span<double> scores) {
  keys.blocks(static_cast<int64_t>(scores.size()),
              [&](const RowBlock& block, int64_t first) { row_dots(q, block, scores.data() + first); });
  for (double& s : scores) s *= keys.shape.scale;
  const int64_t first = keys.shape.first_seen(std::ssize(scores) - 1);
  std::fill(scores.begin(), scores.begin() + first, -std::numeric_limits<double>::infinity());  // not seen
}

void attend(const double* q, const Visible& keys, const Visible& values, std::span<double> scores,
            std::span<double> out) {
  score(q, keys, scores);
  softmax(scores);
  std::fill(out.begin(), out.end(), 0.0);
  values.blocks(static_cast<int64_t>(scores.size()), [&](const RowBlock& block, int64_t first) {
    add_weighted_rows(scores.data() + first, block, out.data());
  });
}

}  // namespace

void rms_norm(const ConstMatrix& x, const ConstMatrix& weight, double eps, const Matrix& out) {
  const int64_t n = weight.columns;
  const double* w = row(weight, 0);
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t begin = 0; begin < x.columns; begin += n) {
      const double* in = row(x, r) + begin;
      const double inverse = 1.0 / std::sqrt(dot(in, in, n) / static_cast<double>(n) + eps);
      for (int64_t c = 0; c < n; ++c) row(out, r)[begin + c] = in[c] * inverse * w[c];
    }
  }
}

std::vector<double> centred(const double* x, int64_t n) {
  const double mean = std::accumulate(x, x + n, 0.0) / static_cast<double>(n);
  std::vector<double> out(x, x + n);
  for (double& v : out) v -= mean;
  return out;
}

void layer_norm(const ConstMatrix& x, const ConstMatrix& weight, const ConstMatrix& bias, double eps,
                const Matrix& out) {
  const int64_t n = x.columns;
  for (int64_t r = 0; r < x.rows; ++r) {
    const std::vector<double> in = centred(row(x, r), n);
    const double inverse = 1.0 / std::sqrt(dot(in.data(), in.data(), n) / static_cast<double>(n) + eps);
    for (int64_t c = 0; c < n; ++c)
      row(out, r)[c] = in[static_cast<size_t>(c)] * inverse * row(weight, 0)[c] + row(bias, 0)[c];
  }
}

void rope(const RopeTable& table, const RowLayout& layout, int64_t head_dim, const Matrix& x) {
  const int64_t half = table.cosine->matrix().columns;
  for (int64_t r = 0; r < x.rows; ++r) {
    const int64_t position = layout.first_position + r % layout.rows;
    const double* cosine = row(table.cosine->matrix(), position);
    const double* sine = row(table.sine->matrix(), position);
    for (int64_t head = 0; head < x.columns; head += head_dim) {
      for (int64_t i = 0; i < half; ++i) {
        const double a = row(x, r)[head + i];
        const double b = row(x, r)[head + half + i];
        row(x, r)[head + i] = a * cosine[i] - b * sine[i];
        row(x, r)[head + half + i] = b * cosine[i] + a * sine[i];
      }
    }
  }
}

void attention(const AttentionInputs& in, const Matrix& out) {
  const int64_t head_dim = in.shape.head_dim;
  // side by side: later rows see more keys
  parallel_for<Schedule::kInterleaved>(in.layout.total(), [&](int64_t r) {
    const int64_t i = r % in.layout.rows;
    std::vector<double> scores(static_cast<size_t>(in.layout.first_position + i + 1));
    for (int64_t head = 0; head < in.shape.num_heads; ++head) {
      const int64_t column = in.shape.kv_head(head) * head_dim;
      const Visible keys{in.prefix_k, in.own_k, r - i, column, in.shape};
      const Visible values{in.prefix_v, in.own_v, r - i, column, in.shape};
      attend(row(in.q, r) + head * head_dim, keys, values, scores,
             {row(out, r) + head * head_dim, static_cast<size_t>(head_dim)});
    }
  });
}

ReferenceAttentionTrace::ReferenceAttentionTrace(const AttentionInputs& base)
    : shape(base.shape),
      q(base.q),
      k(base.own_k),
      v(base.own_v),
      prefix_k(base.prefix_k),
      prefix_v(base.prefix_v),
      probabilities(base.shape.num_heads * base.layout.rows, base.layout.first_position + base.layout.rows) {
  const int64_t rows = base.layout.rows;
  for (int64_t head = 0; head < shape.num_heads; ++head) {
    const Visible keys{prefix_k, base.own_k, 0, shape.kv_head(head) * shape.head_dim, shape};
    for (int64_t i = 0; i < rows; ++i) {
      const auto visible = static_cast<size_t>(base.layout.first_position + i + 1);
      const std::span<double> to(row(probabilities.matrix(), head * rows + i), visible);
      score(row(base.q, i) + head * shape.head_dim, keys, to);
      softmax(to);
    }
  }
}

void swiglu(const ConstMatrix& gate_up, const Matrix& out) {
  parallel_for(out.rows, [&](int64_t r) {
    const double* gate = row(gate_up, r);
    const double* up = gate + out.columns;
    for (int64_t c = 0; c < out.columns; ++c) row(out, r)[c] = gate[c] / (1.0 + std::exp(-gate[c])) * up[c];
  });
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

void gelu(const ConstMatrix& x, const Matrix& out) {
  parallel_for(out.rows, [&](int64_t r) {
    for (int64_t c = 0; c < out.columns; ++c) row(out, r)[c] = row(x, r)[c] * normal_cdf(row(x, r)[c]);
  });
}

}  // namespace tugline::reference
