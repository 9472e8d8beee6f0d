#include "tugline/probe/residual_statistics.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/philox.h"
#include "tugline/probe/sinks.h"
#include "tugline/probe/vectors.h"

namespace tugline {
namespace {

constexpr double kNoVariance = 1e-12;

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

std::vector<double> to_vector(const Eigen::VectorXd& v) { return {v.data(), v.data() + v.size()}; }

// A token's place in the sample is a function of the seed and of the token alone, so the sample is the same
// in any order.
double priority(uint64_t seed, uint64_t example_hash, int64_t position) {
  ContentHash hash;
  hash.add_text("residual sample");
  hash.add_number(example_hash);
  hash.add_number(static_cast<uint64_t>(position));
  std::array<double, 1> uniform{};
  fill_uniforms({.key = seed, .stream = hash.value()}, uniform);
  return uniform[0];
}

// An eigenvector's sign is arbitrary; this one is the same on every machine.
Eigen::VectorXd with_positive_peak(Eigen::VectorXd v) {
  Eigen::Index peak = 0;
  v.cwiseAbs().maxCoeff(&peak);
  return v[peak] < 0 ? Eigen::VectorXd(-v) : v;
}

// Eigen cuts products by the number of threads, and sums round differently in pieces of another size.
class OneThread {
 public:
  OneThread() : before_(Eigen::nbThreads()) { Eigen::setNbThreads(1); }
  ~OneThread() { Eigen::setNbThreads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

void add_components(const Eigen::MatrixXd& covariance, ResidualStatistics& to) {
  const OneThread one_thread;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  const Eigen::VectorXd& values = solver.eigenvalues();  // ascending
  const double largest = values[values.size() - 1];
  const double total = values.sum();
  double held = 0;
  for (Eigen::Index i = values.size() - 1; i >= 0 && values[i] > kNoVariance * largest; --i) {
    to.components.push_back(to_vector(with_positive_peak(solver.eigenvectors().col(i))));
    to.component_variances.push_back(values[i]);
    if (held < kFactorVariance * total) ++to.factor_rank;
    held += values[i];
  }
}

}  // namespace

// Means and centred second moments, merged transcript by transcript (Chan, Golub, LeVeque 1983), so that a
// mean that is large beside the spread costs no digits.
struct ResidualAccumulator::Sums {
  int64_t tokens = 0;
  Eigen::VectorXd mean;
  Eigen::VectorXd squares;   // [hidden]: the diagonal of what products holds
  Eigen::MatrixXd products;  // [hidden, hidden], lower half; empty if it is not requested

  void merge(Rows rows) {
    const OneThread one_thread;
    const auto count = static_cast<double>(rows.rows());
    const auto before = static_cast<double>(tokens);
    const Eigen::VectorXd own_mean = rows.colwise().mean().transpose();
    rows.rowwise() -= own_mean.transpose();
    const Eigen::VectorXd shift = own_mean - mean;
    const double weight = before * count / (before + count);
    squares += rows.colwise().squaredNorm().transpose() + weight * shift.cwiseAbs2();
    if (products.size() > 0) {
      products.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
      products.selfadjointView<Eigen::Lower>().rankUpdate(shift, weight);
    }
    mean += shift * (count / (before + count));
    tokens += rows.rows();
  }
};

ResidualAccumulator::ResidualAccumulator(int64_t hidden, uint64_t seed, Moments moments)
    : hidden_(hidden), seed_(seed), sums_(std::make_unique<Sums>()) {
  sums_->mean = Eigen::VectorXd::Zero(hidden);
  sums_->squares = Eigen::VectorXd::Zero(hidden);
  if (moments == Moments::kCovariance) sums_->products = Eigen::MatrixXd::Zero(hidden, hidden);
}

ResidualAccumulator::~ResidualAccumulator() = default;
ResidualAccumulator::ResidualAccumulator(ResidualAccumulator&&) noexcept = default;
ResidualAccumulator& ResidualAccumulator::operator=(ResidualAccumulator&&) noexcept = default;

void ResidualAccumulator::add(uint64_t example_hash, std::span<const double> residuals) {
  const auto hidden = static_cast<size_t>(hidden_);
  const auto row = [&](size_t i) { return residuals.subspan(i * hidden, hidden); };
  std::vector<double> norms(residuals.size() / hidden);
  for (size_t i = 0; i < norms.size(); ++i) norms[i] = norm(row(i));
  const std::vector<bool> sinks = sink_tokens(norms);
  const auto left_out = std::count(sinks.begin(), sinks.end(), true);
  sinks_ += left_out;
  Rows rows(static_cast<Eigen::Index>(norms.size()) - left_out, hidden_);
  for (size_t i = 0, kept = 0; i < norms.size(); ++i) {
    if (sinks[i]) continue;
    rows.row(static_cast<Eigen::Index>(kept++)) =
        Eigen::Map<const Eigen::RowVectorXd>(row(i).data(), hidden_);
    offer(example_hash, static_cast<int64_t>(i), row(i));
  }
  if (rows.rows() > 0) sums_->merge(std::move(rows));
}

void ResidualAccumulator::offer(uint64_t example_hash, int64_t position, std::span<const double> values) {
  const SampleKey key{priority(seed_, example_hash, position), example_hash, position};
  const bool full = static_cast<int64_t>(sample_.size()) == kSampledResiduals;
  if (full && key > sample_.rbegin()->first) return;
  sample_.emplace(key, std::vector<double>(values.begin(), values.end()));
  if (static_cast<int64_t>(sample_.size()) > kSampledResiduals) sample_.erase(std::prev(sample_.end()));
}

ResidualStatistics ResidualAccumulator::finish() const {
  if (sums_->tokens < 2)
    fail(ErrorCode::kInput,
         "directions from the transcripts' residuals need at least two tokens that are not sinks (the first, "
         "and those with norms beyond {} times the median); {} are there",
         kSinkNorm, sums_->tokens);
  ResidualStatistics statistics;
  statistics.tokens = sums_->tokens;
  statistics.sinks = sinks_;
  statistics.mean = to_vector(sums_->mean);
  const double divisor = static_cast<double>(sums_->tokens) - 1;
  statistics.variance = to_vector(sums_->squares / divisor);
  for (const auto& [key, values] : sample_)
    statistics.sample.push_back({std::get<1>(key), std::get<2>(key), values});
  if (sums_->products.size() > 0) add_components(sums_->products / divisor, statistics);
  return statistics;
}

}  // namespace tugline
