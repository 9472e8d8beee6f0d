#include "tugline/probe/sinks.h"

#include <algorithm>

namespace tugline {

double median_size(std::vector<double> sizes) {
  std::sort(sizes.begin(), sizes.end());
  const size_t middle = sizes.size() / 2;
  return sizes.size() % 2 == 1 ? sizes[middle] : (sizes[middle - 1] + sizes[middle]) / 2;
}

std::vector<bool> sink_tokens(std::span<const double> sizes) {
  if (sizes.empty()) return {};
  const double limit = kSinkNorm * median_size({sizes.begin(), sizes.end()});
  std::vector<bool> sinks(sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) sinks[i] = i == 0 || sizes[i] > limit;
  return sinks;
}

}  // namespace tugline
