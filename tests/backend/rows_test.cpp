// The operations that only move or add rows: the CPU backend gives the reference's numbers exactly, because
// f32 inputs are copied, or rounded once where two are added.
#include <gtest/gtest.h>

#include "backend/both_backends.h"

namespace tugline::test {
namespace {

struct Shape {
  RowLayout layout;
  int64_t columns;
  int64_t before;
  int64_t after;
};

Shape random_shape(Numbers& numbers) {
  return {.layout = {.pushes = numbers.between(1, 7), .rows = numbers.between(1, 30), .first_position = 0},
          .columns = numbers.one_of<int64_t>({1, 13, 80, 200}),
          .before = numbers.between(0, 9),
          .after = numbers.between(0, 9)};
}

class RowOperations : public testing::TestWithParam<uint32_t> {
 protected:
  Numbers numbers_{GetParam()};
  Shape shape_ = random_shape(numbers_);
  Both both_;

  [[nodiscard]] std::vector<double> random_rows(int64_t rows) {
    return numbers_.normals(rows * shape_.columns);
  }
  [[nodiscard]] Slice slice(Backend& backend, const std::vector<double>& values) const {
    return {backend, values, shape_.columns, shape_.before, shape_.after};
  }
  [[nodiscard]] Slice empty_slice(Backend& backend, int64_t rows) const {
    return {backend, rows, shape_.columns, shape_.after, shape_.before};
  }
  void expect_rounded_once(const Both::Results& results) const {
    for (size_t i = 0; i < results.found.size(); ++i)
      ASSERT_EQ(results.found[i], static_cast<double>(static_cast<float>(results.expected[i])))
          << "element " << i;
  }
};

TEST_P(RowOperations, UploadAndDownloadKeepTheNumbers) {
  const auto values = random_rows(shape_.layout.total());
  const auto results = both_.run([&](Backend& b) { return slice(b, values).values(); });
  EXPECT_EQ(results.expected, values);
  EXPECT_EQ(results.found, values);
}

TEST_P(RowOperations, BuffersStartAsZeros) {
  const auto results = both_.run([&](Backend& b) {
    const auto buffer = b.allocate(shape_.layout.rows, shape_.columns);
    return b.download(buffer->matrix());
  });
  const std::vector<double> zeros(static_cast<size_t>(shape_.layout.rows * shape_.columns));
  EXPECT_EQ(results.expected, zeros);
  EXPECT_EQ(results.found, zeros);
}

TEST_P(RowOperations, Copy) {
  const auto values = random_rows(shape_.layout.rows);
  const auto results = both_.run([&](Backend& b) {
    const Slice to = empty_slice(b, shape_.layout.rows);
    b.copy(slice(b, values).view(), to.view());
    return to.values();
  });
  EXPECT_EQ(results.expected, values);
  EXPECT_EQ(results.found, values);
}

TEST_P(RowOperations, Repeat) {
  const auto values = random_rows(shape_.layout.rows);
  const auto results = both_.run([&](Backend& b) {
    const Slice to = empty_slice(b, shape_.layout.total());
    b.repeat(slice(b, values).view(), to.view());
    return to.values();
  });
  for (size_t i = 0; i < results.expected.size(); ++i)
    ASSERT_EQ(results.expected[i], values[i % values.size()]);
  EXPECT_EQ(results.found, results.expected);
}

TEST_P(RowOperations, AddToFirstRows) {
  const auto vectors = random_rows(shape_.layout.pushes);
  const auto values = random_rows(shape_.layout.total());
  const auto results = both_.run([&](Backend& b) {
    const Slice x = slice(b, values);
    b.add_to_first_rows(slice(b, vectors).view(), shape_.layout, x.view());
    return x.values();
  });
  for (size_t i = 0; i < values.size(); ++i) {
    const auto row = static_cast<int64_t>(i) / shape_.columns;
    const auto push = static_cast<size_t>(row / shape_.layout.rows);
    const bool first = row % shape_.layout.rows == 0;
    const auto column = i % static_cast<size_t>(shape_.columns);
    const double added = first ? vectors[push * static_cast<size_t>(shape_.columns) + column] : 0.0;
    ASSERT_EQ(results.expected[i], values[i] + added) << "row " << row;
  }
  expect_rounded_once(results);
}

TEST_P(RowOperations, SelectRows) {
  const int64_t begin = numbers_.between(0, shape_.layout.rows - 1);
  const int64_t count = shape_.layout.rows - begin;
  const auto values = random_rows(shape_.layout.total());
  const auto results = both_.run([&](Backend& b) {
    const Slice to = empty_slice(b, shape_.layout.pushes * count);
    b.select_rows(slice(b, values).view(), shape_.layout, begin, to.view());
    return to.values();
  });
  size_t i = 0;
  for (int64_t push = 0; push < shape_.layout.pushes; ++push)
    for (int64_t at = (push * shape_.layout.rows + begin) * shape_.columns;
         at < (push + 1) * shape_.layout.rows * shape_.columns; ++at)
      ASSERT_EQ(results.expected[i++], values[static_cast<size_t>(at)]) << "push " << push;
  EXPECT_EQ(results.found, results.expected);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RowOperations, testing::Range(0U, 12U));

}  // namespace
}  // namespace tugline::test
