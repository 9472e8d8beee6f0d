// A row's number is like that of the push before, which has the next lower epsilon: the differences of their
// bits leave the first byte of most numbers the same, and deflate makes a stream of first bytes small. Of 24
// bytes of f32 in a row of SmolLM2 that leaves 13.
#include "tugline/store/number_packing.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "tugline/core/deflate.h"

namespace tugline {
namespace {

constexpr int kDeflateLevel = 6;
// A stream that makes more of itself than this is not used, so that a crafted store cannot make a small file
// fill the memory.
constexpr size_t kMostExpansion = 8;

// A list's columns are a token and its change by turns.
bool is_token(RowType type, size_t column) { return type == RowType::kTokens && column % 2 == 0; }

template <typename Word>
Word word_of(double number, bool is_token) {
  if constexpr (sizeof(Word) == 8) {
    return std::bit_cast<Word>(number);
  } else {
    if (is_token) return static_cast<Word>(static_cast<int32_t>(number));
    return std::bit_cast<Word>(static_cast<float>(number));
  }
}

double number_of(uint64_t word, bool) { return std::bit_cast<double>(word); }
double number_of(uint32_t word, bool is_token) {
  if (is_token) return static_cast<int32_t>(word);
  return std::bit_cast<float>(word);
}

// [rows, columns] by column.
std::vector<double> transposed(std::span<const double> numbers, size_t rows, size_t columns) {
  std::vector<double> turned(numbers.size());
  for (size_t row = 0; row < rows; ++row)
    for (size_t column = 0; column < columns; ++column)
      turned[column * rows + row] = numbers[row * columns + column];
  return turned;
}

// The lowest bytes of all words, then the next, and so on; each word less the one before it.
template <typename Word>
std::vector<std::byte> planes_of(std::span<const double> numbers, size_t pushes, RowType type) {
  std::vector<std::byte> planes(numbers.size() * sizeof(Word));
  Word before = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const Word word = word_of<Word>(numbers[i], is_token(type, i / pushes));
    const Word difference = word - before;
    before = word;
    for (size_t k = 0; k < sizeof(Word); ++k)
      planes[k * numbers.size() + i] = static_cast<std::byte>((difference >> (8 * k)) & 0xff);
  }
  return planes;
}

template <typename Word>
std::vector<double> numbers_of(std::span<const std::byte> planes, size_t pushes, RowType type) {
  std::vector<double> numbers(planes.size() / sizeof(Word));
  Word word = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    for (size_t k = 0; k < sizeof(Word); ++k)
      word += static_cast<Word>(planes[k * numbers.size() + i]) << (8 * k);
    numbers[i] = number_of(word, is_token(type, i / pushes));
  }
  return numbers;
}

// The first of eight flags is a byte's highest bit.
std::vector<std::byte> bits_of(std::span<const double> flags) {
  std::vector<std::byte> bytes((flags.size() + 7) / 8);
  for (size_t i = 0; i < flags.size(); ++i)
    if (flags[i] != 0) bytes[i / 8] |= std::byte{0x80} >> (i % 8);
  return bytes;
}

std::vector<double> flags_of(std::span<const std::byte> bytes, size_t count) {
  std::vector<double> flags(count);
  for (size_t i = 0; i < count; ++i)
    flags[i] = flag((bytes[i / 8] & std::byte{0x80} >> (i % 8)) != std::byte{});
  return flags;
}

}  // namespace

PackedNumbers packed_numbers(std::span<const double> numbers, size_t pushes, RowType type) {
  const std::vector<double> turned = transposed(numbers, pushes, numbers.size() / pushes);
  if (type == RowType::kFlag) return {.bits = 1, .bytes = bits_of(turned)};
  const bool is_narrow = type == RowType::kTokens || std::all_of(numbers.begin(), numbers.end(), is_f32);
  PackedNumbers packed{.bits = is_narrow ? 32 : 64,
                       .bytes = is_narrow ? planes_of<uint32_t>(turned, pushes, type)
                                          : planes_of<uint64_t>(turned, pushes, type)};
  std::vector<std::byte> small = deflated(packed.bytes, kDeflateLevel);
  if (small.size() < packed.bytes.size() && packed.bytes.size() <= kMostExpansion * small.size()) {
    packed.is_deflated = true;
    packed.bytes = std::move(small);
  }
  return packed;
}

std::optional<std::vector<double>> unpacked_numbers(const PackedNumbers& packed, size_t pushes, size_t rows,
                                                    RowType type) {
  const size_t values = pushes * rows;
  const auto by_push = [&](std::span<const double> turned) {
    return transposed(turned, turned.size() / pushes, pushes);
  };
  if (type == RowType::kFlag) {
    if (packed.bits != 1 || packed.is_deflated || packed.bytes.size() != (values + 7) / 8)
      return std::nullopt;
    return by_push(flags_of(packed.bytes, values));
  }
  const bool is_wide = packed.bits == 64 && type != RowType::kTokens;
  if (!is_wide && packed.bits != 32) return std::nullopt;
  std::optional<std::vector<std::byte>> inflated_planes;
  if (packed.is_deflated) {
    inflated_planes = inflated(packed.bytes, kMostExpansion * packed.bytes.size(), DeflateFrame::kZlib);
    if (!inflated_planes) return std::nullopt;
  }
  const std::span<const std::byte> planes = inflated_planes ? *inflated_planes : packed.bytes;
  const size_t all = values * static_cast<size_t>(packed.bits / 8);
  const bool is_list = type == RowType::kTokens;
  if (is_list ? all == 0 || planes.size() % (2 * all) != 0 : planes.size() != all) return std::nullopt;
  return by_push(is_wide ? numbers_of<uint64_t>(planes, pushes, type)
                         : numbers_of<uint32_t>(planes, pushes, type));
}

}  // namespace tugline
