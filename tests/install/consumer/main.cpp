// What a user of the library relies on: numbers come out, and what goes wrong is caught as tugline::Error,
// across a shared library too.
#include <tugline/divergence.h>
#include <tugline/run.h>

#include <cmath>
#include <vector>

int main() {
  const std::vector<double> p{1, 0};
  const std::vector<double> q{0, 0};
  if (std::abs(tugline::kl(p, q, 2).at(0) - 0.1109438) > 1e-6) return 1;
  try {
    (void)tugline::Run::open("there is no such store.db");
  } catch (const tugline::Error& error) {
    return error.code() == tugline::ErrorCode::kNotFound ? 0 : 2;
  }
  return 3;
}
