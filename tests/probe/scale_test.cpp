// What a push does depends neither on the residual stream's unit nor, at small sizes, on anything but the
// size's square.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "files/build_bytes.h"
#include "probe/tiny_probe.h"
#include "support/expect_error.h"
#include "tugline/probe/unit.h"
#include "tugline/probe/vectors.h"

namespace tugline::test {
namespace {

bool writes_to_residual(std::string_view name) {
  return name.find("embed_tokens") != std::string_view::npos ||
         name.find("o_proj") != std::string_view::npos || name.find("down_proj") != std::string_view::npos;
}

// A copy of the tiny llama whose embedding and whatever adds to the residual stream are 2^k times as large,
// and the norms' eps, 2^eps_exponent at k = 0, 4^k times: its logits are the same for all k.
std::string scaled_llama(const TemporaryFolder& folder, int k, int eps_exponent) {
  nlohmann::json config = read_json(tiny_path("llama") / "config.json");
  config["rms_norm_eps"] = std::ldexp(1.0, eps_exponent + 2 * k);
  const auto tensors = resolve_model(tiny_path("llama").string()).open_tensors();
  nlohmann::json header;
  std::string data;
  for (const std::string& name : tensors->names()) {
    const TensorView& tensor = *tensors->find(name);
    std::vector<float> values(static_cast<size_t>(tensor.elements()));
    dequantise(tensor, 0, values);
    if (writes_to_residual(name))
      for (float& v : values) v = std::ldexp(v, k);
    const size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  const std::string json = header.dump();
  const auto size = static_cast<uint64_t>(json.size());
  std::string file(sizeof(size), ' ');
  std::memcpy(file.data(), &size, sizeof(size));
  file += json + data;
  const auto write = [&](const std::string& name, const std::string& text) {
    (void)folder.write(name, std::as_bytes(std::span(text)));
  };
  write("config.json", config.dump());
  write("model.safetensors", file);
  return folder.path().string();
}

struct Arithmetic {
  const char* name;
  std::function<std::unique_ptr<Backend>()> make;
};
const std::vector<Arithmetic> kArithmetics{
    {"reference", [] { return make_reference_backend(); }},
    {"f32", [] { return make_cpu_backend(); }},
    {"bf16", [] {
       return make_cpu_backend({.precision = Precision::kBf16, .bf16_products = Bf16Products::kEmulated});
     }}};

// The responses of two pushes of size epsilon at every layer.
std::vector<RowResponse> responses_of(const std::string& model, Backend& backend, double epsilon) {
  const Model loaded = load_tiny(model, backend);
  const std::vector<int32_t> ids{3, 41, 5, 90, 17, 17, 0, 95, 62, 8, 33, 54, 2};
  const std::vector<LayerIndex> layers{{0}, {1}, {2}};
  const Baseline baseline(loaded, ids, layers, Hook::kResidPost);
  const SpanBase base = read_span(loaded, baseline, {5, 9}, ReadoutKind::kPredicting, {0});
  std::vector<RowResponse> all;
  for (const LayerIndex layer : layers) {
    const auto residual = backend.download(baseline.residual(layer).rows(base.rows.push.value, 1));
    const double unit = rms(residual);
    std::vector<double> vectors;
    for (int i = 0; i < 2; ++i)
      for (const double v :
           isotropic_direction({.seed = 7, .example_hash = 1, .span = {1, 2}, .layer = layer, .direction = i},
                               loaded.config().hidden_size))
        vectors.push_back(epsilon * unit * v);
    ReplayWorkspace workspace(loaded, 2, base.rows);
    const auto found = Replay(loaded, baseline, base, layer, workspace).submit(vectors)->collect();
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

// Powers of two are exact, so that only which sums are f32 and which f64 can differ: rounding, 1e-5 of a KL.
TEST(Scale, TheResidualStreamsUnitChangesNothing) {
  for (const Arithmetic& arithmetic : kArithmetics) {
    const auto backend = arithmetic.make();
    for (const double epsilon : {1e-6, 1.0}) {
      for (const int k : {-40, -20, -3, 3, 20, 40}) {
        const TemporaryFolder plain;
        const TemporaryFolder folder;
        const int eps_exponent =
            k < 0 ? -20 : -90;  // both eps lie between f32's smallest normal number and 1
        const auto expected = responses_of(scaled_llama(plain, 0, eps_exponent), *backend, epsilon);
        const auto found = responses_of(scaled_llama(folder, k, eps_exponent), *backend, epsilon);
        for (size_t r = 0; r < found.size(); ++r) {
          const std::string what = fmt::format("{} 2^{} epsilon {} row {}", arithmetic.name, k, epsilon, r);
          EXPECT_NEAR(found[r].kl, expected[r].kl, 1e-5 * expected[r].kl) << what;
          EXPECT_NEAR(found[r].kl_reverse, expected[r].kl_reverse, 1e-5 * expected[r].kl_reverse) << what;
          EXPECT_NEAR(found[r].js, expected[r].js, 1e-5 * expected[r].js) << what;
          EXPECT_NEAR(found[r].total_variation, expected[r].total_variation,
                      1e-5 * expected[r].total_variation)
              << what;
          EXPECT_EQ(found[r].top1_flip, expected[r].top1_flip) << what;
        }
      }
    }
  }
}

// KL / epsilon^2 is constant to epsilon, down to what the arithmetic's range holds: 1e-20 in f32
// (kSmallestPush), 1e-150 in f64.
TEST(Scale, TinyPushesAreQuadratic) {
  for (const Arithmetic& arithmetic : kArithmetics) {
    const auto backend = arithmetic.make();
    const auto expected = responses_of("llama", *backend, 1e-5);
    const bool exact = backend->precision() == Precision::kF64;
    for (const double epsilon : exact ? std::vector<double>{1e-8, 1e-50, 1e-100, 1e-150}
                                      : std::vector<double>{1e-8, 1e-12, 1e-16, 1e-20}) {
      const auto found = responses_of("llama", *backend, epsilon);
      // bf16 rounds the push's digits, and those of other sizes are others.
      const double bound = backend->precision() == Precision::kBf16 ? 5e-2 : 1e-3;
      for (size_t r = 0; r < found.size(); ++r) {
        const double curvature = expected[r].kl / 1e-10;
        EXPECT_NEAR(found[r].kl / epsilon / epsilon, curvature, bound * curvature)
            << arithmetic.name << " epsilon " << epsilon << " row " << r;
        EXPECT_NEAR(found[r].kl_reverse / epsilon / epsilon, curvature, bound * curvature)
            << arithmetic.name << " epsilon " << epsilon << " row " << r;
      }
    }
  }
}

TEST(Scale, APushThatF32CannotFollowIsRefused) {
  const Probe probe("llama", BackendKind::kCpu);
  const SpanBase base = probe.base({5, 9}, ReadoutKind::kPredicting);
  const UnitContext context{.example_hash = 5, .limits = {.memory = int64_t{1} << 30}, .after_batch = {}};
  const auto measure = [&](double epsilon) {
    return measure_unit(probe.model, *probe.baseline, base, {0},
                        {.epsilons = {0, epsilon}, .directions = 1, .seed = 42, .supplied = {}}, context);
  };
  EXPECT_GT(measure(1e-18).responses.back().kl(), 0);
  expect_error(ErrorCode::kInput, {"epsilon 1e-22", "layer 0", "larger"}, [&] { (void)measure(1e-22); });
  expect_error(ErrorCode::kInput, {"epsilon 1e-150"}, [&] { (void)measure(1e-150); });
}

}  // namespace
}  // namespace tugline::test
