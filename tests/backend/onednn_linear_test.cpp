// What oneDNN multiplies with: a product that falls to its reference loops is right, and tens of times
// slower.
#include "tugline/backend/cpu/onednn_linear.h"

#include <gtest/gtest.h>

#include "backend/both_backends.h"
#include "support/expect_error.h"
#include "support/resident_bytes.h"
#include "tugline/backend/cpu/onednn_status.h"
#include "tugline/backend/host_view.h"

namespace tugline::test {
namespace {

class OneDnnImplementation : public testing::TestWithParam<Element> {};

TEST_P(OneDnnImplementation, IsNeverTheReferenceLoops) {
#ifndef __x86_64__
  GTEST_SKIP() << "oneDNN has kernels of its own on x86-64 only";
#endif
  cpu::OneDnn onednn;
  if (GetParam() == Element::kBf16 && !missing_bf16_products(onednn).empty())
    GTEST_SKIP() << missing_bf16_products(onednn);
  for (const auto& [out, in] : {std::pair{576, 1536}, {960, 576}, {1050, 48}, {2048, 64}}) {
    const std::vector<double> weight(static_cast<size_t>(out) * static_cast<size_t>(in), 0.5);
    const cpu::OneDnnLinear linear(onednn, source_of(weight, out, in), GetParam());
    for (const int64_t rows : {1, 25, 200, 800})
      EXPECT_FALSE(linear.implementation(rows).starts_with("ref")) << rows << " x " << in << " x " << out;
  }
}

// Transcripts come in any number of lengths. oneDNN itself keeps the latest 1,024 products, so those come
// first.
TEST(OneDnnLinear, ItsMemoryStaysTheSameOverManyLengths) {
#ifdef TUGLINE_SANITIZED
  GTEST_SKIP() << "the sanitizer keeps freed memory for a while";
#endif
  constexpr int64_t kLengths = 2000;
  constexpr int64_t kFirst = 1100;
  cpu::OneDnn onednn;
  const std::vector<double> weight(size_t{32} * 48, 0.5);
  const cpu::OneDnnLinear linear(onednn, source_of(weight, 32, 48));
  std::vector<float> x(kLengths * 48, 1.0f);
  std::vector<float> y(kLengths * 32);
  int64_t before = 0;
  for (int64_t rows = 1; rows <= kLengths; ++rows) {
    linear.run(view_of(x.data(), rows, 48), view_of(y.data(), rows, 32), Accumulate::kNo);
    linear.prepare_tasks(rows);
    if (rows == kFirst) before = resident_bytes();
  }
  EXPECT_LT(resident_bytes() - before, int64_t{1} << 20) << "a product takes 10 KB";
}

TEST(OneDnnStatus, IsNeverDropped) {
  cpu::expect_success(dnnl_success);
  expect_error(ErrorCode::kIo, {"memory"}, [] { cpu::expect_success(dnnl_out_of_memory); });
  EXPECT_THROW(cpu::expect_success(dnnl_invalid_arguments), dnnl::error);
}

INSTANTIATE_TEST_SUITE_P(Elements, OneDnnImplementation, testing::Values(Element::kF32, Element::kBf16),
                         [](const auto& each) { return each.param == Element::kF32 ? "F32" : "Bf16"; });

}  // namespace
}  // namespace tugline::test
