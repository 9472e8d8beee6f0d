// What is written reads back to the bit.
#include "tugline/files/safetensors_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "support/temporary_folder.h"
#include "tugline/files/direction_file.h"
#include "tugline/files/safetensors.h"

namespace tugline::test {
namespace {

const std::vector<NamedArray> kArrays{
    {.name = "second", .rows = 1, .columns = 3, .values = {1, -0.0, 5e-324}},
    {.name = "a \"first\" one",
     .rows = 2,
     .columns = 2,
     .values = {0.1, 1e300, -2, std::nextafter(1.0, 2.0)}}};

TEST(SafetensorsWriter, ReadsBackToTheBit) {
  const std::string bytes = safetensors_bytes(kArrays, {{"kind", "test"}, {"empty", ""}});
  const auto source = parse_safetensors(std::as_bytes(std::span(bytes)), "made");
  EXPECT_EQ(source->names(), (std::vector<std::string>{"a \"first\" one", "second"}));
  for (const NamedArray& array : kArrays) {
    const TensorView* tensor = source->find(array.name);
    ASSERT_NE(tensor, nullptr);
    EXPECT_EQ(tensor->dtype, DType::kF64);
    EXPECT_EQ(tensor->shape, (std::vector<int64_t>{array.rows, array.columns}));
    const auto written = std::as_bytes(std::span(array.values));
    EXPECT_TRUE(std::equal(written.begin(), written.end(), tensor->bytes.begin(), tensor->bytes.end()));
  }
  EXPECT_TRUE(bytes.find(R"("kind":"test")") != std::string::npos);
  EXPECT_EQ((bytes.size() - 7 * sizeof(double)) % 8, 0U);
}

TEST(SafetensorsWriter, IsADirectionFile) {
  const TemporaryFolder folder;
  const auto path = folder / "v.safetensors";
  std::ofstream(path, std::ios::binary) << safetensors_bytes(kArrays, {});
  const DirectionArray array = *read_direction_file(path.string() + ":second").array;
  EXPECT_EQ(array.rows, 1);
  EXPECT_EQ(array.columns, 3);
  EXPECT_EQ(array.values, kArrays[0].values);
}

}  // namespace
}  // namespace tugline::test
