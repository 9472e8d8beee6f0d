// Chunks that come with the data, in place of those that data/chunking cuts.
#pragma once

#include <string_view>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/data/example_fields.h"

namespace tugline {

// The byte ranges within `cot` of the chunks that the field `name` gives: a list of strings, in the text's order, or of
// [begin, end) pairs in characters of `cot`. A string is looked for after the one before it, any white space standing for
// any other; one that is not there has an empty range, so that the others keep their numbers. No value if the field is
// missing. Errors (kInput): another type; a range that is not in the text or begins before the last one ended.
[[nodiscard]] std::optional<std::vector<ByteRange>> read_given_chunks(const ExampleFields& fields,
                                                                      const std::string& name,
                                                                      std::string_view cot);

}  // namespace tugline
