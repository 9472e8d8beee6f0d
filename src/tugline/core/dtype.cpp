#include "tugline/core/dtype.h"

#include <array>
#include <cstddef>

namespace tugline {
namespace {

struct Row {
  std::string_view name;
  BlockShape block;
};

// Indexed by DType. K-quants hold 256 values in super-blocks with 6-bit scales.
constexpr std::array<Row, 16> kRows{{{"F64", {1, 8}},
                                     {"F32", {1, 4}},
                                     {"F16", {1, 2}},
                                     {"BF16", {1, 2}},
                                     {"Q8_0", {32, 34}},
                                     {"Q4_0", {32, 18}},
                                     {"Q4_1", {32, 20}},
                                     {"Q5_0", {32, 22}},
                                     {"Q5_1", {32, 24}},
                                     {"Q2_K", {256, 84}},
                                     {"Q3_K", {256, 110}},
                                     {"Q4_K", {256, 144}},
                                     {"Q5_K", {256, 176}},
                                     {"Q6_K", {256, 210}},
                                     {"IQ4_NL", {32, 18}},
                                     {"IQ4_XS", {256, 136}}}};

}  // namespace

BlockShape block_shape(DType dtype) { return kRows[static_cast<size_t>(dtype)].block; }

std::string_view name_of(DType dtype) { return kRows[static_cast<size_t>(dtype)].name; }

}  // namespace tugline
