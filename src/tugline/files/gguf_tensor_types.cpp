#include "tugline/files/gguf_tensor_types.h"

#include <algorithm>
#include <array>

namespace tugline {
namespace {

struct TensorType {
  uint32_t number;
  std::string_view name;
  std::optional<DType> dtype;
};

// Numbers that are missing here were withdrawn or never assigned.
constexpr std::array kTypes{
    TensorType{0, "F32", DType::kF32},        TensorType{1, "F16", DType::kF16},
    TensorType{2, "Q4_0", DType::kQ4_0},      TensorType{3, "Q4_1", DType::kQ4_1},
    TensorType{6, "Q5_0", DType::kQ5_0},      TensorType{7, "Q5_1", DType::kQ5_1},
    TensorType{8, "Q8_0", DType::kQ8_0},      TensorType{9, "Q8_1", std::nullopt},
    TensorType{10, "Q2_K", DType::kQ2_K},     TensorType{11, "Q3_K", DType::kQ3_K},
    TensorType{12, "Q4_K", DType::kQ4_K},     TensorType{13, "Q5_K", DType::kQ5_K},
    TensorType{14, "Q6_K", DType::kQ6_K},     TensorType{15, "Q8_K", std::nullopt},
    TensorType{16, "IQ2_XXS", std::nullopt},  TensorType{17, "IQ2_XS", std::nullopt},
    TensorType{18, "IQ3_XXS", std::nullopt},  TensorType{19, "IQ1_S", std::nullopt},
    TensorType{20, "IQ4_NL", DType::kIQ4_NL}, TensorType{21, "IQ3_S", std::nullopt},
    TensorType{22, "IQ2_S", std::nullopt},    TensorType{23, "IQ4_XS", DType::kIQ4_XS},
    TensorType{24, "I8", std::nullopt},       TensorType{25, "I16", std::nullopt},
    TensorType{26, "I32", std::nullopt},      TensorType{27, "I64", std::nullopt},
    TensorType{28, "F64", DType::kF64},       TensorType{29, "IQ1_M", std::nullopt},
    TensorType{30, "BF16", DType::kBF16},     TensorType{34, "TQ1_0", std::nullopt},
    TensorType{35, "TQ2_0", std::nullopt},    TensorType{39, "MXFP4", std::nullopt},
    TensorType{40, "NVFP4", std::nullopt},    TensorType{41, "Q1_0", std::nullopt}};

const TensorType* find_type(uint32_t number) {
  const auto found = std::ranges::find(kTypes, number, &TensorType::number);
  return found == kTypes.end() ? nullptr : &*found;
}

}  // namespace

std::optional<DType> dtype_of_ggml(uint32_t type) {
  const TensorType* found = find_type(type);
  return found == nullptr ? std::nullopt : found->dtype;
}

std::string_view name_of_ggml(uint32_t type) {
  const TensorType* found = find_type(type);
  return found == nullptr ? "unknown" : found->name;
}

std::string readable_ggml_types() {
  std::string names;
  for (const TensorType& type : kTypes) {
    if (!type.dtype) continue;
    names += names.empty() ? "" : ", ";
    names += type.name;
  }
  return names;
}

}  // namespace tugline
