// Responses of the tiny models of tests/fixtures/models against those that make_responses.py computed for
// them in float64: every hook and readout, every token that a push can land on, temperatures, small and large
// pushes, every measure at every row.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <map>
#include <numeric>

#include "support/tiny_models.h"
#include "tugline/files/direction_file.h"
#include "tugline/probe/unit.h"
#include "tugline/probe/vectors.h"

namespace tugline {
namespace {

struct Setup {
  std::string model;
  Precision precision;
};

void PrintTo(const Setup& setup, std::ostream* out) {
  *out << setup.model << " " << name_of(setup.precision);
}

// bf16's products are emulated, so that every machine tests them.
std::unique_ptr<Backend> make_backend(Precision precision) {
  if (precision == Precision::kF64) return make_reference_backend();
  return make_cpu_backend({.precision = precision, .bf16_products = Bf16Products::kEmulated});
}

// llama3's factors are f32 numbers in a GGUF, so its angles differ by some 2^-24 from those of config.json.
bool has_rounded_angles(const Setup& setup) { return setup.model == "llama.gguf"; }

// How wrong the change of a log-probability may be, as a part of the largest at its row. f64: the fixture's
// 10 digits, and the subtraction of values that made it, whose rounding is 1e-15 where the smallest changes
// are 1e-5. f32: some thirty roundings of 2^-24, since each is relative to the difference that is rounded.
// bf16: three layers of six products, whose two factors are rounded to 2^-9 each, are six such roundings if
// they add up as independent errors do, and eight at the worst row.
double change_error(const Setup& setup) {
  if (setup.precision == Precision::kF64) return has_rounded_angles(setup) ? 1e-7 : 5e-10;
  return setup.precision == Precision::kF32 ? 2e-6 : 1.6e-2;
}

// The error of a mean KL over rows and directions, relative. In bf16 these few rows and two directions
// average little of it out.
double mean_error(const Setup& setup) {
  if (setup.precision == Precision::kF64) return has_rounded_angles(setup) ? 1e-6 : 1e-9;
  return setup.precision == Precision::kF32 ? 1e-5 : 3e-2;
}

// One push as the fixture has it: a value of each measure for each row from the push to the transcript's end.
class Expected {
 public:
  explicit Expected(const nlohmann::json& json) : json_(json) {}

  [[nodiscard]] double at(const char* measure, size_t row) const {
    const auto& value = json_.at(measure).at(row);
    return value.is_null() ? 0.0 : value.get<double>();  // delta_logprob at a row without a next token
  }

  // What an error of rho in the changes u = log p - log q, relative to their largest m, comes to, to first
  // order: dp = p (du - E_p[du]). Sum p |u| <= KL + 2 TV, and sum p |log p + H| <= log V, log 96 = 4.6.
  [[nodiscard]] double kl_error(size_t row, double rho) const {
    return 2 * rho * at("largest_move", row) * (at("kl", row) + 2 * at("total_variation", row));
  }
  [[nodiscard]] double reverse_error(size_t row, double rho) const {
    return 2 * rho * at("largest_move", row) * at("total_variation", row);
  }
  [[nodiscard]] double js_error(size_t row, double rho) const {
    return 1.5 * rho * at("largest_move", row) * at("total_variation", row);
  }
  [[nodiscard]] double variation_error(size_t row, double rho) const { return rho * at("largest_move", row); }
  [[nodiscard]] double logprob_error(size_t row, double rho) const {
    return 2 * rho * at("largest_move", row);
  }
  [[nodiscard]] double entropy_error(size_t row, double rho) const {
    return 2 * 4.6 * rho * at("largest_move", row);
  }

 private:
  const nlohmann::json& json_;
};

// Hook, layer, temperature; the head, of z; the tokens that are pushed.
struct Place {
  std::string hook;
  int32_t layer;
  double temperature;
  int32_t head;
  std::string at;
  auto operator<=>(const Place&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Place& place) {
  return out << place.hook << " of head " << place.head << ", layer " << place.layer << ", at " << place.at;
}

Place place_of(const nlohmann::json& response) {
  return {response.at("hook"), response.at("layer"), response.at("temperature"), response.value("head", 0),
          response.value("at", "before")};
}

template <typename Value, size_t n>
Value value_of(const std::array<std::pair<const char*, Value>, n>& values, const std::string& name) {
  for (const auto& [known, value] : values)
    if (name == known) return value;
  throw std::invalid_argument(name);
}

// The first components of each direction, as a unit vector.
UnitRows first_components(UnitRows rows, int64_t width) {
  for (std::vector<double>& row : rows) {
    row.resize(static_cast<size_t>(width));
    scale(row, 1 / norm(row));
  }
  return rows;
}

class FixtureResponses : public testing::TestWithParam<Setup> {
 protected:
  void SetUp() override {
    const std::string& name = GetParam().model;
    const auto folder = test::tiny_path(name.substr(0, name.find('.')));
    golden_ = test::read_json(folder / "responses.json");
    backend_ = make_backend(GetParam().precision);
    model_ = std::make_unique<Model>(test::load_tiny(name, *backend_));
    const std::string file = (folder / "directions.npy").string();
    directions_ = unit_rows(*read_direction_file(file).array, model_->config().hidden_size);
    span_ = {golden_.at("span").at(0), golden_.at("span").at(1)};
    for (const auto& response : golden_.at("responses")) places_[place_of(response)].push_back(&response);
  }

  // Those that a push there does not come after.
  static std::vector<ReadoutKind> readouts_of(const Place& place) {
    if (place.at == "last") return {ReadoutKind::kFollowing, ReadoutKind::kDownstream};
    return {ReadoutKind::kPredicting, ReadoutKind::kFollowing, ReadoutKind::kDownstream};
  }

  // The responses of a place, in the fixture's order: by direction, then epsilon.
  UnitMeasurement measure(const Place& place, ReadoutKind readout) {
    const LayerIndex at{place.layer};
    const SitePoint point{value_of(kHooks, place.hook), place.head};
    const Baseline baseline(*model_, golden_.at("ids").get<std::vector<int32_t>>(), std::span(&at, 1), point);
    const ReplayRows rows =
        replay_rows(span_, readout, baseline.tokens(), {.at = value_of(kPushAts, place.at)});
    const SpanBase base = read_rows(*model_, baseline, rows, at, {.temperature = place.temperature});
    options_.supplied.rows = first_components(directions_, width_at(point, model_->config()));
    options_.directions = options_.supplied.count();
    options_.epsilons.clear();
    for (const auto* response : places_.at(place))
      if (response->at("direction") == 0) options_.epsilons.push_back(response->at("epsilon"));
    return measure_unit(*model_, baseline, base, at, options_,
                        {.limits = {.memory = int64_t{1} << 30}, .after_batch = {}});
  }

  void expect_rows(const UnitMeasurement& unit, const ResponseRecord& found, const Expected& expected) const {
    const double rho = change_error(GetParam());
    const auto near = [&](const char* measure, double value, size_t row, double error) {
      const double truth = expected.at(measure, row);
      // kept_row_value's
      const double rounding = measure == std::string("kl")
                                  ? std::ldexp(std::abs(truth), -24)
                                  : std::min(std::ldexp(std::abs(truth), -17), std::ldexp(1, -20));
      EXPECT_NEAR(value, truth, error + rounding) << measure << " at fixture row " << row;
    };
    for (size_t i = 0; i < unit.rows.size(); ++i) {
      const auto row = fixture_row(unit.rows[i]);
      near("kl", found.rows[kKl][i], row, expected.kl_error(row, rho));
      near("kl_reverse", found.rows[measure_named("kl_reverse")][i], row, expected.reverse_error(row, rho));
      near("js", found.rows[measure_named("js")][i], row, expected.js_error(row, rho));
      near("total_variation", found.rows[measure_named("total_variation")][i], row,
           expected.variation_error(row, rho));
      near("entropy_change", found.rows[measure_named("entropy_change")][i], row,
           expected.entropy_error(row, rho));
      near("delta_logprob", found.rows[measure_named("delta_logprob")][i], row,
           expected.logprob_error(row, rho));
      // The fixture has no tie within f32's errors; bf16's are larger.
      if (GetParam().precision != Precision::kBf16) {
        EXPECT_EQ(found.rows[measure_named("top1_flips")][i], expected.at("top1_flip", row))
            << "at fixture row " << row;
      }
    }
  }

  // The fixture has the rows from the token before the span on.
  [[nodiscard]] size_t fixture_row(int64_t row) const { return static_cast<size_t>(row - span_.begin + 1); }

  nlohmann::json golden_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Model> model_;
  PushOptions options_;
  TokenRange span_;
  UnitRows directions_;
  std::map<Place, std::vector<const nlohmann::json*>> places_;
};

TEST_P(FixtureResponses, EveryMeasureOfEveryRow) {
  for (const auto& [place, goldens] : places_)
    for (const auto readout : readouts_of(place)) {
      const UnitMeasurement unit = measure(place, readout);
      EXPECT_NEAR(unit.rms, goldens.front()->at("rms"), 1e-6 * unit.rms);
      ASSERT_EQ(unit.responses.size(), goldens.size());
      for (size_t i = 0; i < goldens.size(); ++i) {
        SCOPED_TRACE(testing::Message()
                     << place << ", readout " << readout_name(readout) << ", direction "
                     << unit.responses[i].direction << ", epsilon " << unit.responses[i].epsilon);
        ASSERT_EQ(unit.responses[i].epsilon, goldens[i]->at("epsilon"));
        expect_rows(unit, unit.responses[i], Expected(*goldens[i]));
      }
    }
}

// As summaries and figures have it: the mean over the readout's rows and the directions.
TEST_P(FixtureResponses, MeanKl) {
  double worst = 0;
  for (const auto& [place, goldens] : places_)
    for (const auto readout : readouts_of(place)) {
      const UnitMeasurement unit = measure(place, readout);
      std::map<double, std::pair<double, double>> sums;  // by epsilon: found, expected
      for (size_t i = 0; i < goldens.size(); ++i) {
        auto& [found, expected] = sums[unit.responses[i].epsilon];
        found += unit.responses[i].kl();
        for (const int64_t row : unit.rows)
          expected +=
              Expected(*goldens[i]).at("kl", fixture_row(row)) / static_cast<double>(unit.rows.size());
      }
      for (const auto& [epsilon, sum] : sums) {
        EXPECT_NEAR(sum.first, sum.second, mean_error(GetParam()) * sum.second)
            << place << ", readout " << readout_name(readout) << ", epsilon " << epsilon;
        if (sum.second > 0) worst = std::max(worst, std::abs(sum.first / sum.second - 1));
      }
    }
  std::printf("largest relative error of a mean KL: %.2e\n", worst);
}

INSTANTIATE_TEST_SUITE_P(Tiny, FixtureResponses, testing::ValuesIn([] {
                           std::vector<Setup> setups;
                           for (const char* model :
                                {"llama", "llama_biases", "qwen2", "qwen3", "mistral", "olmo2", "gpt_neox",
                                 "gpt_neox_serial", "qwen3_window", "gpt_neox.gguf", "llama.gguf",
                                 "qwen2.gguf", "olmo2.gguf"})
                             for (const auto precision : {Precision::kF64, Precision::kF32, Precision::kBf16})
                               setups.push_back({model, precision});
                           return setups;
                         }()),
                         [](const auto& setup) {
                           std::string name = setup.param.model;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name + "_" + std::string(name_of(setup.param.precision));
                         });

}  // namespace
}  // namespace tugline
