// Holds a tokenizer against a golden file: texts with their ids and what they decode to.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tugline/text/tokenizer.h"

namespace tugline {

inline void expect_one_golden(const Tokenizer& tokenizer, const nlohmann::json& golden) {
  const auto text = golden.at("text").get<std::string>();
  SCOPED_TRACE("text: " + text);
  const auto ids = golden.at("ids").get<std::vector<int32_t>>();
  const Encoding encoding = tokenizer.encode(text, BosPolicy::kNever);
  EXPECT_EQ(encoding.ids, ids);
  if (golden.contains("decoded")) {
    EXPECT_EQ(tokenizer.decode(ids), golden.at("decoded").get<std::string>());
  }
  if (!golden.contains("ids_with_special_tokens")) return;
  const auto special = golden.at("ids_with_special_tokens").get<std::vector<int32_t>>();
  EXPECT_EQ(tokenizer.encode(text, BosPolicy::kAuto).ids, special);
  if (!tokenizer.bos_id()) return;
  std::vector<int32_t> with_bos = ids;
  with_bos.insert(with_bos.begin(), tokenizer.bos_id().value());
  EXPECT_EQ(tokenizer.encode(text, BosPolicy::kAlways).ids, with_bos);
}

inline void expect_golden_tokens(const Tokenizer& tokenizer, const std::filesystem::path& file) {
  const auto goldens = nlohmann::json::parse(std::ifstream(file));
  ASSERT_GT(goldens.size(), 0U);
  for (const auto& golden : goldens) expect_one_golden(tokenizer, golden);
}

}  // namespace tugline
