// Parses the values of --layers, --epsilons, --ids, --span, --shard, --memory-limit and --seed. Errors are
// kUsage and name the option.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/store/records.h"

namespace tugline {

// Lists may have spaces around their parts.

// "last", "all", "20,22", "20:24" (20 to 23: ranges are half-open, and either end may be left out), "0:30:3"
// (every third), "-1" (from the end), and lists of these. Ascending, without repetitions. Errors: a layer
// that the model does not have.
[[nodiscard]] std::vector<LayerIndex> parse_layers(const std::string& text, int64_t num_layers);

// "0,0.25,1", or START:STOP:COUNT: COUNT evenly spaced values with both ends. Errors: a value that is not
// finite or given twice; no value.
[[nodiscard]] std::vector<double> parse_epsilons(const std::string& text);

// "1,2,3". Errors: a value that is not an integer of 32 bits; no value.
[[nodiscard]] std::vector<int32_t> parse_ids(const std::string& text);

// "B:E". Errors: not two integers, B < 0, E <= B.
[[nodiscard]] TokenRange parse_token_range(const std::string& text);

// "64", at least 1; `option` is for messages.
[[nodiscard]] int64_t parse_count(const std::string& text, const std::string& option);

// "2/4". Errors: not two integers I/N with 1 <= I <= N.
[[nodiscard]] Shard parse_shard(const std::string& text);

// "42". Errors: not an integer from 0 to 2^64 - 1. (A negative number would otherwise wrap silently.)
[[nodiscard]] uint64_t parse_seed(const std::string& text);

// "4GiB", "512MiB", "1000000" (bytes).
[[nodiscard]] int64_t parse_bytes(const std::string& text);

}  // namespace tugline
