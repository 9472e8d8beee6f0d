#include "tugline/files/direction_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <limits>

#include "files/build_bytes.h"
#include "support/expect_error.h"
#include "tugline/files/mapped_file.h"
#include "tugline/files/npy.h"
#include "tugline/files/zip_file.h"

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

DirectionArray only_array(const std::string& argument) { return read_direction_file(argument).array.value(); }

void expect_refused(ErrorCode code, const std::string& argument, const std::vector<std::string>& parts) {
  SCOPED_TRACE(argument);
  expect_error(code, parts, [&] { static_cast<void>(read_direction_file(argument)); });
}

// Every value is exact in half precision.
TEST(DirectionFile, ReadsWhatNumpyWrote) {
  for (const char* name : {"f64.npy", "version2.npy", "version3.npy", "fortran.npy", "big_endian.npy",
                           "f16.npy", "f16_big_endian_fortran.npy"}) {
    const DirectionArray array = only_array(fixture(name));
    EXPECT_EQ(array.rows, 2) << name;
    EXPECT_EQ(array.columns, 3) << name;
    EXPECT_EQ(array.values, kValues) << name;
  }
  const DirectionArray row = only_array(fixture("f32_one_row.npy"));
  EXPECT_EQ(row.rows, 1);
  EXPECT_EQ(row.columns, 3);
  EXPECT_EQ(row.values, (std::vector<double>{-2.5, -1.5, -0.5}));
}

TEST(DirectionFile, RefusesOtherTypesByName) {
  expect_refused(ErrorCode::kUnsupported, fixture("int64.npy"), {"int64.npy", "'<i8'", "16, 32 or 64 bits"});
  expect_refused(ErrorCode::kUnsupported, fixture("structured.npy"), {"structured.npy", "('a', '<f4')"});
}

TEST(DirectionFile, TakesAnArrayByName) {
  const std::string file = fixture("small.safetensors");
  for (const char* name : {"f64", "f32", "f16", "bf16"})
    EXPECT_EQ(only_array(file + ":" + name).values, kValues) << name;
  expect_refused(ErrorCode::kUsage, file, {"5 arrays", "bf16, empty", ":NAME"});
  expect_refused(ErrorCode::kNotFound, file + ":nope", {"'nope'", "bf16, empty"});
  expect_refused(ErrorCode::kInput, file + ":scalar", {"scalar", "0 dimensions"});
  expect_refused(ErrorCode::kInput, file + ":empty", {"empty", "is empty"});
}

TEST(DirectionFile, OneTensorNeedsNoName) {
  const TemporaryFolder folder;
  const auto bytes = safetensors_bytes(R"({"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
  EXPECT_EQ(only_array(folder.write("one.safetensors", bytes.span())).columns, 2);
  EXPECT_EQ(only_array(folder.write("odd.safetensors:x.safetensors", bytes.span())).columns, 2);
  expect_refused(ErrorCode::kUsage, folder.write("a.safetensors:v", bytes.span()), {".npy"});
  expect_refused(ErrorCode::kUsage, "a.csv", {".npy"});
  expect_refused(ErrorCode::kNotFound, "no.npy", {"no.npy"});
}

// Integers beside the directions do not matter, unless they are asked for.
TEST(DirectionFile, LeavesTensorsOfOtherTypesAlone) {
  const TemporaryFolder folder;
  const auto bytes = safetensors_bytes(
      R"({"layer":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"v":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})",
      16);
  const std::string file = folder.write("v.safetensors", bytes.span());
  EXPECT_EQ(only_array(file).name, file + ":v");
  expect_refused(ErrorCode::kUnsupported, file + ":layer",
                 {"v.safetensors:layer", "'I64'", "16, 32 or 64 bits"});
}

// What is no array of floating-point numbers does not matter: here integers and text.
TEST(DirectionFile, ReadsArchivesOfArrays) {
  const std::string file = fixture("one_of_floats.npz");
  EXPECT_EQ(only_array(file).values, kValues);
  EXPECT_EQ(only_array(file).name, file + ":v");
  EXPECT_EQ(only_array(file + ":v").rows, 2);
  expect_refused(ErrorCode::kUnsupported, file + ":ids", {":ids", "'<i8'"});
  expect_refused(ErrorCode::kNotFound, file + ":w", {"'w'", "v, ids, names"});
}

// Deflated; each layer has its own array, in the order of the layers' numbers.
TEST(DirectionFile, GivesAnArrayForEachLayer) {
  const std::string path = fixture("by_layer.npz");
  for (const std::string& argument : {path, path + ":global"}) {
    const DirectionFile file = read_direction_file(argument);
    EXPECT_FALSE(file.array);
    ASSERT_EQ(file.by_layer.size(), 2U);
    EXPECT_EQ(file.by_layer.at(2).values, (std::vector<double>{-2.5, -1.5, -0.5}));
    EXPECT_EQ(file.by_layer.at(10).values, (std::vector<double>{0.5, 1.5, 2.5}));
    EXPECT_EQ(file.by_layer.at(10).name, path + ":global.layer10");
  }
  EXPECT_EQ(only_array(path + ":global.layer2").rows, 1);
  expect_refused(ErrorCode::kNotFound, path + ":chunk", {"'chunk'", "global.layer2"});
  expect_error(ErrorCode::kUsage, {"each of several layers", ":global.layer2"},
               [&] { static_cast<void>(read_single_direction_array(path)); });
}

TEST(DirectionFile, KnowsTheNamesThatSayALayer) {
  const auto expect = [](const char* array, const char* kind, int64_t layer) {
    const auto name = layer_name_of(array);
    ASSERT_TRUE(name) << array;
    EXPECT_EQ(name->kind, kind);
    EXPECT_EQ(name->layer, layer);
  };
  expect("global.layer20", "global", 20);
  expect("direction.7", "direction", 7);
  expect("a.b.layer0", "a.b", 0);
  for (const char* array :
       {"v", "layer3", "global.20", "direction.x", "direction.-1", "global.layer", "global.layer1x", ""})
    EXPECT_FALSE(layer_name_of(array)) << array;
}

TEST(DirectionFile, SaysWhatItsMetadataSay) {
  const TemporaryFolder folder;
  const auto bytes = safetensors_bytes(
      R"({"__metadata__":{"hook":"resid_mid"},"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
  EXPECT_EQ(read_direction_file(folder.write("v.safetensors", bytes.span())).metadata.at("hook"),
            "resid_mid");
}

// What Python alone can read is refused with the Python that converts it.
TEST(DirectionFile, RefusesPicklesWithWhatConvertsThem) {
  const TemporaryFolder folder;
  const Bytes bytes = Bytes().put_raw("PK pickled");
  for (const char* name : {"v.pt", "v.pth", "v.bin", "v.pkl"})
    expect_refused(ErrorCode::kUnsupported, folder.write(name, bytes.span()),
                   {name, "pickle", "import numpy, torch\n", "numpy.save(\"", "v.npy\", torch.load(\""});
}

// Tensors by name, of which one is said; quantised ones are no directions, and do not matter beside one that
// is.
TEST(DirectionFile, ReadsTensorsOfGgufFiles) {
  const std::string file = fixture("small.gguf");
  for (const std::string& argument : {file, file + ":w"}) {
    const DirectionArray array = only_array(argument);
    EXPECT_EQ(array.rows, 2);
    EXPECT_EQ(array.columns, 3);
    EXPECT_EQ(array.values, std::vector<double>(6));
  }
  expect_refused(ErrorCode::kUnsupported, file + ":q", {":q", "Q4_1"});
  expect_refused(ErrorCode::kNotFound, file + ":direction.1", {"'direction.1'", "q, w"});
}

TEST(DirectionFile, RefusesWhatIsNotFinite) {
  const TemporaryFolder folder;
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    std::vector<double> values = kValues;
    values[4] = bad;
    const auto file = folder.write("bad.npy", npy_bytes(kHeader, values).span());
    expect_refused(ErrorCode::kInput, file, {"bad.npy", "row 1", "column 1"});
  }
}

// Each byte of the archive counts: its members' checksums and lengths see what its structure does not.
TEST(DirectionFile, EveryTruncationAndDamageOfAnArchiveIsSurvived) {
  const MappedFile whole = MappedFile::open(fixture("by_layer.npz"));
  const auto read = [](std::span<const std::byte> bytes) {
    for (const ZipMember& member : read_zip_directory(bytes, "cut")) (void)unzipped(member, "cut");
  };
  expect_every_truncation_fails(whole.bytes(), read);
  expect_every_damage_is_survived(whole.bytes(), read);
}

// An archive whose directory has the same member `times`, under other names.
Bytes repeated_member(int times) {
  const std::string content(1000, 'x');
  Bytes bytes;
  bytes.put<uint32_t>(0x04034b50)
      .put_zeros(22)
      .put<uint16_t>(1)
      .put<uint16_t>(0)
      .put_raw("a")
      .put_raw(content);
  const size_t directory = bytes.size();
  for (int i = 0; i < times; ++i) {
    bytes.put<uint32_t>(0x02014b50).put_zeros(16).put<uint32_t>(1000).put<uint32_t>(1000);
    bytes.put<uint16_t>(1).put_zeros(16);  // where the member is: at the beginning
    bytes.put(static_cast<char>('a' + i));
  }
  bytes.put<uint32_t>(0x06054b50).put_zeros(6).put(static_cast<uint16_t>(times)).put_zeros(4);
  return std::move(bytes.put(static_cast<uint32_t>(directory)).put<uint16_t>(0));
}

// Many members of the same bytes would unpack to many times what the file can hold.
TEST(DirectionFile, RefusesMembersThatOverlap) {
  EXPECT_EQ(read_zip_directory(repeated_member(1).span(), "once").size(), 1U);
  expect_error(ErrorCode::kInput, {"often", "overlap"},
               [] { (void)read_zip_directory(repeated_member(9).span(), "often"); });
}

// A member of 1 MB, which is no deflated stream, claims 1 GB.
TEST(DirectionFile, MakesNoRoomForWhatAMemberClaims) {
  const std::string content(1 << 20, '\xff');
  const ZipMember member{
      .name = "a", .method = 8, .size = 1 << 30, .content = std::as_bytes(std::span(content))};
  const auto most_kilobytes = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  const auto before = most_kilobytes();
  expect_error(ErrorCode::kInput, {"liar", "size that it claims"}, [&] { (void)unzipped(member, "liar"); });
  EXPECT_LT(most_kilobytes() - before, 100'000);
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
