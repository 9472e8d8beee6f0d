// What a user of the library writes first: includes it, draws a random number, catches its exception.
#include <vector>

#include "every_header.h"

int main() {
  std::vector<double> normals(4);
  tugline::fill_normals({42, 7}, normals);
  try {
    tugline::fail(tugline::ErrorCode::kInput, "expected {}", 1);
  } catch (const tugline::Error& error) {
    return normals[0] != 0 && error.code() == tugline::ErrorCode::kInput ? 0 : 1;
  }
}
