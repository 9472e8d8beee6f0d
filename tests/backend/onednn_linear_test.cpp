// What oneDNN multiplies with: a product that falls to its reference loops is right, and tens of times slower.
#include "tugline/backend/cpu/onednn_linear.h"

#include <gtest/gtest.h>

#include "backend/both_backends.h"

namespace tugline::test {
namespace {

using cpu::Element;

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

INSTANTIATE_TEST_SUITE_P(Elements, OneDnnImplementation, testing::Values(Element::kF32, Element::kBf16),
                         [](const auto& each) { return each.param == Element::kF32 ? "F32" : "Bf16"; });

}  // namespace
}  // namespace tugline::test
