// The little languages of --layers, --epsilons, --ids, --span and --memory-limit.
#include "tugline/cli/number_lists.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tugline/core/error.h"

namespace tugline {
namespace {

std::vector<int32_t> layers(const std::string& text, int64_t num_layers = 28) {
  std::vector<int32_t> values;
  for (const LayerIndex layer : parse_layers(text, num_layers)) values.push_back(layer.value);
  return values;
}

using Layers = std::vector<int32_t>;
using Epsilons = std::vector<double>;

// The error of `parse`, which must be kUsage and name the option.
template <typename Parse>
std::string refusal(const std::string& option, Parse parse) {
  try {
    parse();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kUsage) << e.what();
    EXPECT_EQ(std::string(e.what()).substr(0, option.size()), option);
    return e.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

TEST(Counts, AreOneOrMore) {
  EXPECT_EQ(parse_count("64", "--readout"), 64);
  for (const char* text : {"", "0", "-3", "1.5", "many"})
    EXPECT_THROW((void)parse_count(text, "--readout"), Error) << text;
}

TEST(Layers, NamesNumbersAndRanges) {
  EXPECT_EQ(layers("last"), Layers{27});
  EXPECT_EQ(layers("all", 3), (Layers{0, 1, 2}));
  EXPECT_EQ(layers("22,20"), (Layers{20, 22}));
  EXPECT_EQ(layers("20:24"), (Layers{20, 21, 22, 23}));
  EXPECT_EQ(layers("-1"), Layers{27});
  EXPECT_EQ(layers("-28"), Layers{0});
  EXPECT_EQ(layers("25:28"), (Layers{25, 26, 27}));
  EXPECT_EQ(layers("-3:-1"), (Layers{25, 26}));
  EXPECT_EQ(layers("3,1:4,last,-1"), (Layers{1, 2, 3, 27}));
  EXPECT_EQ(layers("-3:"), (Layers{25, 26, 27}));
  EXPECT_EQ(layers(":2"), (Layers{0, 1}));
  EXPECT_EQ(layers("0:28:9"), (Layers{0, 9, 18, 27}));
  EXPECT_EQ(layers("20::4"), (Layers{20, 24}));
  EXPECT_EQ(layers(" 0, 1 ,\t4 : 6 "), (Layers{0, 1, 4, 5}));
}

TEST(Layers, WhatIsNoLayerIsRefused) {
  for (const char* text : {"",
                           "28",
                           "-29",
                           "1.5",
                           "two",
                           "1,,2",
                           "1,",
                           "1 2",
                           "+1",
                           "5:5",
                           "5:2",
                           "0:29",
                           "0:4:0",
                           "0:4:-1",
                           "28:",
                           ":0",
                           "0:1:2:3",
                           "0:x",
                           "all:2",
                           "99999999999999999999",
                           "-9223372036854775808",
                           "0x1"}) {
    refusal("--layers", [&] { (void)parse_layers(text, 28); });
  }
  EXPECT_NE(refusal("--layers", [] { (void)parse_layers("30", 28); }).find("0 to 27"), std::string::npos);
}

TEST(Epsilons, ListsKeepTheirOrder) {
  EXPECT_EQ(parse_epsilons("0,0.25,1"), (Epsilons{0, 0.25, 1}));
  EXPECT_EQ(parse_epsilons("2,-1,1e-3"), (Epsilons{2, -1, 0.001}));
  EXPECT_FALSE(std::signbit(parse_epsilons("-0").front()));
  EXPECT_EQ(parse_epsilons("0, 0.25 , 1"), (Epsilons{0, 0.25, 1}));
  EXPECT_EQ(parse_epsilons("0 : 10 : 3"), (Epsilons{0, 5, 10}));
}

TEST(Epsilons, SpacedValuesHoldBothEnds) {
  EXPECT_EQ(parse_epsilons("0:10:5"), (Epsilons{0, 2.5, 5, 7.5, 10}));
  EXPECT_EQ(parse_epsilons("1:-1:3"), (Epsilons{1, 0, -1}));
  EXPECT_EQ(parse_epsilons("2:2:1"), Epsilons{2});
  rc::check("the last is exactly STOP", [] {
    const auto stop = static_cast<double>(*rc::gen::inRange(1, 1'000'000)) / 1000;
    const int count = *rc::gen::inRange(2, 200);
    const Epsilons found = parse_epsilons("0.1:" + std::to_string(stop + 1) + ":" + std::to_string(count));
    RC_ASSERT(found.size() == static_cast<size_t>(count));
    RC_ASSERT(found.front() == 0.1);
    RC_ASSERT(found.back() == std::stod(std::to_string(stop + 1)));
  });
}

TEST(Epsilons, WhatIsNoNumberIsRefused) {
  for (const char* text : {"",
                           "a",
                           "1,b",
                           "1,,2",
                           "nan",
                           "inf",
                           "-inf",
                           "1e999",
                           "1,1",
                           "0,-0",
                           "0:1",
                           "0:1:0",
                           "0:1:-2",
                           "0:1:2.5",
                           "0:1:2:3",
                           "1:1:2",
                           "0:1:1",
                           "0:1:1000000000",
                           "-1e308:1e308:3",
                           "0x1p0",
                           "1 2"}) {
    refusal("--epsilons", [&] { (void)parse_epsilons(text); });
  }
}

TEST(Ids, AreIntegersOf32Bits) {
  EXPECT_EQ(parse_ids("1,2,151935"), (std::vector<int32_t>{1, 2, 151935}));
  EXPECT_EQ(parse_ids("1, 2, 3"), (std::vector<int32_t>{1, 2, 3}));
  for (const char* text : {"", "a", "1,,2", "1.0", "2147483648", "1 2", "0x1"})
    refusal("--ids", [&] { (void)parse_ids(text); });
}

TEST(TokenRanges, HoldSomething) {
  EXPECT_EQ(parse_token_range("186:204"), (TokenRange{186, 204}));
  for (const char* text : {"", "3", "3:3", "4:3", "-1:3", "a:b", "1:2:3", ":", "1:"})
    refusal("--span", [&] { (void)parse_token_range(text); });
}

TEST(Shards, AreNumberedFromOne) {
  EXPECT_EQ(parse_shard("2/4"), (Shard{2, 4}));
  EXPECT_TRUE(parse_shard("1/1").is_whole());
  for (const char* text : {"", "2", "0/4", "5/4", "-1/4", "1/0", "x/y", "1/2/3", "/", "1/", "1.0/2"})
    refusal("--shard", [&] { (void)parse_shard(text); });
}

TEST(Seeds, AreOf64BitsAndNeverNegative) {
  EXPECT_EQ(parse_seed("0"), 0U);
  EXPECT_EQ(parse_seed("18446744073709551615"), UINT64_MAX);
  for (const char* text : {"", "-1", "1.5", "x", "18446744073709551616"})
    refusal("--seed", [&] { (void)parse_seed(text); });
}

TEST(Bytes, TakeBinaryUnits) {
  EXPECT_EQ(parse_bytes("4GiB"), int64_t{4} << 30);
  EXPECT_EQ(parse_bytes("512MiB"), int64_t{512} << 20);
  EXPECT_EQ(parse_bytes("3KiB"), 3 * 1024);
  EXPECT_EQ(parse_bytes("1000000"), 1'000'000);
  for (const char* text :
       {"", "GiB", "4GB", "4 GiB", "-1", "0", "1.5GiB", "99999999999GiB", "99999999999999999999"})
    refusal("--memory-limit", [&] { (void)parse_bytes(text); });
}

}  // namespace
}  // namespace tugline
