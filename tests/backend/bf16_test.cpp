// Rounding to bf16, products of rounded differences, and the backend that rounds every result.
#include "tugline/backend/cpu/bf16.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "backend/both_backends.h"
#include "tugline/backend/machine.h"
#include "tugline/core/error.h"

namespace tugline::test {
namespace {

// To nearest by distance, in f64; of two as near, the one with the even last bit.
float nearest_bf16(float x) {
  if (!std::isfinite(x)) return x;
  const uint32_t below = std::bit_cast<uint32_t>(x) & 0xffff0000u;  // towards zero
  const uint32_t above = below + 0x10000u;
  const double low = std::bit_cast<float>(below);
  // Beyond the largest number, as far as if the exponent went on.
  const float next = std::bit_cast<float>(above);
  const double high = std::isinf(next) ? std::copysign(0x1p128, low) : static_cast<double>(next);
  const double to_low = std::abs(x - low);
  const double to_high = std::abs(x - high);
  const bool choose_low = to_low < to_high || (to_low == to_high && (below >> 16) % 2 == 0);
  return choose_low ? std::bit_cast<float>(below) : next;
}

std::vector<double> rounded(std::vector<double> values) {
  for (double& v : values) v = nearest_bf16(static_cast<float>(v));
  return values;
}

// Every exponent, ties, neighbours of ties, the largest numbers, infinities.
std::vector<float> telling_numbers() {
  std::vector<float> numbers{0.0f, -0.0f, std::numeric_limits<float>::infinity(),
                             -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::max()};
  std::mt19937 generator(11);
  for (uint32_t exponent = 0; exponent < 255; ++exponent)
    for (const uint32_t low : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu})
      numbers.push_back(
          std::bit_cast<float>((static_cast<uint32_t>(generator()) & 0x807f0000u) | exponent << 23 | low));
  return numbers;
}

TEST(RoundToBf16, IsToNearestAndTiesToEven) {
  const std::vector<float> numbers = telling_numbers();
  std::vector<float> found(numbers.size());
  cpu::round_to_bf16_row(numbers.data(), static_cast<int64_t>(numbers.size()), found.data());
  for (size_t i = 0; i < numbers.size(); ++i)
    EXPECT_EQ(std::bit_cast<uint32_t>(found[i]), std::bit_cast<uint32_t>(nearest_bf16(numbers[i])))
        << std::hexfloat << numbers[i];
}

TEST(RoundToBf16, NaNStaysNaN) {
  const std::vector<float> numbers{std::bit_cast<float>(0x7f800001u), std::bit_cast<float>(0x7fffffffu),
                                   std::bit_cast<float>(0xffffffffu), std::nanf("")};
  std::vector<float> found(numbers.size());
  cpu::round_to_bf16_row(numbers.data(), static_cast<int64_t>(numbers.size()), found.data());
  for (const float v : found) EXPECT_TRUE(std::isnan(v));
}

// Rows of every length up to a few vectors, whose last elements take another way; what is behind them is left
// alone.
TEST(RoundToBf16, PackedBitsAreTheSameNumbers) {
  const std::vector<float> numbers = telling_numbers();
  for (size_t n = 0; n < 70; ++n) {
    std::vector<uint16_t> bits(n + 1, 0x1234);
    std::vector<float> values(n + 1, 5.0f);
    cpu::pack_bf16_row(numbers.data() + n, static_cast<int64_t>(n), bits.data());
    cpu::round_to_bf16_row(numbers.data() + n, static_cast<int64_t>(n), values.data());
    for (size_t i = 0; i < n; ++i)
      EXPECT_EQ(static_cast<uint32_t>(bits[i]) << 16, std::bit_cast<uint32_t>(values[i])) << n << " " << i;
    EXPECT_EQ(bits[n], 0x1234);
    EXPECT_EQ(values[n], 5.0f);
  }
}

constexpr int64_t kRows = 7;
constexpr int64_t kIn = 80;
constexpr int64_t kOut = 33;

struct ProductCase {
  std::vector<double> weight, bias, d, before;
};

ProductCase make_product(uint32_t seed) {
  Numbers numbers(seed);
  return {numbers.normals(kOut * kIn), numbers.normals(kOut), numbers.normals(kRows * kIn, 1e-3),
          numbers.normals(kRows * kOut, 1e-3)};
}

// before + rounded(weight) rounded(d), and the sum of its terms' sizes.
void expect_bf16_product(Backend& backend, const ProductCase& c) {
  const auto map = backend.make_linear(source_of(c.weight, kOut, kIn, c.bias));
  const Slice out(backend, c.before, kOut);
  backend.linear_difference(Slice(backend, c.d, kIn).view(), *map, out.view(), Accumulate::kYes);
  const std::vector<double> weight = rounded(c.weight);
  const std::vector<double> d = rounded(c.d);
  const std::vector<double> found = out.values();
  for (size_t i = 0; i < found.size(); ++i) {
    double sum = c.before[i];
    double size = std::abs(sum);
    for (size_t k = 0; k < kIn; ++k) {
      const double term = weight[i % kOut * kIn + k] * d[i / kOut * kIn + k];
      sum += term;
      size += std::abs(term);
    }
    EXPECT_NEAR(found[i], sum, (kIn + 2) * kUnit * size) << i;
  }
}

TEST(Bf16Backend, EmulatedProductsAreOfRoundedFactors) {
  const auto backend =
      make_cpu_backend({.precision = Precision::kBf16, .bf16_products = Bf16Products::kEmulated});
  EXPECT_EQ(backend->name(), "cpu-bf16");
  EXPECT_EQ(backend->precision(), Precision::kBf16);
  for (uint32_t seed = 0; seed < 5; ++seed) expect_bf16_product(*backend, make_product(seed));
}

TEST(Bf16Backend, NativeProductsAreOfRoundedFactors) {
  const std::string missing = describe_machine().missing_bf16;
  if (!missing.empty()) GTEST_SKIP() << "no native bf16 products: " << missing;
  const auto backend = make_cpu_backend({.precision = Precision::kBf16});
  EXPECT_EQ(backend->name(), "cpu-bf16");
  for (uint32_t seed = 0; seed < 5; ++seed) expect_bf16_product(*backend, make_product(seed));
}

TEST(Bf16Backend, RunsF32AndSaysSoWhereInstructionsAreMissing) {
  if (describe_machine().missing_bf16.empty()) GTEST_SKIP() << "this processor has bf16 products";
  const auto backend = make_cpu_backend({.precision = Precision::kBf16});
  EXPECT_EQ(backend->precision(), Precision::kF32);
  EXPECT_EQ(backend->name(), "cpu-f32");
}

TEST(Bf16Backend, ValuesAreF32) {
  const auto bf16 =
      make_cpu_backend({.precision = Precision::kBf16, .bf16_products = Bf16Products::kEmulated});
  const auto f32 = make_cpu_backend();
  const ProductCase c = make_product(1);
  const auto run = [&](Backend& backend) {
    const auto map = backend.make_linear(source_of(c.weight, kOut, kIn, c.bias));
    const Slice out(backend, kRows, kOut);
    backend.linear(Slice(backend, c.d, kIn).view(), *map, out.view(), Accumulate::kNo);
    return out.values();
  };
  EXPECT_EQ(run(*bf16), run(*f32));
}

TEST(CpuBackendOptions, F64IsTheReferences) {
  EXPECT_THROW((void)make_cpu_backend({.precision = Precision::kF64}), Error);
}

// Sums round differently in f32, so a result may fall to the neighbour: at most 2^-7 of itself away.
constexpr double kNeighbour = 0x1p-7;

class PlainBf16 : public testing::Test {
 protected:
  // Each result is a bf16 number, and the expected one or its neighbour.
  void expect_kept(const std::vector<double>& found, const std::vector<double>& expected) const {
    ASSERT_EQ(found.size(), expected.size());
    EXPECT_EQ(found, rounded(found));
    for (size_t i = 0; i < found.size(); ++i)
      EXPECT_NEAR(found[i], expected[i], kNeighbour * std::abs(expected[i]) + 1e-30) << i;
  }
  Matrix uploaded(const std::vector<double>& values, int64_t columns) {
    slices_.push_back(std::make_unique<Slice>(*backend_, values, columns));
    return slices_.back()->view();
  }
  std::vector<double> values(const Matrix& m) { return backend_->download(m); }

  std::unique_ptr<Backend> backend_ = make_cpu_backend({.precision = Precision::kPlainBf16});
  Numbers numbers_{3};
  std::vector<std::unique_ptr<Slice>> slices_;
};

TEST_F(PlainBf16, WhatIsUploadedIsRounded) {
  const auto x = numbers_.normals(40);
  EXPECT_EQ(values(uploaded(x, 8)), rounded(x));
}

TEST_F(PlainBf16, ProductAndSumAreEachRounded) {
  const ProductCase c = make_product(2);
  const auto map = backend_->make_linear(source_of(c.weight, kOut, kIn, c.bias));
  const Matrix x = uploaded(c.d, kIn);
  const Matrix product = uploaded(c.before, kOut);
  const Matrix added = uploaded(c.before, kOut);
  backend_->linear(x, *map, product, Accumulate::kNo);
  backend_->linear(x, *map, added, Accumulate::kYes);
  std::vector<double> exact;
  const auto weight = rounded(c.weight);
  const auto d = rounded(c.d);
  for (size_t i = 0; i < kRows * kOut; ++i) {
    exact.push_back(rounded(c.bias)[i % kOut]);
    for (size_t k = 0; k < kIn; ++k) exact.back() += weight[i % kOut * kIn + k] * d[i / kOut * kIn + k];
  }
  expect_kept(values(product), rounded(exact));
  std::vector<double> sum = values(product);
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += rounded(c.before)[i];
  EXPECT_EQ(values(added), rounded(sum));
}

TEST_F(PlainBf16, TheNormIsRoundedBeforeItsWeight) {
  const auto x = numbers_.normals(5 * 24);
  const auto weight = numbers_.normals(24);
  const Matrix out = uploaded(x, 24);
  backend_->rms_norm(out, uploaded(weight, 24), 1e-5, out);
  std::vector<double> expected = rounded(x);
  for (size_t r = 0; r < 5; ++r) {
    double squares = 0;
    for (size_t i = 0; i < 24; ++i) squares += expected[r * 24 + i] * expected[r * 24 + i];
    for (size_t i = 0; i < 24; ++i)
      expected[r * 24 + i] =
          nearest_bf16(static_cast<float>(expected[r * 24 + i] / std::sqrt(squares / 24 + 1e-5))) *
          rounded(weight)[i];
  }
  expect_kept(values(out), rounded(expected));
}

TEST_F(PlainBf16, TheNormsOfOlmo2AndOfGptNeoxAreRoundedOnce) {
  const auto x = numbers_.normals(5 * 24);
  const auto weight = numbers_.normals(24);
  const auto bias = numbers_.normals(24);
  const Matrix rms = uploaded(std::vector<double>(5 * 24), 24);
  const Matrix layer = uploaded(std::vector<double>(5 * 24), 24);
  backend_->rms_norm_rounded_once(uploaded(x, 24), uploaded(weight, 24), 1e-5, rms);
  backend_->layer_norm(uploaded(x, 24), uploaded(weight, 24), uploaded(bias, 24), 1e-5, layer);
  std::vector<double> expected_rms = rounded(x);
  std::vector<double> expected_layer = rounded(x);
  for (size_t r = 0; r < 5; ++r) {
    double sum = 0;
    double squares = 0;
    for (size_t i = r * 24; i < r * 24 + 24; ++i) {
      sum += expected_rms[i];
      squares += expected_rms[i] * expected_rms[i];
    }
    const double mean = sum / 24;
    for (size_t i = r * 24; i < r * 24 + 24; ++i) {
      expected_rms[i] *= rounded(weight)[i % 24] / std::sqrt(squares / 24 + 1e-5);
      expected_layer[i] = (expected_layer[i] - mean) / std::sqrt(squares / 24 - mean * mean + 1e-5) *
                              rounded(weight)[i % 24] +
                          rounded(bias)[i % 24];
    }
  }
  expect_kept(values(rms), rounded(expected_rms));
  expect_kept(values(layer), rounded(expected_layer));
}

TEST_F(PlainBf16, GeluAndASumAreRoundedOnce) {
  const auto x = numbers_.normals(5 * 24);
  const Matrix out = uploaded(std::vector<double>(5 * 24), 24);
  backend_->gelu(uploaded(x, 24), out);
  std::vector<double> expected = rounded(x);
  for (double& v : expected) v *= std::erfc(-v / std::sqrt(2.0)) / 2;
  expect_kept(values(out), rounded(expected));
  const auto y = numbers_.normals(5 * 24);
  const Matrix sum = uploaded(y, 24);
  backend_->add(uploaded(x, 24), sum);
  std::vector<double> added = rounded(y);
  for (size_t i = 0; i < added.size(); ++i) added[i] += rounded(x)[i];
  EXPECT_EQ(values(sum), rounded(added));
}

TEST_F(PlainBf16, SiluIsRoundedBeforeItsProduct) {
  const auto gate_up = numbers_.normals(5 * 16);
  const Matrix out = uploaded(std::vector<double>(5 * 8), 8);
  backend_->swiglu(uploaded(gate_up, 16), out);
  std::vector<double> expected;
  for (size_t r = 0; r < 5; ++r) {
    for (size_t i = 0; i < 8; ++i) {
      const double gate = rounded(gate_up)[r * 16 + i];
      const double silu = nearest_bf16(static_cast<float>(gate / (1 + std::exp(-gate))));
      expected.push_back(silu * rounded(gate_up)[r * 16 + 8 + i]);
    }
  }
  expect_kept(values(out), rounded(expected));
}

TEST_F(PlainBf16, RotationRoundsItsProductsAndTheirSum) {
  RopeTable table{backend_->allocate(4, 3), backend_->allocate(4, 3)};
  const auto cosine = numbers_.normals(4 * 3);
  const auto sine = numbers_.normals(4 * 3);
  backend_->upload(cosine, table.cosine->matrix());
  backend_->upload(sine, table.sine->matrix());
  const auto x = numbers_.normals(2 * 6);
  const Matrix turned = uploaded(x, 6);
  backend_->rope(table, {.pushes = 1, .rows = 2, .first_position = 2}, 6, turned);
  const auto product = [](double a, double b) { return nearest_bf16(static_cast<float>(a * b)); };
  std::vector<double> expected;
  for (size_t r = 0; r < 2; ++r) {
    for (size_t i = 0; i < 6; ++i) {
      const size_t angle = (2 + r) * 3 + i % 3;
      const double other = rounded(x)[r * 6 + (i + 3) % 6] * (i < 3 ? -1 : 1);
      expected.push_back(product(rounded(x)[r * 6 + i], rounded(cosine)[angle]) +
                         product(other, rounded(sine)[angle]));
    }
  }
  EXPECT_EQ(values(turned), rounded(expected));
}

// One head, one row over a prefix of two: scores, weights and results are each rounded.
TEST_F(PlainBf16, AttentionRoundsScoresWeightsAndResults) {
  const auto q = numbers_.normals(4);
  const auto k = numbers_.normals(3 * 4);
  const auto v = numbers_.normals(3 * 4);
  const Matrix keys = uploaded(k, 4);
  const Matrix own_values = uploaded(v, 4);
  const Matrix out = uploaded(std::vector<double>(4), 4);
  backend_->attention({.layout = {.pushes = 1, .rows = 1, .first_position = 2},
                       .shape = {.num_heads = 1, .num_kv_heads = 1, .head_dim = 4, .scale = 0.5},
                       .q = uploaded(q, 4),
                       .own_k = keys.row_range(2, 1),
                       .own_v = own_values.row_range(2, 1),
                       .prefix_k = keys.row_range(0, 2),
                       .prefix_v = own_values.row_range(0, 2)},
                      out);
  std::vector<double> weights(3);
  double total = 0;
  for (size_t j = 0; j < 3; ++j) {
    double score = 0;
    for (size_t i = 0; i < 4; ++i) score += rounded(q)[i] * rounded(k)[j * 4 + i];
    weights[j] = std::exp(static_cast<double>(nearest_bf16(static_cast<float>(score / 2))));
    total += weights[j];
  }
  for (double& w : weights) w /= total;
  std::vector<double> expected(4);
  for (size_t j = 0; j < 3; ++j)
    for (size_t i = 0; i < 4; ++i) expected[i] += rounded(weights)[j] * rounded(v)[j * 4 + i];
  const std::vector<double> found = values(out);
  EXPECT_EQ(found, rounded(found));
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(found[i], rounded(expected)[i], 0.01) << i;
}

}  // namespace
}  // namespace tugline::test
