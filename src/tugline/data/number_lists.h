// Finds the metrics among the fields of an example: lists of numbers with one value for each chunk.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tugline/data/example_fields.h"

namespace tugline {

struct ChunkNumbers {
  std::map<std::string, NumberList> metrics;  // by name; each has one value for each chunk
  std::vector<std::string> doubts;       // one clause for each required list that does not count the chunks
  std::map<std::string, size_t> others;  // other lists of numbers that do not count the chunks: field, length
};

// Fields named in `required` must be lists of numbers if they are there, one for each of `chunks`. Any other
// list of numbers is a metric if it has one value for each chunk, unless its field is in `known`. Errors
// (kInput): a required field of another type.
[[nodiscard]] ChunkNumbers read_chunk_numbers(const ExampleFields& fields,
                                              const std::vector<std::string>& required,
                                              const std::set<std::string>& known, size_t chunks);

}  // namespace tugline
