// tugline in a program of one's own: pushes before a sentence and prints how far the next-token distributions
// move.
//
//   embed MODEL TEXT SENTENCE [LAYER]
#include <tugline/language_model.h>

#include <cstdio>
#include <cstdlib>

namespace {

void print(const tugline::Responses& responses) {
  const auto kl = responses.means("kl");  // [layers, directions, epsilons]
  const auto directions = static_cast<size_t>(responses.directions());
  const size_t epsilons = responses.epsilons().size();
  for (size_t layer = 0; layer < responses.layers().size(); ++layer) {
    for (size_t e = 0; e < epsilons; ++e) {
      double sum = 0;
      for (size_t d = 0; d < directions; ++d) sum += kl[(layer * directions + d) * epsilons + e];
      std::printf("layer %d, epsilon %g: mean KL %.6g nats\n",
                  static_cast<int>(responses.layers()[layer].layer), responses.epsilons()[e],
                  sum / static_cast<double>(directions));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "embed MODEL TEXT SENTENCE [LAYER]\n");
    return 2;
  }
  try {
    const auto model = tugline::LanguageModel::load(argv[1]);
    const tugline::Trace trace = model.transcript(argv[2]).trace(argv[3]);
    print(trace.tug({.layers = {argc > 4 ? std::atoi(argv[4]) : -1}, .epsilons = {0, 1, 2}}));
  } catch (const tugline::Error& error) {
    std::fprintf(stderr, "embed: %s\n", error.what());
    return 2;
  }
}
