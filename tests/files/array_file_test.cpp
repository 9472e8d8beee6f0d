#include "tugline/files/array_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "files/build_bytes.h"
#include "tugline/files/npy.h"

namespace tugline {
namespace {

const std::vector<double> kValues{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5};

Bytes npy_bytes(std::string_view header, std::span<const double> values) {
  Bytes bytes;
  bytes.put_raw(std::string_view("\x93NUMPY\x01\x00", 8))
      .put(static_cast<uint16_t>(header.size()))
      .put_raw(header);
  for (const double value : values) bytes.put(value);
  return bytes;
}

constexpr std::string_view kHeader = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n";

void expect_npy_refused(ErrorCode code, const Bytes& bytes, const std::vector<std::string>& parts) {
  expect_error(code, parts, [&] { static_cast<void>(parse_npy(bytes.span(), "a.npy")); });
}

TEST(DirectionArray, ReadsWhatNumpyWrote) {
  for (const char* name : {"f64.npy", "version2.npy", "version3.npy"}) {
    const DirectionArray array = read_direction_array(fixture(name));
    EXPECT_EQ(array.rows, 2) << name;
    EXPECT_EQ(array.columns, 3) << name;
    EXPECT_EQ(array.values, kValues) << name;
  }
  const DirectionArray row = read_direction_array(fixture("f32_one_row.npy"));
  EXPECT_EQ(row.rows, 1);
  EXPECT_EQ(row.columns, 3);
  EXPECT_EQ(row.values, (std::vector<double>{-2.5, -1.5, -0.5}));
}

TEST(DirectionArray, RefusesOtherArraysByName) {
  const auto expect = [](const char* name, const char* part) {
    expect_error(ErrorCode::kUnsupported, {name, part},
                 [&] { static_cast<void>(read_direction_array(fixture(name))); });
  };
  expect("fortran.npy", "Fortran");
  expect("big_endian.npy", "'>f8'");
  expect("int64.npy", "'<i8'");
  expect("structured.npy", "structured");
}

TEST(DirectionArray, TakesATensorByName) {
  const std::string file = fixture("small.safetensors");
  EXPECT_EQ(read_direction_array(file + ":f64").values, kValues);
  EXPECT_EQ(read_direction_array(file + ":f32").values, kValues);
  const auto expect = [&](ErrorCode code, const std::string& suffix, const std::vector<std::string>& parts) {
    expect_error(code, parts, [&] { static_cast<void>(read_direction_array(file + suffix)); });
  };
  expect(ErrorCode::kUsage, "", {"6 tensors", ":TENSOR"});
  expect(ErrorCode::kNotFound, ":nope", {"'nope'", "bf16, empty"});
  expect(ErrorCode::kUnsupported, ":f16", {"'f16'", "F32 or F64"});
  expect(ErrorCode::kInput, ":scalar", {"'scalar'", "0 dimensions"});
  expect(ErrorCode::kInput, ":empty", {"'empty'", "empty"});
}

TEST(DirectionArray, OneTensorNeedsNoName) {
  const TemporaryFolder folder;
  const auto bytes = safetensors_bytes(R"({"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
  EXPECT_EQ(read_direction_array(folder.write("one.safetensors", bytes.span())).columns, 2);
  EXPECT_EQ(read_direction_array(folder.write("odd.safetensors:x.safetensors", bytes.span())).columns, 2);
  const auto shared_name = folder.write("a.safetensors:v", bytes.span());
  expect_error(ErrorCode::kUsage, {".npy"}, [&] { static_cast<void>(read_direction_array(shared_name)); });
  expect_error(ErrorCode::kUsage, {".npy"}, [&] { static_cast<void>(read_direction_array("a.csv")); });
  expect_error(ErrorCode::kNotFound, {"no.npy"}, [&] { static_cast<void>(read_direction_array("no.npy")); });
}

// As control vectors are kept: tensors by name, of which one is said; quantised ones are no directions.
TEST(DirectionArray, ReadsTensorsOfGgufFiles) {
  const std::string file = fixture("small.gguf");
  const DirectionArray array = read_direction_array(file + ":w");
  EXPECT_EQ(array.rows, 2);
  EXPECT_EQ(array.columns, 3);
  EXPECT_EQ(array.values, std::vector<double>(6));
  expect_error(ErrorCode::kUsage, {"2 tensors", "q, w", ".gguf:TENSOR"},
               [&] { static_cast<void>(read_direction_array(file)); });
  expect_error(ErrorCode::kUnsupported, {"'q'", "Q4_1", "F32"},
               [&] { static_cast<void>(read_direction_array(file + ":q")); });
  expect_error(ErrorCode::kNotFound, {"'direction.1'", "q, w"},
               [&] { static_cast<void>(read_direction_array(file + ":direction.1")); });
}

TEST(DirectionArray, RefusesWhatIsNotFinite) {
  const TemporaryFolder folder;
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    std::vector<double> values = kValues;
    values[4] = bad;
    const auto file = folder.write("bad.npy", npy_bytes(kHeader, values).span());
    expect_error(ErrorCode::kInput, {"bad.npy", "row 1", "column 1"},
                 [&] { static_cast<void>(read_direction_array(file)); });
  }
}

TEST(Npy, EveryTruncationAndDamageIsSurvived) {
  const Bytes whole = npy_bytes(kHeader, kValues);
  const auto parse = [](std::span<const std::byte> bytes) { static_cast<void>(parse_npy(bytes, "cut")); };
  parse(whole.span());
  expect_every_truncation_fails(whole.span(), parse);
  expect_every_damage_is_survived(whole.span(), parse);
}

TEST(Npy, RefusesLyingHeaders) {
  const auto lie = [](std::string_view header, const std::vector<std::string>& parts) {
    SCOPED_TRACE(header);
    expect_npy_refused(ErrorCode::kInput, npy_bytes(header, kValues), parts);
  };
  lie("", {"malformed"});
  lie("{}", {"lacks"});
  lie("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)} x", {"malformed"});
  lie("{'descr': '<f8', 'descr': '<f8'}", {"'descr'", "twice"});
  lie("{'colour': '<f8'}", {"'colour'", "unknown"});
  lie("{'descr': '<f8', 'fortran_order': Maybe, 'shape': (2, 3)}", {"malformed"});
  lie("{'descr': '<f8', 'fortran_order': False, 'shape': (-2, 3)}", {"malformed"});
  lie("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 4)}", {"64 bytes", "48 follow"});
  lie("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}", {"malformed"});
  lie("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", {"2^63"});
  Bytes version9;
  version9.put_raw(std::string_view("\x93NUMPY\x09\x00", 8)).put_zeros(64);
  expect_npy_refused(ErrorCode::kUnsupported, version9, {"version 9"});
}

}  // namespace
}  // namespace tugline
