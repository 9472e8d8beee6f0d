#include "tugline/files/fingerprint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tugline/files/tensor_table.h"

namespace tugline {
namespace {

// One tensor in memory.
class OneTensor final : public TensorSource {
 public:
  OneTensor(std::string name, DType dtype, std::vector<int64_t> shape, std::span<const std::byte> bytes)
      : table_({{TensorView{std::move(name), dtype, std::move(shape), bytes}}, {}}, "memory") {}
  [[nodiscard]] const TensorView* find(std::string_view name) const override { return table_.find(name); }
  [[nodiscard]] std::vector<std::string> names() const override { return table_.names(); }
  [[nodiscard]] std::string path() const override { return "memory"; }

 private:
  TensorTable table_;
};

TEST(Fingerprint, SeesNameDtypeAndShape) {
  const std::vector<std::byte> bytes(64);
  const std::set<uint64_t> all{fingerprint(OneTensor("a", DType::kF32, {4, 4}, bytes)),
                               fingerprint(OneTensor("b", DType::kF32, {4, 4}, bytes)),
                               fingerprint(OneTensor("a", DType::kF32, {2, 8}, bytes)),
                               fingerprint(OneTensor("a", DType::kF32, {16}, bytes)),
                               fingerprint(OneTensor("a", DType::kBF16, {4, 8}, bytes))};
  EXPECT_EQ(all.size(), 5U);
}

TEST(Fingerprint, SeesEveryByteOfSmallTensorsAndBothEndsOfLargeOnes) {
  for (const size_t size : {size_t{400}, size_t{4'000'000}}) {
    std::vector<std::byte> bytes(size);
    const auto print = [&] {
      return fingerprint(OneTensor("a", DType::kF16, {static_cast<int64_t>(size / 2)}, bytes));
    };
    const uint64_t before = print();
    EXPECT_EQ(print(), before);
    for (const size_t at : {size_t{0}, size / 2, size - 1}) {
      const size_t first =
          at == size / 2 && size > 400 ? at - 40'000 : at;  // a stretch lies within 62,500 bytes
      const size_t last = at == size / 2 && size > 400 ? at + 40'000 : at;
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(first),
                bytes.begin() + static_cast<std::ptrdiff_t>(last) + 1, std::byte{1});
      EXPECT_NE(print(), before) << at;
      std::ranges::fill(bytes, std::byte{0});
    }
  }
}

}  // namespace
}  // namespace tugline
