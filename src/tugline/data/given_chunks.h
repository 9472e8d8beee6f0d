// Reads the chunks that a dataset brings, in place of those that data/chunking cuts.
#pragma once

#include <string_view>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/data/example_fields.h"

namespace tugline {

// Returns the byte ranges within `cot` of the chunks in field `name`; no value if the field is missing. The
// field is a list of strings in the text's order, or of [begin, end) pairs in characters of `cot`. Each
// string is looked for after the one before it, with any white space for white space. A string that is not
// found has an empty range, so that the others keep their numbers. Errors (kInput): another type; a range
// that is not in the text, or begins before the last one ended.
[[nodiscard]] std::optional<std::vector<ByteRange>> read_given_chunks(const ExampleFields& fields,
                                                                      const std::string& name,
                                                                      std::string_view cot);

}  // namespace tugline
